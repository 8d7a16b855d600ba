"""The columns beside the live ones: made, filled row by row, and exchanged for them by their names alone.

They belong to the same tables, so that a swap moves no row: it renames columns and indexes, in milliseconds for any
number of products. Django does not know them; what it reads and writes is what has the field's name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, models, transaction
from django.db.models import F, Func
from pgvector.django import HalfVectorField
from psycopg.errors import LockNotAvailable

from xsearch.encoders import EncoderAway
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store
from xsearch.indexing.vector_indexes import index_name, settle_constraints
from xsearch.models import EncoderSpace

#: Autovacuum gives way to whoever has waited for a second (deadlock_timeout); nobody else is kept waiting meanwhile.
_MAINTENANCE_S = 3.0
#: Whoever comes after one who waits for a table to himself waits too: so only for a moment, and longer ones only where
#: shorter did not do. Below a second, after which PostgreSQL looks for deadlocks: whoever else there is wins.
_MOMENTS_S = (0.05, 0.1, 0.2, 0.4, 0.8)

#: Begins the comment on a column that says whose vectors it holds.
COMMENT = "xsearch: "


class TableBusyError(EncoderAway):
    """Transactions of the shop hold a table all the time; what needs it for itself has to be tried again."""


class Beside(Func):
    """The column beside an embedding column, in queries of Django."""

    output_field = HalfVectorField()

    def __init__(self, column: str) -> None:
        super().__init__(F(column))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        live, params = compiler.compile(self.get_source_expressions()[0])
        return f'{live[:-1]}_beside"', params


@dataclass(frozen=True)
class ColumnSet:
    """The columns of one modality that are swapped together: an index's, and those of indexes on the same tables."""

    modality: str
    indexes: Sequence[Index]
    #: One per table.
    stores: Sequence[Store]

    @property
    def spaces(self) -> models.QuerySet[EncoderSpace]:
        """What is noted of them, for each index."""
        types = [index.content_type for index in self.indexes]
        return EncoderSpace.objects.filter(content_type__in=types, modality=self.modality).order_by("pk")

    @property
    def tables(self) -> list[str]:
        """The names of their tables."""
        return sorted(store.table for store in self.stores)

    def without_beside(self) -> list[Store]:
        """Return those that have no column beside."""
        return [store for store in self.stores if not has_column(store.table, store.beside)]


def column_set(index: Index, modality: str) -> ColumnSet:
    """Return the columns that are swapped together with those of ``index``."""
    tables = {store.table for store in index.stores_for(modality)}
    sharing = [other for other in registered() if tables & {store.table for store in other.stores_for(modality)}]
    indexes = sharing if index in sharing else [index, *sharing]
    stores = {store.table: store for other in indexes for store in other.stores_for(modality)}
    return ColumnSet(modality, indexes, list(stores.values()))


def has_column(table: str, column: str) -> bool:
    """Say whether a table has a column now, whatever Django knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped",
            [f'"{table}"', column],
        )
        return cursor.fetchone() is not None


@contextmanager
def to_ourselves(columns: ColumnSet) -> Iterator[list[EncoderSpace]]:
    """Hold the tables and the spaces of ``columns`` alone, in one transaction, for changes that take no time.

    Yields the spaces as they are now. Raises ``TableBusyError`` where that cannot be had, after seconds during which
    searches and saves were held up for a few moments only.
    """
    with transaction.atomic():
        settle_constraints()
        # In the order of the writers, spaces before tables; searches and saves go on beside the first lock.
        is_ours = _lock(columns.tables, "SHARE UPDATE EXCLUSIVE", _MAINTENANCE_S)
        spaces = list(columns.spaces.select_for_update()) if is_ours else []
        if not (is_ours and _lock_at_some_moment(columns.tables)):
            tables = ", ".join(columns.tables)
            raise TableBusyError(f"Transactions hold {tables} all the time (see pg_stat_activity); it is tried again.")
        yield spaces


def _lock_at_some_moment(tables: Sequence[str]) -> bool:
    for moment_s in _MOMENTS_S:
        if _lock(tables, "ACCESS EXCLUSIVE", moment_s):
            return True
        time.sleep(moment_s)  # for as long, the others go on
    return False


def _lock(tables: Sequence[str], mode: str, timeout_s: float) -> bool:
    names = ", ".join(f'"{table}"' for table in tables)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{timeout_s * 1000:.0f}ms"])
            cursor.execute(f"LOCK TABLE {names} IN {mode} MODE")
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False
    return True


def make_beside(stores: Sequence[Store], fingerprint: str) -> None:
    """Make new, empty columns beside for vectors of ``fingerprint``; what was there goes, with its index."""
    drop_beside(stores)
    for store in stores:
        _execute(f'ALTER TABLE "{store.table}" ADD COLUMN "{store.beside}" halfvec')
        _comment(store, store.beside, fingerprint)


def drop_beside(stores: Sequence[Store]) -> None:
    """Drop the columns beside, with their indexes."""
    for store in stores:
        _execute(f'ALTER TABLE "{store.table}" DROP COLUMN IF EXISTS "{store.beside}"')


def exchange_names(stores: Sequence[Store], space: EncoderSpace) -> None:
    """Let live columns and those beside change names, and their indexes; ``space`` says whose vectors are where now."""
    for store in stores:
        live, beside, between = store.column, store.beside, f"{store.column}_swapped"
        for old, new in ((live, between), (beside, live), (between, beside)):
            _execute(f'ALTER TABLE "{store.table}" RENAME COLUMN "{old}" TO "{new}"')
            _execute(f'ALTER INDEX IF EXISTS "{index_name(store, old)}" RENAME TO "{index_name(store, new)}"')
        _comment(store, live, space.fingerprint)
        _comment(store, beside, str(space.beside_fingerprint))


def _comment(store: Store, column: str, fingerprint: str) -> None:
    comment = connection.ops.compose_sql("%s", [COMMENT + fingerprint])  # type: ignore[attr-defined]
    _execute(f'COMMENT ON COLUMN "{store.table}"."{column}" IS {comment}')


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def rows_with(store: Store, *, live: bool) -> models.QuerySet[Any]:
    """Return the rows that have a vector in the ``live`` column, or in the one beside it."""
    return _rows(store).filter(**{f"{_name(store, live=live)}__isnull": False})


def rows_lacking(store: Store, *, live: bool) -> models.QuerySet[Any]:
    """Return the rows that have no vector in the ``live`` column, or beside it, but have one in the other."""
    return rows_with(store, live=not live).filter(**{f"{_name(store, live=live)}__isnull": True})


def _rows(store: Store) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = store.model._base_manager.alias(xs_beside=Beside(store.column))
    return rows


def _name(store: Store, *, live: bool) -> str:
    return store.column if live else "xs_beside"
