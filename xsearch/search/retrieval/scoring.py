"""Score columns: the SQL expressions for the similarity of a row to every part of a query, and its lexical score."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

from django.db import models
from django.db.models import Q, When

from xsearch.index.stores import Store
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.expressions import CosineDistance, DoubleCase
from xsearch.search.vectors.live import IsLive
from xsearch.search.vectors.query_vectors import FALLBACKS, LEXICAL, VectorPart
from xsearch.search.words.expressions import Matches
from xsearch.search.words.lexical import LexicalQuery

NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})


def scored_rows(
    rows: models.QuerySet[Any],
    object_key: str,
    columns: Mapping[str, Any],
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
) -> models.QuerySet[Any]:
    """Return (key, each of ``columns``) of those ``rows`` that reach one of the ``thresholds``, if there are any."""
    named = aliased(columns)
    reaching = [
        Q(**{f"{alias}__gte": thresholds[name]})
        for alias, name in zip(named, columns, strict=True)
        if name in thresholds
    ]
    found: models.QuerySet[Any] = rows.order_by().annotate(**named).filter(reduce(or_, reaching, Q()))
    return found.values_list(object_key, *named)


def aliased(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``columns`` by names that SQL allows, in the same order."""
    return {f"xs{number}": column for number, column in enumerate(columns.values())}


def score_columns(context: SearchContext, compiled: CompiledQuery) -> Iterator[tuple[Store, dict[str, Any]]]:
    """Yield the columns to compute in each table, {part: expression}, so that each table is read once."""
    found: dict[tuple[type[models.Model], str], tuple[Store, dict[str, Any]]] = {}

    def columns_of(store: Store) -> dict[str, Any]:
        return found.setdefault((store.model, store.object_key), (store, {}))[1]

    for part in compiled.parts:
        for store in part.stores:
            columns_of(store)[part.name] = _similarity(part, store, compiled.part_names)
    if compiled.words:
        columns_of(context.main_store)[LEXICAL] = _lexical(compiled.words)
    for preference in compiled.preferences:
        columns_of(context.main_store)[preference.name] = preference.violation(context.main_store)
    yield from found.values()


def _similarity(part: VectorPart, store: Store, names: Collection[str]) -> DoubleCase:
    """Return the similarity of a row to a part; a fallback is compared only with rows that lack the better column."""
    condition = Q(IsLive(part.space, store))
    better = FALLBACKS.get(part.name)
    if better and better in names:
        condition &= Q(**{f"{better.partition(':')[2]}_embedding": None})
    return DoubleCase(When(condition, then=1.0 - CosineDistance(store.column, part.vector)))


def _lexical(words: LexicalQuery) -> DoubleCase:
    """Return the score of a document; that it has none of the words is found out faster."""
    return DoubleCase(When(Matches("search_document", words.literal), then=words.score()), default=0.0)
