"""Staged columns: a second embedding column for the next or the previous vectors, swapped with the live one by name.

Both columns belong to the same table, so a swap moves no row: it renames columns and indexes, in milliseconds for any
number of products. Django does not know the staged column; it reads and writes the column that has the field's name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, models
from django.db.models import Func
from pgvector.django import HalfVectorField
from psycopg.errors import LockNotAvailable

from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store
from xsearch.indexing.database import atomic, execute, fetch_one, has_column, index_connection, rows_of_model
from xsearch.indexing.maintenance import TableBusyError, require_owner
from xsearch.indexing.vector_indexes import check_constraints_now, index_name, index_row
from xsearch.models import EncoderSpace

#: Autovacuum yields to a session that has waited for a second (deadlock_timeout); no other session waits meanwhile.
_MAINTENANCE_S = 3.0
#: Every session that comes after one that waits for an exclusive lock waits too: so wait briefly, and longer only where
#: that was not enough. Below a second, after which PostgreSQL looks for deadlocks: other sessions win.
_LOCK_TIMEOUTS_S = (0.05, 0.1, 0.2, 0.4, 0.8)

#: Begins the comment on a column that says whose vectors it holds.
COMMENT = "xsearch: "


class StagedColumn(Func):
    """The staged column of an embedding column, in queries of Django."""

    output_field = HalfVectorField()

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        live, params = compiler.compile(self.get_source_expressions()[0])
        return f'{live[:-1]}_beside"', params


@dataclass(frozen=True)
class ColumnSet:
    """The columns of one modality that are swapped together: those of all indexes that share a table."""

    modality: str
    indexes: Sequence[Index]
    #: One per table.
    stores: Sequence[Store]

    @property
    def spaces(self) -> models.QuerySet[EncoderSpace]:
        """The encoder space of each index."""
        types = [index.content_type for index in self.indexes]
        return EncoderSpace.objects.filter(content_type__in=types, modality=self.modality).order_by("pk")

    @property
    def tables(self) -> list[str]:
        """The names of the tables."""
        return sorted(store.table for store in self.stores)

    def without_staged_column(self) -> list[Store]:
        """Return the stores whose table has no staged column."""
        return [store for store in self.stores if not has_column(store.table, store.staged_column)]


def column_set(index: Index, modality: str) -> ColumnSet:
    """Return the columns that are swapped together with those of ``index``."""
    tables = {store.table for store in index.stores_for(modality)}
    sharing = [other for other in registered() if tables & {store.table for store in other.stores_for(modality)}]
    indexes = sharing if index in sharing else [index, *sharing]
    stores = {store.table: store for other in indexes for store in other.stores_for(modality)}
    return ColumnSet(modality, indexes, list(stores.values()))


@contextmanager
def exclusive_access(columns: ColumnSet) -> Iterator[list[EncoderSpace]]:
    """Lock the tables and the spaces of ``columns`` in one transaction, for changes that take no time.

    Yields the spaces as they are now. Raises ``TableBusyError`` if the locks cannot be had after a few seconds, in
    which searches and saves waited for moments only; ``NotOwnerError`` without the rights of the owner.
    """
    require_owner(columns.tables)
    with atomic():
        check_constraints_now()
        # In the order of the writers, spaces before tables; the first lock lets searches and saves go on.
        is_locked = _lock(columns.tables, "SHARE UPDATE EXCLUSIVE", _MAINTENANCE_S)
        spaces = list(columns.spaces.select_for_update()) if is_locked else []
        if not (is_locked and _lock_exclusively(columns.tables)):
            tables = ", ".join(columns.tables)
            raise TableBusyError(f"Transactions hold {tables} all the time (see pg_stat_activity); it is tried again.")
        yield spaces


def _lock_exclusively(tables: Sequence[str]) -> bool:
    for timeout_s in _LOCK_TIMEOUTS_S:
        if _lock(tables, "ACCESS EXCLUSIVE", timeout_s):
            return True
        time.sleep(timeout_s)  # lets the sessions that queued behind us go on
    return False


def _lock(tables: Sequence[str], mode: str, timeout_s: float) -> bool:
    names = ", ".join(f'"{table}"' for table in tables)
    try:
        with atomic():
            [before] = fetch_one("SELECT current_setting('lock_timeout')")
            execute("SELECT set_config('lock_timeout', %s, true)", [f"{timeout_s * 1000:.0f}ms"])
            execute(f"LOCK TABLE {names} IN {mode} MODE")
            execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False
    return True


def create_staged_columns(stores: Sequence[Store], fingerprint: str) -> None:
    """Create empty staged columns for vectors of ``fingerprint``; existing ones are dropped with their indexes."""
    drop_staged_columns(stores)
    for store in stores:
        execute(f'ALTER TABLE "{store.table}" ADD COLUMN "{store.staged_column}" halfvec')
        _comment(store, store.staged_column, fingerprint)


def drop_staged_columns(stores: Sequence[Store]) -> None:
    """Drop the staged columns with their indexes."""
    for store in stores:
        execute(f'ALTER TABLE "{store.table}" DROP COLUMN IF EXISTS "{store.staged_column}"')


def swap_names(stores: Sequence[Store], space: EncoderSpace) -> None:
    """Swap the names of live and staged columns, and of their indexes; ``space`` says whose vectors each holds then."""
    for store in stores:
        live, staged, between = store.column, store.staged_column, f"{store.column}_swapped"
        for old, new in ((live, between), (staged, live), (between, staged)):
            execute(f'ALTER TABLE "{store.table}" RENAME COLUMN "{old}" TO "{new}"')
            if (row := index_row(store, old, with_invalid=True)) is not None:
                execute(f'ALTER INDEX {row[0]} RENAME TO "{index_name(store, new)}"')
        _comment(store, live, space.fingerprint)
        _comment(store, staged, str(space.staged_fingerprint))


def _comment(store: Store, column: str, fingerprint: str) -> None:
    comment = index_connection().ops.compose_sql("%s", [COMMENT + fingerprint])  # type: ignore[attr-defined]
    execute(f'COMMENT ON COLUMN "{store.table}"."{column}" IS {comment}')


def rows_with(store: Store, *, live: bool) -> models.QuerySet[Any]:
    """Return the rows that have a vector in the live column, or in the staged one."""
    rows: models.QuerySet[Any] = rows_of_model(store.model).alias(xs_staged=StagedColumn(store.column))
    return rows.filter(**{f"{_lookup(store, live=live)}__isnull": False})


def rows_lacking(store: Store, *, live: bool) -> models.QuerySet[Any]:
    """Return the rows that lack a vector in the live column, or in the staged one, but have it in the other."""
    return rows_with(store, live=not live).filter(**{f"{_lookup(store, live=live)}__isnull": True})


def _lookup(store: Store, *, live: bool) -> str:
    return store.column if live else "xs_staged"
