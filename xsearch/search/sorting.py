"""Sorting: objects in the order of a field instead of their scores, exactly, and the same on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast

from xsearch.errors import BadQuery
from xsearch.index.registry import Index
from xsearch.index.sorts import RELEVANCE, default_sort, sort_orders
from xsearch.index.translations import has_default_order
from xsearch.models import Popularity
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.ranking.fusion import Ranking


@dataclass(frozen=True)
class SortKey:
    """An expression to sort by; ``down`` from the greatest to the least."""

    expression: Any
    down: bool
    #: False if every object has a value: an index of the database is used only for an order that does not place nulls.
    has_nulls: bool = True

    def term(self, alias: str) -> OrderBy:
        """Return the term of ``ORDER BY`` of the expression under its alias."""
        nulls_last = True if self.has_nulls else None
        return F(alias).desc(nulls_last=nulls_last) if self.down else F(alias).asc(nulls_last=nulls_last)


@dataclass(frozen=True)
class SortOrder:
    """An order of objects by several keys, the most important one first."""

    name: str
    keys: Sequence[SortKey]

    @property
    def _named(self) -> dict[str, SortKey]:
        return {f"xs_sort{number}": key for number, key in enumerate(self.keys)}

    def of(self, objects: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return ``objects`` in this order: those without a value last, equal ones by their primary keys."""
        terms = [key.term(alias) for alias, key in self._named.items()]
        ordered: models.QuerySet[Any] = self._annotated(objects).order_by(*terms, "pk")
        ordered.query.standard_ordering = True  # ``reverse()`` of the caller's queryset is about its own order
        return ordered

    def sorted(self, context: SearchContext, ranking: Ranking) -> Ranking:
        """Return the objects of ``ranking`` in this order; those that were deleted meanwhile are left out."""
        return _in_order_of(self.of(context.objects(ranking.keys)), ranking)

    def values(self, context: SearchContext, keys: Sequence[Any]) -> dict[Any, tuple[SortValue, ...]]:
        """Return what objects are sorted by, to put those of several models in one order."""
        rows = self._annotated(context.objects(keys)).values_list("pk", *self._named)
        directions = [key.down for key in self.keys]
        return {key: tuple(map(SortValue, values, directions)) for key, *values in rows}

    def _annotated(self, objects: models.QuerySet[Any]) -> models.QuerySet[Any]:
        annotated: models.QuerySet[Any] = objects.annotate(
            **{alias: key.expression for alias, key in self._named.items()}
        )
        return annotated


@dataclass(frozen=True)
class QuerysetOrder:
    """The order that a caller gave to a queryset."""

    queryset: models.QuerySet[Any]

    def sorted(self, ranking: Ranking) -> Ranking:
        """Return the objects of ``ranking`` in this order, equal ones by their primary keys."""
        rows = self.queryset.order_by(*self.queryset.query.order_by, "pk")
        return _in_order_of(rows.filter(IsAnyOf("pk", ranking.keys)), ranking)


@dataclass(frozen=True)
class Browsed:
    """Objects in an order, and its name; empty if it is that of the queryset."""

    objects: models.QuerySet[Any]
    sort: str


class SortValue:
    """A value to sort by; None comes last, whatever the direction."""

    def __init__(self, value: Any, down: bool) -> None:
        self._value = value
        self._down = down

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SortValue) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __lt__(self, other: SortValue) -> bool:
        if self._value is None or other._value is None:
            return other._value is None and self._value is not None
        try:
            is_less, is_greater = self._value < other._value, other._value < self._value
        except TypeError:  # a date in one model, a time in another
            is_less, is_greater = str(self._value) < str(other._value), str(other._value) < str(self._value)
        return bool(is_greater if self._down else is_less)


def sort_order(index: Index, name: str) -> SortOrder | None:
    """Return the order ``name`` of an index; None for relevance."""
    if name == RELEVANCE:
        return None
    keys = sort_orders(index)[name]
    if not keys:
        return SortOrder(name, [SortKey(_popularity(index), down=True)])
    return SortOrder(name, [_sort_key(index, key.removeprefix("-"), down=key.startswith("-")) for key in keys])


def _sort_key(index: Index, path: str, *, down: bool) -> SortKey:
    field = index.field(path)
    expression = field.first()
    is_column = isinstance(expression, F) and LOOKUP_SEP not in field.path
    return SortKey(expression, down, has_nulls=not is_column or field.field.null)


def queryset_order(index: Index, queryset: models.QuerySet[Any]) -> QuerysetOrder | None:
    """Return the order that the caller gave to ``queryset``; None if it only chooses objects, or is that of the index.

    Raises ``BadQuery`` for an ordered union, whose rows cannot be looked up.
    """
    query = queryset.query
    if not query.order_by or query.is_sliced or query.distinct_fields:
        return None
    if query.order_by == index.get_queryset().query.order_by:
        return None
    if query.combinator:
        detail = f"An ordered {query.combinator}() cannot be searched: combine the querysets with |, or give `sort`."
        raise BadQuery(detail, code="bad_sort")
    return QuerysetOrder(queryset)


def in_browsing_order(index: Index, queryset: models.QuerySet[Any], objects: models.QuerySet[Any]) -> Browsed:
    """Return ``objects`` in the order in which they are browsed.

    It is that of ``queryset`` if the caller gave it one, else the declared default, else that of the index's objects.
    """
    query = queryset.query
    is_given = bool(query.order_by) and not has_default_order(queryset)
    is_plain = not (query.is_sliced or query.combinator or query.distinct)
    if is_given and is_plain and (not index.default_sort or queryset_order(index, queryset)):
        return Browsed(objects.order_by(*query.order_by, "pk"), "")
    name = default_sort(index)
    order = sort_order(index, name) or SortOrder(RELEVANCE, [])
    return Browsed(order.of(objects), name)


def has_popularity(index: Index) -> bool:
    """Return True if the popularity of any object is known; one statement."""
    return Popularity.objects.filter(content_type=index.content_type).exists()


def _popularity(index: Index) -> Subquery:
    counted = Popularity.objects.filter(
        content_type=index.content_type, object_id=Cast(OuterRef("pk"), models.TextField())
    )
    return Subquery(counted.values("score")[:1])


def _in_order_of(objects: models.QuerySet[Any], ranking: Ranking) -> Ranking:
    places = {key: place for place, key in enumerate(ranking.keys)}
    # An order by related rows repeats an object.
    found = dict.fromkeys(objects.values_list("pk", flat=True)) if places else {}
    return ranking.reordered(np.fromiter((places[key] for key in found), np.intp), ranking.scores)
