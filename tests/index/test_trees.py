"""Trees of categories: a parent includes its children in filters and facets, whatever keeps the tree."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.showcase import trees
from tests.showcase.garments import Department, Garment
from tests.showcase.trees import CodedNode, Leaf
from xsearch.index.registry import get_index
from xsearch.index.trees import tree_of
from xsearch.search.context import SearchContext
from xsearch.search.ranking.facets import count_facet, read_groups_and_facets
from xsearch.search.scope import SearchScope

pytestmark = pytest.mark.django_db


class Kind(NamedTuple):
    """How to make the nodes of a kind of tree, and the relation of products to them."""

    product: Any
    relation: str
    make: Callable[[str, Any], Any]


def _made_by_treebeard(model_name):
    def make(name, parent):
        nodes = getattr(trees, model_name).objects
        if parent is None:
            return nodes.add_root({"name": name})
        return nodes.add_child(nodes.get(pk=parent.pk), {"name": name})

    return make


def _made(model):
    return lambda name, parent: model.objects.create(name=name, parent=parent)


def _coded(name, parent):
    return CodedNode.objects.create(name=name, code=f"c{CodedNode.objects.count()}", parent=parent)


KINDS = {
    "parent": Kind(Garment, "department", _made(Department)),
    "many": Kind(Garment, "departments", _made(Department)),
    "to_field": Kind(Leaf, "coded", _coded),
}
if trees.HAS_TREEBEARD:
    KINDS |= {
        "MP_Node": Kind(Leaf, "path_node", _made_by_treebeard("PathNode")),
        "MP_Node, many": Kind(Leaf, "path_nodes", _made_by_treebeard("PathNode")),
        "NS_Node": Kind(Leaf, "interval_node", _made_by_treebeard("IntervalNode")),
        "AL_Node": Kind(Leaf, "list_node", _made_by_treebeard("ListNode")),
    }
if trees.HAS_MPTT:
    KINDS |= {"mptt": Kind(Leaf, "preorder_node", _made(trees.PreorderNode))}


@pytest.fixture(params=list(KINDS))
def kind(request, use_encoder, register):
    use_encoder()
    found = KINDS[request.param]
    register(found.product, text={"A": ["title"]}, filters=[found.relation], facets=[found.relation])
    return found


def product(kind, title, *nodes):
    many = kind.product._meta.get_field(kind.relation).many_to_many
    made = kind.product.objects.create(title=title, **({} if many else {kind.relation: nodes[0]}))
    if many:
        getattr(made, kind.relation).set(nodes)
    return made


@pytest.fixture
def shop(kind):
    """Make two trees of shelves with products."""
    nodes = {}
    for name, parent in [
        ("Clothes", None), ("Shirts", "Clothes"), ("Polos", "Shirts"), ("Coats", "Clothes"), ("Sale", None),
        ("Shirts on sale", "Sale"),
    ]:  # fmt: skip
        nodes[name] = kind.make(name, nodes.get(parent))
    for title, name in [("a", "Polos"), ("b", "Polos"), ("c", "Shirts"), ("d", "Coats"), ("e", "Shirts on sale")]:
        product(kind, title, nodes[name])
    return nodes


def titles(kind, *values):
    found = get_index(kind.product).filter_queryset(
        kind.product.objects.order_by("title"), {kind.relation: list(values)}
    )
    return "".join(found.values_list("title", flat=True))


def facet(kind):
    index = get_index(kind.product)
    keys = list(kind.product.objects.values_list("pk", flat=True))
    context, scope = SearchContext(index, "default"), SearchScope(kind.product.objects.all(), [], {})
    return count_facet(index, kind.relation, read_groups_and_facets(context, scope, keys, [kind.relation])).values


def test_a_parent_includes_its_children(kind, shop):
    assert titles(kind, shop["Clothes"].pk) == "abcd"
    assert titles(kind, shop["Shirts"].pk) == "abc"
    assert titles(kind, shop["Polos"].pk) == "ab"
    assert titles(kind, shop["Coats"].pk, shop["Sale"].pk) == "de"
    assert titles(kind, "clothes") == "abcd"


def test_a_facet_counts_parents_with_their_children(kind, shop):
    found = [(value.value, value.count, value.parent, value.depth) for value in facet(kind)]
    key = {name: node.pk for name, node in shop.items()}
    assert found == [
        (key["Clothes"], 4, None, 0),
        (key["Shirts"], 3, key["Clothes"], 1),
        (key["Polos"], 2, key["Shirts"], 2),
        (key["Coats"], 1, key["Clothes"], 1),
        (key["Sale"], 1, None, 0),
        (key["Shirts on sale"], 1, key["Sale"], 1),
    ]
    assert [value.label for value in facet(kind)][:3] == ["Clothes", "Clothes > Shirts", "Clothes > Shirts > Polos"]


def test_a_product_on_several_shelves_of_a_parent_counts_once(use_encoder, register):
    use_encoder()
    kind = KINDS["many"]
    register(Garment, text={"A": ["title"]}, filters=["departments"], facets=["departments"])
    top = Department.objects.create(name="Top")
    shelves = [Department.objects.create(name=name, parent=top) for name in "xy"]
    product(kind, "a", *shelves, top)
    assert [(value.label, value.count) for value in facet(kind)] == [("Top", 1), ("Top > x", 1), ("Top > y", 1)]
    assert titles(kind, top.pk) == "a"


def test_names_of_whole_paths_cost_a_few_statements_however_many_there_are(kind):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            assert all(" > " in value.label for value in facet(kind) if value.depth)
        return len(queries)

    top = kind.make("Top", None)
    product(kind, "0", kind.make("first", kind.make("between", top)))
    few = statements()
    for number in range(30):
        product(kind, "1", kind.make(f"below {number}", kind.make(f"shelf {number}", top)))
    assert statements() == few <= 5


def test_rows_that_name_each_other_as_parents_end(use_encoder, register):
    use_encoder()
    kind = KINDS["parent"]
    register(Garment, text={"A": ["title"]}, filters=["department"], facets=["department"])
    one = Department.objects.create(name="One")
    two = Department.objects.create(name="Two", parent=one)
    Department.objects.filter(pk=one.pk).update(parent=two)
    product(kind, "a", two)
    assert titles(kind, one.pk) == "a"


@pytest.mark.parametrize("relation", ["department", "departments"])
def test_a_facet_counts_rows_that_name_each_other_or_themselves(use_encoder, register, monkeypatch, relation):
    monkeypatch.setattr(Department, "__str__", lambda self: self.name)
    use_encoder()
    kind = Kind(Garment, relation, _made(Department))
    register(Garment, text={"A": ["title"]}, filters=[relation], facets=[relation])
    one, own = kind.make("One", None), kind.make("Own", None)
    two, below = kind.make("Two", one), kind.make("Below", own)
    Department.objects.filter(pk=one.pk).update(parent=two)
    Department.objects.filter(pk=own.pk).update(parent=own)
    for title, node in [("a", one), ("b", two), ("c", own), ("d", below)]:
        product(kind, title, node)
    assert [(value.label, value.count, value.parent, value.depth) for value in facet(kind)] == [
        ("One", 2, None, 0), ("Own", 2, None, 0), ("Below", 1, own.pk, 1), ("Two", 2, None, 0),
    ]  # fmt: skip
    assert [titles(kind, node.pk) for node in (one, two, own, below)] == ["ab", "ab", "cd", "d"]


def test_which_models_are_trees():
    assert tree_of(Garment) is None
    assert type(tree_of(Department)).__name__ == "ParentTree"
