"""Indexes that xsearch makes itself: GIN on the documents, HNSW on the vectors of the live space."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, connections

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store, main_store
from xsearch.models import EncoderSpace

logger = logging.getLogger("xsearch.indexing")

#: Neighbours and bookkeeping of a row in pgvector's HNSW graph with ``_LINKS``, and a quarter on top.
_GRAPH_BYTES_A_ROW = 900
#: Of 100,000 rows in clusters, walks find all but 0.1 to 0.2 % (0.3 to 0.9 % with 24 and 128, which takes as long to
#: build and a fifth more pages to walk). ``xsearch_benchmark --part growth`` prints ``right_first``.
_LINKS, _CONSTRUCTION = 16, 300


def create_extension(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create pgvector before the first migration needs its types; a signal receiver."""
    if connections[using].vendor != "postgresql":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
        if not cursor.fetchone():
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")


def create_text_indexes(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create the full-text indexes that are missing; a signal receiver after every migration."""
    if connections[using].vendor != "postgresql":
        return
    tables = set(connections[using].introspection.table_names())
    for index in registered():
        store = main_store(index) if index.text else None
        table = store.table if store else ""
        if store and table in tables and _has_column(using, table, "search_document"):
            with connections[using].cursor() as cursor:
                name = index_name(store, "search_document")
                cursor.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" USING gin (search_document)')


def _has_column(using: str, table: str, column: str) -> bool:
    with connections[using].cursor() as cursor:
        return any(c.name == column for c in connections[using].introspection.get_table_description(cursor, table))


def index_name(store: Store, column: str) -> str:
    """Return the name of xsearch's index on a column, within PostgreSQL's 63 bytes."""
    table = store.table
    digest = hashlib.sha256(f"{table}.{column}".encode()).hexdigest()[:8]
    return f"xsearch_{table[:24]}_{column[:16]}_{digest}"


def has_index(store: Store, column: str, dimension: int | None = None) -> bool:
    """Say whether xsearch's index on ``column`` exists, was not left unfinished, and is for ``dimension`` if given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass(%s)",
            [f'"{index_name(store, column)}"'],
        )
        row = cursor.fetchone()
    return row is not None and (dimension is None or f"::halfvec({dimension})" in row[0])


@contextmanager
def alone_with_indexes() -> Iterator[bool]:
    """Keep others from building or dropping HNSW indexes; yields False if somebody does already.

    One at a time in the whole database, even on different tables: concurrent builds wait for each other's snapshots.
    """
    kind = "_xact" if connection.in_atomic_block else ""  # ends with the transaction
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory{kind}_lock(hashtextextended('xsearch.indexes', 0))")
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone and not kind:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended('xsearch.indexes', 0))")


#: An embedding column: its store, its name, and the dimension of its vectors.
Column = tuple[Store, str, int]


def columns_in(index: Index, spaces: Mapping[str, EncoderSpace]) -> list[Column]:
    """Return the embedding columns of ``index`` that hold the vectors of ``spaces``, by modality."""
    stores = {store.key: store for store in index.stores() if store.modality in spaces}  # of several paths, once
    return [(store, store.column, spaces[store.modality].dimension) for store in stores.values()]


def create_vector_indexes(columns: Callable[[], Sequence[Column]]) -> bool:
    """Create the HNSW indexes that ``columns()`` lack; says whether all are there now.

    Nobody who saves a product waits for that.
    """
    if not missing_indexes(columns()):
        return True
    with alone_with_indexes() as is_alone:
        # Asked again: whoever was alone before may have built them, or swapped the columns.
        for store, column, dimension in missing_indexes(columns()) if is_alone else ():
            drop_vector_index(store, column)  # left unfinished, or of another dimension
            _create_vector_index(store, column, dimension)
    return is_alone


def missing_indexes(columns: Sequence[Column]) -> list[Column]:
    """Return those of ``columns`` that have no HNSW index, or an unusable one."""
    return [wanted for wanted in columns if not has_index(*wanted)]


def _create_vector_index(store: Store, column: str, dimension: int) -> None:
    if connection.in_atomic_block:
        settle_constraints()
        _build(store, column, dimension)
        return
    memory_kb = _build_memory_kb(store, column, dimension)
    try:
        with _session_settings(maintenance_work_mem=f"{memory_kb}kB"):
            _build(store, column, dimension)
    except OperationalError as error:
        # Processes that build together need as much shared memory, of which containers often have little.
        logger.warning("Building %s in one process, since it failed in several: %s", column, error)
        drop_vector_index(store, column)
        with _session_settings(maintenance_work_mem=f"{memory_kb}kB", max_parallel_maintenance_workers="0"):
            _build(store, column, dimension)


def settle_constraints() -> None:
    """Make the pending checks of foreign keys, which would forbid a change of their table in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _build(store: Store, column: str, dimension: int) -> None:
    expression = f'("{column}"::halfvec({dimension})) halfvec_cosine_ops'
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE INDEX {_concurrently()} "{index_name(store, column)}" ON "{store.table}"'
            f" USING hnsw ({expression}) WITH (m = {_LINKS}, ef_construction = {_CONSTRUCTION})"
        )


def _build_memory_kb(store: Store, column: str, dimension: int) -> int:
    """Return the memory in which the whole graph fits, as far as the setting allows, and PostgreSQL's own at least.

    A graph that does not fit is finished on disk, many times slower.
    """
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count("{column}") FROM "{store.table}"')  # noqa: S608
        rows = int(cursor.fetchone()[0])
        cursor.execute("SELECT setting::bigint FROM pg_settings WHERE name = 'maintenance_work_mem'")
        present_kb = int(cursor.fetchone()[0])
    wanted_kb = rows * (_GRAPH_BYTES_A_ROW + 2 * dimension) // 1024
    limit_kb = int(settings.INDEX_BUILD_MAX_MB) * 1024
    return max(present_kb, min(wanted_kb, limit_kb))


@contextmanager
def _session_settings(**values: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
        try:
            yield
        finally:
            for name in values:
                cursor.execute(f"RESET {name}")


def drop_vector_index(store: Store, column: str) -> None:
    """Drop the HNSW index of a column, which allows vectors of one dimension only."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX {_concurrently()} IF EXISTS "{index_name(store, column)}"')


def _concurrently() -> str:
    """Return the word that lets others read and write meanwhile; PostgreSQL forbids it inside a transaction."""
    return "" if connection.in_atomic_block else "CONCURRENTLY"
