"""Candidates of a large catalogue: the plan of a scan, the nearest rows of every column, and matches of the words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, models
from django.db.models import FloatField, Value
from django.db.models.functions import Coalesce

from xsearch.conf import settings
from xsearch.index.stores import Store, rows_of
from xsearch.search import table_statistics
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.expressions import CosineDistance
from xsearch.search.retrieval.scores import aliased, score_columns
from xsearch.search.table_statistics import has_empty_rows
from xsearch.search.vectors.live import IsLive
from xsearch.search.vectors.query_vectors import FALLBACKS, LEXICAL, VectorPart

#: Index entries that one scan may visit: about as much work as scoring ``EXACT_ROWS`` rows.
_MAX_VISITED = 500
_MIN_NEAREST, _MIN_EF, _MAX_EF = 50, 80, 1_000
#: Rows from which on a scan needs a larger ``ef_search``, and the power by which: 2.5 times as much in 1,000,000.
_NEAR_ROWS, _FARTHER = 100_000, 0.4


@dataclass(frozen=True)
class ScanPlan:
    """Score all rows if ``exact``; else take the ``nearest`` of each column from its HNSW index, with ``ef_search``.

    With an ``ef_search`` of 0 the nearest are found by sorting all rows that pass the filters.
    """

    rows: int
    exact: bool
    nearest: int = 0
    ef_search: int = 0


def plan_scan(context: SearchContext, objects: models.QuerySet[Any]) -> ScanPlan:
    """Plan by the database's own estimate of how many rows pass the filters of ``objects``."""
    table = objects.model._base_manager.using(objects.db).all()
    rows = table_statistics.estimated_table_rows(context, table)
    if rows > settings.EXACT_ROWS and objects.query.where:
        rows = table_statistics.estimated_rows(objects)
    if rows <= settings.EXACT_ROWS:
        return ScanPlan(rows, exact=True)
    share = min(rows / max(table_statistics.estimated_table_rows(context, table), 1), 1.0)
    plan = _plan_index_scan(rows, share=share)
    # If few of many rows pass, scoring those few is faster than meeting all the others in the index.
    if rows * _MAX_VISITED <= settings.EXACT_ROWS * plan.nearest / share:
        return ScanPlan(rows, exact=False, nearest=settings.CANDIDATES)
    return plan


def plan_index_scan(plan: ScanPlan) -> ScanPlan:
    """Return the plan for when there are more rows than the estimate that ``plan`` relied on."""
    return _plan_index_scan(plan.rows, share=1.0)


def _plan_index_scan(rows: int, *, share: float) -> ScanPlan:
    nearest = min(settings.CANDIDATES, max(int(_MAX_VISITED * share), _MIN_NEAREST))
    # A fifth of what seems necessary: a scan also returns what it meets beyond its ``ef_search`` nearest. Larger tables
    # need more for the same recall.
    distance = max(rows / share / _NEAR_ROWS, 1.0) ** _FARTHER
    ef_search = min(max(int(nearest / share / 5 * distance), nearest, _MIN_EF), _MAX_EF)
    return ScanPlan(rows, exact=False, nearest=nearest, ef_search=ef_search)


@dataclass(frozen=True)
class ColumnScan:
    """A scan of one embedding column for the nearest rows, and the score columns that it reads along."""

    part: VectorPart
    store: Store
    objects: models.QuerySet[Any]
    columns: Mapping[str, Any]

    def nearest(self, count: int, *, exact: bool = False) -> _UnionBranch:
        """Return the query for the nearest rows; ``exact`` sorts all rows and uses no index."""
        live = rows_of(self.store, self.objects).filter(IsLive(self.part.space, self.store))
        rows = live.exclude(**{self.store.column: None})
        distance: Any = CosineDistance(self.store.column, self.part.vector)
        if exact:  # no index matches this expression
            distance = Coalesce(distance, Value(2.0), output_field=FloatField())
        return _UnionBranch(rows.order_by(distance), self.store.object_key, count, {} if exact else self.columns)


@dataclass(frozen=True)
class _UnionBranch:
    """The first ``count`` of ``rows``: the keys of their objects, and ``columns``."""

    rows: models.QuerySet[Any]
    object_key: str
    count: int
    columns: Mapping[str, Any]

    def numbered(self, number: int) -> models.QuerySet[Any]:
        """Return a query for (number, key, each of the columns)."""
        named = aliased(self.columns)
        rows: models.QuerySet[Any] = self.rows.annotate(xs_branch=Value(number), **named)
        return rows.values_list("xs_branch", self.object_key, *named)[: self.count]


@dataclass(frozen=True)
class Candidates:
    """``keys`` of objects that are worth scoring."""

    keys: Sequence[Any]
    #: By part, the nearest objects, if there may be more objects than these.
    with_more: Mapping[str, list[Any]]
    #: Rows (key, score of each part) that were read along.
    scored: Sequence[Sequence[Any]] = ()
    #: True if an index scan may have missed some.
    is_approximate: bool = False


def find_candidates(
    context: SearchContext, compiled: CompiledQuery, objects: models.QuerySet[Any], plan: ScanPlan
) -> Candidates:
    """Return the nearest objects in every column, found in one statement, and the best matches of the words."""
    scans = list(_column_scans(context, compiled, objects))
    if plan.ef_search:
        _configure_index_scans(objects.db, plan)
    rows = _run([scan.nearest(plan.nearest, exact=not plan.ef_search) for scan in scans])
    scored = [row for each in rows for row in each if len(row) > 1]
    found, enough = [[key for key, *_ in each] for each in rows], plan.nearest
    if plan.ef_search and objects.query.where:
        enough = (min(plan.nearest, plan.rows) + 1) // 2
        _repeat_exactly(scans, found, plan, enough)
    with_more: dict[str, list[Any]] = defaultdict(list)
    for scan, keys in zip(scans, found, strict=True):
        if len(keys) >= enough:
            with_more[scan.part.name] += keys
    is_certain = True
    if compiled.words:
        best, is_certain = compiled.words.best(rows_of(context.main_store, objects), context.main_store.object_key)
        found.append(best)
        if len(best) == settings.MATCHES:
            with_more[LEXICAL] = best
    is_approximate = bool(scans and plan.ef_search) or not is_certain
    return Candidates(sorted({key for keys in found for key in keys}), with_more, scored, is_approximate)


def _repeat_exactly(scans: Sequence[ColumnScan], found: list[list[Any]], plan: ScanPlan, enough: int) -> None:
    """Sort all rows that pass the filters where an index scan found fewer than ``enough`` of them."""
    short = [place for place, keys in enumerate(found) if len(keys) < enough]
    again = _run([scans[place].nearest(plan.nearest, exact=True) for place in short])
    for place, keys in zip(short, again, strict=True):
        found[place] = [key for (key,) in keys]


def _column_scans(
    context: SearchContext, compiled: CompiledQuery, objects: models.QuerySet[Any]
) -> Iterator[ColumnScan]:
    (store, columns), *others = score_columns(context, compiled)
    # Read the scores along if one row holds everything about an object.
    columns = {} if others or store.many else columns
    for part in compiled.parts:
        if part.finds_candidates and not is_needless_fallback(context, part, compiled.parts):
            for store in {store.key: store for store in part.stores}.values():
                yield ColumnScan(part, store, objects, columns)


def is_needless_fallback(context: SearchContext, part: VectorPart, parts: Sequence[VectorPart]) -> bool:
    """Return True if every object has a vector in the column that the part is a fallback for."""
    better = [store for other in parts if other.name == FALLBACKS.get(part.name) for store in other.stores]
    return len({store.key for store in better}) == 1 and not has_empty_rows(context, better[0])


def _configure_index_scans(using: str, plan: ScanPlan) -> None:
    """Let an HNSW scan return everything that it has visited, nearest first, until enough rows pass the filters.

    It could continue in rounds as large as the first one; sorting all rows that pass takes no longer.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true),"
            " set_config('hnsw.max_scan_tuples', '1', true)",
            [str(plan.ef_search)],
        )


def _run(branches: Sequence[_UnionBranch]) -> list[list[Sequence[Any]]]:
    """Run all ``branches`` as one statement; returns the rows of each."""
    found: list[list[Sequence[Any]]] = [[] for _ in branches]
    queries = [branch.numbered(number) for number, branch in enumerate(branches)]
    if queries:  # a union of one would be written twice; that of several would have the order of the model
        for number, *row in queries[0].union(*queries[1:], all=True).order_by() if queries[1:] else queries[0]:
            found[number].append(row)
    return found
