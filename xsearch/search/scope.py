"""Where to search: a queryset, and the declared filters on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from xsearch.registry import get_index

Objects = models.QuerySet[Any]


class Scope:
    """The objects of ``queryset`` without the ``examples``, limited by ``filters``: declared ones by name."""

    def __init__(self, queryset: Objects, examples: Sequence[models.Model], filters: Mapping[str, Any]) -> None:
        self.queryset = queryset
        self._index = get_index(queryset.model)
        self._examples = [example.pk for example in examples if get_index(type(example)) is self._index]
        self._filters = filters

    def objects(self, *, without: str | None = None) -> Objects:
        """Return a plain queryset of the objects that pass the filters, leaving out those on one field."""
        rows = _plain(self.queryset)
        if self._examples:
            rows = rows.exclude(pk__in=self._examples)
        kept = {name: value for name, value in self._filters.items() if name not in self._names_on(without)}
        return self._index.filter_queryset(rows, kept)

    def is_filtered_on(self, field: str) -> bool:
        """Say whether there is a filter on ``field``."""
        return any(
            value not in ("", None, []) for name, value in self._filters.items() if name in self._names_on(field)
        )

    @staticmethod
    def _names_on(field: str | None) -> set[str]:
        return {field, f"{field}_min", f"{field}_max"} if field else set()


def _plain(queryset: Objects) -> Objects:
    """Return the same objects without order and joins for display; slices become subqueries."""
    if queryset.query.is_sliced or queryset.query.combinator or queryset.query.distinct:
        everything: Objects = queryset.model._base_manager.using(queryset.db).all()
        return everything.filter(pk__in=queryset.values("pk"))
    return queryset.select_related(None).prefetch_related(None).order_by()
