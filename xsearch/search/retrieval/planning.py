"""How to look for candidates: score every row that passes the filters, or walk the vector indexes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router

from xsearch.conf import settings
from xsearch.index.stores import Store

#: Index entries that one walk may look at: about as much work as scoring ``EXACT_ROWS`` rows.
_MAX_VISITED = 500
_MIN_NEAREST, _MIN_EF, _MAX_EF = 50, 80, 1_000
#: Rows from which on a walk needs more in sight, and the power by which: 2.5 times as much in 1,000,000.
_NEAR_ROWS, _FARTHER = 100_000, 0.4


_KNOWN_MAX_AGE_S, _EMPTY_MAX_AGE_S = 5.0, 60.0
_known: dict[tuple[str, str], tuple[float, int]] = {}


@dataclass(frozen=True)
class Plan:
    """``exact``: score all rows; else take the ``nearest`` of each column with ``ef_search`` entries in sight.

    Without ``ef_search`` the nearest are found by sorting all rows that pass.
    """

    rows: int
    exact: bool
    nearest: int = 0
    ef_search: int = 0


def plan_scan(objects: models.QuerySet[Any]) -> Plan:
    """Plan by the database's own estimate of how many rows pass the filters of ``objects``."""
    whole = objects.model._base_manager.using(objects.db).all()
    rows = estimated_rows(objects) if objects.query.where else _known_rows(whole)
    if rows <= settings.EXACT_ROWS:
        return Plan(rows, exact=True)
    share = min(rows / max(_known_rows(whole), 1), 1.0)
    walk = _walk(rows, share=share)
    # Few that pass among many are found by looking at them sooner than by meeting all the others.
    if rows * _MAX_VISITED <= settings.EXACT_ROWS * walk.nearest / share:
        return Plan(rows, exact=False, nearest=settings.CANDIDATES)
    return walk


def _known_rows(whole: models.QuerySet[Any]) -> int:
    """Return the estimate of a whole table, a few seconds old at most."""
    key = (whole.db, whole.model._meta.db_table)
    looked_at, rows = _known.get(key, (float("-inf"), 0))
    if time.monotonic() - looked_at >= _KNOWN_MAX_AGE_S:
        looked_at, rows = time.monotonic(), estimated_rows(whole)
        _known[key] = (looked_at, rows)
    return rows


def plan_walk(plan: Plan) -> Plan:
    """Return the plan for when there are more rows than the estimate that ``plan`` relied on."""
    return _walk(plan.rows, share=1.0)


def _walk(rows: int, *, share: float) -> Plan:
    nearest = min(settings.CANDIDATES, max(int(_MAX_VISITED * share), _MIN_NEAREST))
    # A fifth of what is needed at first sight: what a walk meets beyond its ``ef_search`` nearest is taken too. In more
    # rows it has further to go for the same recall.
    distance = max(rows / share / _NEAR_ROWS, 1.0) ** _FARTHER
    ef_search = min(max(int(nearest / share / 5 * distance), nearest, _MIN_EF), _MAX_EF)
    return Plan(rows, exact=False, nearest=nearest, ef_search=ef_search)


def estimated_rows(objects: models.QuerySet[Any]) -> int:
    """Return the planner's estimate, without running the query."""
    try:
        sql, params = objects.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connections[objects.db].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])


_empty: dict[tuple[str, str], tuple[float, bool]] = {}


def has_empty_rows(store: Store) -> bool:
    """Say whether rows lack a vector, by the database's statistics, which are a minute old at most; if unsure, yes."""
    key = (store.table, store.column)
    looked_at, known = _empty.get(key, (float("-inf"), True))
    if time.monotonic() - looked_at < _EMPTY_MAX_AGE_S:
        return known
    with connections[router.db_for_read(store.model)].cursor() as cursor:
        cursor.execute(
            "SELECT null_frac FROM pg_stats WHERE schemaname = ANY (current_schemas(false))"
            " AND tablename = %s AND attname = %s",
            key,
        )
        row = cursor.fetchone()
    _empty[key] = (time.monotonic(), row is None or row[0] > 0)
    return _empty[key][1]
