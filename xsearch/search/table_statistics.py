"""PostgreSQL's statistics of tables: estimated numbers of rows, and columns with empty values."""

from __future__ import annotations

import json
from collections.abc import Hashable
from threading import Lock
from typing import Any

from cachetools import TTLCache
from django.core.exceptions import EmptyResultSet
from django.db import connections, models

from xsearch.index.stores import Store
from xsearch.search.context import SearchContext

_ROWS_MAX_AGE_S, _EMPTY_MAX_AGE_S = 5.0, 60.0
_lock = Lock()
_rows: TTLCache[Hashable, int] = TTLCache(1_000, _ROWS_MAX_AGE_S)
_empty: TTLCache[Hashable, bool] = TTLCache(1_000, _EMPTY_MAX_AGE_S)


def estimated_rows(objects: models.QuerySet[Any]) -> int:
    """Return the planner's estimate of how many rows a query returns, without running it."""
    try:
        sql, params = objects.order_by().values("pk").query.get_compiler(objects.db).as_sql()
    except EmptyResultSet:
        return 0
    with connections[objects.db].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return int(plan[0]["Plan"]["Plan Rows"])


def estimated_table_rows(context: SearchContext, table: models.QuerySet[Any]) -> int:
    """Return the estimate for a whole table, a few seconds old at most."""
    key = (*context.scope, table.model._meta.db_table)
    with _lock:
        known = _rows.get(key)
    if known is None:
        known = estimated_rows(table)
        with _lock:
            _rows[key] = known
    return known


def has_empty_rows(context: SearchContext, store: Store) -> bool:
    """Return True if rows lack a vector, by statistics that are a minute old at most; if unsure, too."""
    key = (*context.scope, store.table, store.column)
    with _lock:
        known = _empty.get(key)
    if known is None:
        known = _read_has_empty_rows(context.using, store)
        with _lock:
            _empty[key] = known
    return known


def _read_has_empty_rows(using: str, store: Store) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT null_frac FROM pg_stats WHERE schemaname = ANY (current_schemas(false))"
            " AND tablename = %s AND attname = %s",
            [store.table, store.column],
        )
        row = cursor.fetchone()
    return row is None or row[0] > 0
