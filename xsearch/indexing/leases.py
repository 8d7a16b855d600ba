"""Leases: what one process does at a time, without a session's lock, which a connection pooler would leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from xsearch.indexing.database import execute, fetch_one, index_connection
from xsearch.models import Lease

#: Within it, a build has begun, and holds the lock of its table. Others wait as long for one that was killed.
_LEASE = timedelta(seconds=10)

_CREATE = "INSERT INTO {table} (name, until) VALUES (%s, to_timestamp(0)) ON CONFLICT DO NOTHING"
_TAKE = """
WITH free AS (
    SELECT name, until FROM {table} WHERE name = %s AND until < statement_timestamp() FOR UPDATE SKIP LOCKED
)
UPDATE {table} AS lease SET until = statement_timestamp() + %s
FROM free WHERE lease.name = free.name RETURNING lease.until::text, free.until > to_timestamp(0)
"""
_RETURN = "UPDATE {table} SET until = to_timestamp(0) WHERE name = %s AND until = %s::timestamptz"
# Every CREATE or DROP INDEX CONCURRENTLY holds this lock until it ends, even if its client is dead.
_BUILDING = """
SELECT count(*) FROM pg_locks
WHERE relation = ANY(SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
  AND mode = 'ShareUpdateExclusiveLock' AND pid <> pg_backend_pid()
"""


@contextmanager
def index_build_lease(tables: Sequence[str]) -> Iterator[bool]:
    """Keep other processes from building or dropping HNSW indexes; yields False if one of them does so now.

    One at a time in the whole database, even on different tables: concurrent builds wait for each other's snapshots.
    A build may outlast the lease: then the lock of its table stands for it.
    """
    table, name = Lease._meta.db_table, "xsearch.indexes"
    if fetch_one(f"SELECT 1 FROM {table} WHERE name = %s", [name]) is None:  # noqa: S608
        execute(_CREATE.format(table=table), [name])
    taken = fetch_one(_TAKE.format(table=table), [name, _LEASE])
    # An expired lease was not returned: its holder is dead, or has been building since.
    is_ours = taken is not None and not (taken[1] and _is_building(tables))
    try:
        yield is_ours
    finally:
        if taken and not index_connection().needs_rollback:
            execute(_RETURN.format(table=table), [name, taken[0]])


def _is_building(tables: Sequence[str]) -> bool:
    return bool(fetch_one(_BUILDING, [[f'"{table}"' for table in tables]])[0])
