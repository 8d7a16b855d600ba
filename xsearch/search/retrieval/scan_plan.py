"""The plan of a scan: score every row that passes the filters, or scan the vector indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from xsearch.conf import settings
from xsearch.search import table_statistics
from xsearch.search.context import SearchContext

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
    if objects.query.where:
        rows = table_statistics.estimated_rows(objects)
    else:
        rows = table_statistics.estimated_table_rows(context, table)
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
