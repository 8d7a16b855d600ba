"""Trees of related rows, such as categories: which model is one, and the ancestors and descendants of its rows.

Known are rows that name their parent (a foreign key to the same model, also that of django-mptt and treebeard's
adjacency lists), and treebeard's materialised paths and nested sets. Neither package is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Left, Length


class Place(NamedTuple):
    """The place of a row in its tree: the key of its parent, and the number of its ancestors."""

    parent: Any
    depth: int


class Tree:
    """The tree that the rows of a model make."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model

    def with_descendants(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the rows and everything below them, without a statement of its own."""
        raise NotImplementedError

    def parents(self, keys: Sequence[Any]) -> dict[Any, Any]:
        """Return the parent of each of ``keys`` and of all their ancestors, with at most two statements."""
        raise NotImplementedError

    def places(self, keys: Iterable[Any]) -> dict[Any, Place]:
        """Return the places of ``keys`` and of all their ancestors."""
        places = {key: Place(parent, 0) for key, parent in self.parents(list(keys)).items()}
        return {key: Place(place.parent, len(list(up(places, key))) - 1) for key, place in places.items()}

    def remember_ancestors(self, rows: Mapping[Any, models.Model], places: Mapping[Any, Place]) -> None:
        """Let each row know its ancestors, if they are among ``rows``: a name that has all of them asks for each."""
        for key, row in rows.items():
            if all(each in rows for each in up(places, key)):
                self.remember(row, [rows[each] for each in up(places, key)][:0:-1])

    def remember(self, row: Any, ancestors: list[models.Model]) -> None:
        """Let a row know its ancestors, the root first."""
        if ancestors:
            row._cached_parent_obj = ancestors[-1]
        if not hasattr(row, "get_ancestors"):
            return

        def get_ancestors(ascending: bool = False, include_self: bool = False) -> models.QuerySet[Any]:
            known = [*ancestors, *([row] if include_self else [])]
            found = self.model._default_manager.filter(pk__in=[each.pk for each in known])
            found._result_cache = known[::-1] if ascending else known
            return found

        row.get_ancestors = get_ancestors


class ParentTree(Tree):
    """Rows that name their parent by a foreign key."""

    def __init__(self, model: type[models.Model], parent: Any) -> None:
        super().__init__(model)
        self._parent, self._key = parent, parent.target_field

    def with_descendants(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the rows and everything below them: one recursive subquery."""
        return self._closure(rows, self._parent, self._key)

    def parents(self, keys: Sequence[Any]) -> dict[Any, Any]:
        """Return the parents, read by one recursive statement."""
        rows = self.model._base_manager.filter(pk__in=keys)
        found = list(
            self._closure(rows, self._key, self._parent).values_list("pk", self._key.attname, self._parent.attname)
        )
        by_key = {key: pk for pk, key, _parent in found}
        return {pk: by_key.get(parent) for pk, _key, parent in found}

    def remember(self, row: Any, ancestors: list[models.Model]) -> None:
        """Let a row know its parent too."""
        super().remember(row, ancestors)
        if ancestors:
            self._parent.set_cached_value(row, ancestors[-1])

    def _closure(self, rows: models.QuerySet[Any], match: Any, step: Any) -> models.QuerySet[Any]:
        """Return what is reached from ``rows``, again and again: rows whose ``match`` is the ``step`` of the last."""
        start = rows.order_by().annotate(xs_step=F(step.attname)).values_list(self._key.attname, "xs_step")
        columns = {"key": self._key.column, "match": match.column, "step": step.column}
        reached = _Closure(start, {"table": self.model._meta.db_table, **columns}, output_field=self._key)
        return self.model._base_manager.order_by().filter(**{f"{self._key.attname}__in": reached})


class _Closure(models.Subquery):
    """The keys of the rows that a recursion reaches; ``UNION`` ends it where rows name each other."""

    template = (
        "(WITH RECURSIVE xs_tree(key, step) AS (SELECT * FROM (%(subquery)s) AS xs_start UNION "
        "SELECT xs_row.%(key)s, xs_row.%(step)s FROM %(table)s AS xs_row "
        "JOIN xs_tree ON xs_row.%(match)s = xs_tree.step) SELECT key FROM xs_tree)"
    )

    def __init__(self, start: models.QuerySet[Any], names: Mapping[str, str], **options: Any) -> None:
        super().__init__(start, **options)
        self._names = names

    def as_sql(self, compiler: Any, connection: Any, **options: Any) -> tuple[str, Any]:  # type: ignore[override]
        quoted = {name: connection.ops.quote_name(value) for name, value in self._names.items()}
        return super().as_sql(compiler, connection, **options, **quoted)


#: A path and those of its ancestors, each in a row of its own.
_BEGINS = "left(%(expressions)s, generate_series({length}, length(%(expressions)s), {length}))"


class PathTree(Tree):
    """Rows whose path begins with that of their parent: treebeard's ``MP_Node``."""

    def with_descendants(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the rows and everything whose path begins with theirs."""
        above = rows.filter(path=Left(OuterRef("path"), Length("path")))
        return self.model._base_manager.order_by().filter(Exists(above))

    def parents(self, keys: Sequence[Any]) -> dict[Any, Any]:
        """Return the parents of the rows whose paths those of ``keys`` begin with, in one statement."""
        rows: models.QuerySet[Any] = self.model._base_manager.order_by()
        length: int = self.model.steplen  # type: ignore[attr-defined]
        begins = models.Func("path", template=_BEGINS.format(length=length), output_field=models.TextField())
        paths = rows.filter(pk__in=keys).annotate(xs_begins=begins).values("xs_begins")
        by_path = dict(rows.filter(path__in=paths).values_list("path", "pk"))
        return {key: by_path.get(path[:-length]) for path, key in by_path.items()}


class IntervalTree(Tree):
    """Rows whose numbers lie between those of their parent: treebeard's ``NS_Node``."""

    def with_descendants(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the rows and everything between their numbers."""
        above = rows.filter(tree_id=OuterRef("tree_id"), lft__lte=OuterRef("lft"), rgt__gte=OuterRef("rgt"))
        return self.model._base_manager.order_by().filter(Exists(above))

    def parents(self, keys: Sequence[Any]) -> dict[Any, Any]:
        """Return the parents of all rows of the trees that have ``keys``, read in order."""
        rows = self.model._base_manager.all()
        trees = rows.filter(pk__in=keys).order_by().values("tree_id")
        found: dict[Any, Any] = {}
        above: list[tuple[Any, int]] = []
        ordered = rows.filter(tree_id__in=trees).order_by("tree_id", "lft")
        for key, left, right in ordered.values_list("pk", "lft", "rgt"):
            while above and (left == 1 or above[-1][1] < left):
                above.pop()
            found[key] = above[-1][0] if above else None
            above.append((key, right))
        return found


def tree_of(model: type[models.Model]) -> Tree | None:
    """Return the tree that the rows of ``model`` make; None if they make none."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    if {"path", "depth", "numchild"} <= fields.keys() and hasattr(model, "steplen"):
        return PathTree(model)
    own = [field for field in fields.values() if field.many_to_one and field.related_model is model]
    named = [field for field in own if "parent" in field.name]
    if named or len(own) == 1:
        return ParentTree(model, (named or own)[0])
    return IntervalTree(model) if {"lft", "rgt", "tree_id"} <= fields.keys() else None


def up(places: Mapping[Any, Place], key: Any) -> Iterator[Any]:
    """Yield a key and its ancestors; each once, also where rows name each other."""
    seen = set()
    while key in places and key not in seen:
        seen.add(key)
        yield key
        key = places[key].parent
