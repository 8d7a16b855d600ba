"""Scores: the SQL columns for every part of a query, and the exact scores of the candidates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

import numpy as np
from django.db import models
from django.db.models import Q, When
from numpy.typing import NDArray

from xsearch.index.stores import Store
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.expressions import CosineDistance, DoubleCase
from xsearch.search.preferences import ScoreColumn
from xsearch.search.vectors.live import IsLive
from xsearch.search.vectors.query_vectors import FALLBACKS, LEXICAL, VectorPart
from xsearch.search.words.expressions import Matches
from xsearch.search.words.lexical import LexicalQuery


@dataclass(frozen=True)
class CandidateScores:
    """``keys`` of n candidates, and by part a column of scores, shape (n,); NaN where nothing can be compared.

    Scores of vectors are cosines; those of the lexical part lie in [0, 1].
    """

    keys: Sequence[Any] = ()
    columns: Mapping[str, ScoreColumn] = field(default_factory=dict)
    #: By part, the highest score that an object outside the candidates may have; empty if all objects are candidates.
    upper_bounds: Mapping[str, float] = field(default_factory=dict)
    #: The candidates that are ranked before the others; empty if there is no difference.
    first: Collection[Any] = ()
    #: True if index scans may have missed candidates.
    is_approximate: bool = False
    #: True if too many rows pass the filters to score all of them.
    is_limited: bool = False

    def __len__(self) -> int:
        return len(self.keys)


class ScoreTable:
    """Collects scores from several tables; of several photos of one object the nearest counts."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._places: dict[Any, int] = {}
        self._found: dict[str, list[tuple[NDArray[np.intp], ScoreColumn]]] = {name: [] for name in parts}

    def add(self, parts: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of (key, score of each of ``parts``)."""
        if columns := list(zip(*rows, strict=True)):
            keys, *values = columns
            places = np.array([self._places.setdefault(key, len(self._places)) for key in keys], np.intp)
            for name, column in zip(parts, values, strict=True):
                self._found[name].append((places, np.array(column, np.float64)))  # None is NaN

    @property
    def keys(self) -> list[Any]:
        """The keys of all objects with a row."""
        return list(self._places)

    def lowest(self, part: str, keys: Collection[Any]) -> float:
        """Return the lowest score of ``part`` among ``keys``."""
        values = self._column(part)[[self._places[key] for key in keys if key in self._places]]
        return float(np.nanmin(values)) if not np.isnan(values).all() else -1.0

    def scores(self) -> CandidateScores:
        """Return the collected scores in the order of the keys."""
        keys = sorted(self._places)
        order = np.fromiter((self._places[key] for key in keys), np.intp, len(keys))
        return CandidateScores(keys, {name: self._column(name)[order] for name in self._found})

    def _column(self, name: str) -> ScoreColumn:
        column = np.full(len(self._places), np.nan)
        for places, values in self._found[name]:
            np.fmax.at(column, places, values)  # the number, where the other is NaN
        return column


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
