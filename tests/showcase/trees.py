"""Trees of categories by treebeard and django-mptt, where these are installed; products of their leaves."""

from importlib.util import find_spec

from django.db import models

from xsearch.models import EmbeddedModel

HAS_TREEBEARD = find_spec("treebeard") is not None
HAS_MPTT = find_spec("mptt") is not None

if HAS_TREEBEARD:
    from treebeard.al_tree import AL_Node
    from treebeard.mp_tree import MP_Node
    from treebeard.ns_tree import NS_Node

    class PathNode(MP_Node):
        name = models.CharField(max_length=50)
        node_order_by = ["name"]

        def __str__(self):
            return " > ".join([*(each.name for each in self.get_ancestors()), self.name])

    class IntervalNode(NS_Node):
        name = models.CharField(max_length=50)
        node_order_by = ["name"]

        def __str__(self):
            return " > ".join([*(each.name for each in self.get_ancestors()), self.name])

    class ListNode(AL_Node):
        name = models.CharField(max_length=50)
        parent = models.ForeignKey("self", related_name="below", null=True, db_index=True, on_delete=models.CASCADE)
        node_order_by = ["name"]

        def __str__(self):
            return " > ".join([*(each.name for each in self.get_ancestors()), self.name])


if HAS_MPTT:
    from mptt.models import MPTTModel, TreeForeignKey

    class PreorderNode(MPTTModel):
        name = models.CharField(max_length=50)
        parent = TreeForeignKey("self", null=True, blank=True, related_name="children", on_delete=models.CASCADE)

        def __str__(self):
            return " > ".join(each.name for each in self.get_ancestors(include_self=True))


class CodedNode(models.Model):
    """Children name their parent by its code."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", to_field="code", null=True, on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.parent} > {self.name}" if self.parent else self.name


class Leaf(EmbeddedModel):
    title = models.CharField(max_length=100)
    coded = models.ForeignKey(CodedNode, null=True, on_delete=models.CASCADE)
    if HAS_TREEBEARD:
        path_node = models.ForeignKey(PathNode, null=True, on_delete=models.CASCADE)
        path_nodes = models.ManyToManyField(PathNode, related_name="all_leaves")
        interval_node = models.ForeignKey(IntervalNode, null=True, on_delete=models.CASCADE)
        list_node = models.ForeignKey(ListNode, null=True, on_delete=models.CASCADE)
    if HAS_MPTT:
        preorder_node = models.ForeignKey(PreorderNode, null=True, on_delete=models.CASCADE)

    def __str__(self):
        return self.title
