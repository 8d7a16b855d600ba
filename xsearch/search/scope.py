"""The scope of a search: a queryset, and the declared filters on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from xsearch.index.filters import as_list, field_and_bound, row_conditions
from xsearch.index.filters import condition as has_value
from xsearch.index.prepared_filters import with_values
from xsearch.index.registry import get_index
from xsearch.index.translations import plain
from xsearch.search.expressions import IsAnyOf
from xsearch.search.loading import prefetch_photos, with_relations
from xsearch.search.meaning import parameters_of
from xsearch.understanding import Condition, Interpretation


class SearchScope:
    """The objects of ``queryset`` without the ``examples``, limited by ``filters``: declared ones by name.

    The strict conditions of an ``interpretation`` limit them too.
    """

    def __init__(
        self,
        queryset: models.QuerySet[Any],
        examples: Sequence[models.Model],
        filters: Mapping[str, Any],
        interpretation: Interpretation | None = None,
    ) -> None:
        self.queryset = queryset
        self.interpretation = interpretation
        self._index = get_index(queryset.model)
        self._examples = [example.pk for example in examples if get_index(type(example)) is self._index]
        self._filters = {**filters}
        self._excluded: dict[str, list[Any]] = {}
        for condition in interpretation.active() if interpretation else ():
            if condition.field in self._index.filters and condition.mode == "strict":
                self._limit(condition)

    def objects(self, *, without: str | None = None) -> models.QuerySet[Any]:
        """Return a plain queryset of the objects that pass the filters, ``without`` those on one field."""
        rows = _plain(self.queryset)
        if self._examples:
            rows = rows.exclude(pk__in=self._examples)
        kept = {name: value for name, value in self._filters.items() if name not in self._names_on(without)}
        rows = self._index.filter_queryset(rows, kept)
        for name, values in self._excluded.items():
            rows = rows if name == without else rows.exclude(has_value(self._index, name, values))
        return rows

    def load(self, keys: Sequence[Any]) -> dict[Any, Any]:
        """Load the objects ``keys``, with what the queryset and the index select and prefetch."""
        queryset = self.queryset.all()
        queryset.query.clear_limits()
        if queryset.query.combinator:
            queryset = queryset.model._base_manager.using(queryset.db).all()
        queryset = with_relations(self._index, with_values(self._index, queryset))
        found = {obj.pk: obj for obj in queryset.filter(IsAnyOf("pk", keys))}
        prefetch_photos(self._index, list(found.values()))
        return found

    def rows_of(self, field: str) -> models.Q:
        """Return the condition that the other filters set for the rows that have the values of a facet.

        One row must meet all filters on a relation: only the sizes of red variants are left where red is chosen.
        """
        relation, own = self._index.field(field).many, self._names_on(field)
        others = {
            name: values for name, value in self._filters.items() if name not in own and (values := as_list(value))
        }
        on_same = {name: others[name] for name in others if field_and_bound(self._index, name)[0].many == relation}
        return row_conditions(self._index, on_same).get(relation, models.Q()) if relation else models.Q()

    def is_filtered_on(self, field: str) -> bool:
        """Return True if there is a filter on ``field``."""
        return field in self._excluded or any(
            value not in ("", None, []) for name, value in self._filters.items() if name in self._names_on(field)
        )

    def _limit(self, condition: Condition) -> None:
        """Add a condition: several values of a field are alternatives, several bounds all hold."""
        limits = self._excluded if condition.op == "is_not" else self._filters
        for name, value in parameters_of(condition).items():
            limits[name] = [*limits.get(name, ()), *value] if isinstance(value, list) else value

    @staticmethod
    def _names_on(field: str | None) -> set[str]:
        return {field, f"{field}_min", f"{field}_max"} if field else set()


def _plain(queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the same objects without order and joins for display; slices become subqueries."""
    if queryset.query.is_sliced or queryset.query.combinator or queryset.query.distinct:
        everything: models.QuerySet[Any] = queryset.model._base_manager.using(queryset.db).all()
        return plain(everything.filter(pk__in=queryset.values("pk")))
    return plain(queryset).select_related(None).prefetch_related(None).order_by()
