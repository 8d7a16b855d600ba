"""Database indexes that xsearch creates itself: GIN on the full-text documents, HNSW on the vectors."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connections

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store, main_store
from xsearch.indexing.database import execute, fetch_one, has_column, index_connection
from xsearch.models import EncoderSpace

logger = logging.getLogger("xsearch.indexing")

#: Memory of a row's neighbours in pgvector's HNSW graph with ``_LINKS``, and a quarter on top.
_GRAPH_BYTES_A_ROW = 900
#: On 100,000 clustered rows, searches miss 0.1 to 0.2 % of the neighbours (0.3 to 0.9 % with 24 and 128, which takes as
#: long to build and reads a fifth more pages). ``xsearch_benchmark --part growth`` prints ``right_first``.
_LINKS, _CONSTRUCTION = 16, 300

#: A column to index: its store, its name, and the dimension of its vectors.
VectorColumn = tuple[Store, str, int]


def create_extension(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create pgvector before the first migration needs its types; a signal receiver."""
    if connections[using].vendor != "postgresql":
        return
    # Asked first: IF NOT EXISTS needs the right to create extensions even where it exists.
    if not fetch_one("SELECT 1 FROM pg_extension WHERE extname = 'vector'", using=using):
        execute("CREATE EXTENSION IF NOT EXISTS vector", using=using)


def create_text_indexes(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create the missing full-text indexes; a signal receiver after every migration."""
    if connections[using].vendor != "postgresql":
        return
    for store in (main_store(index) for index in registered() if index.text):
        if has_column(store.table, "search_document", using):
            name = index_name(store, "search_document")
            execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{store.table}" USING gin (search_document)', using=using)


def index_name(store: Store, column: str) -> str:
    """Return the name of xsearch's index on a column, within PostgreSQL's 63 bytes."""
    table = store.table
    digest = hashlib.sha256(f"{table}.{column}".encode()).hexdigest()[:8]
    return f"xsearch_{table[:24]}_{column[:16]}_{digest}"


def has_index(store: Store, column: str, dimension: int | None = None) -> bool:
    """Return True if xsearch's index on ``column`` exists, is valid, and is for ``dimension`` if that is given."""
    row = fetch_one(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indisvalid AND indexrelid = to_regclass(%s)",
        [f'"{index_name(store, column)}"'],
    )
    return row is not None and (dimension is None or f"::halfvec({dimension})" in row[0])


@contextmanager
def index_build_lock() -> Iterator[bool]:
    """Keep other processes from building or dropping HNSW indexes; yields False if one of them does so now.

    One at a time in the whole database, even on different tables: concurrent builds wait for each other's snapshots.
    """
    kind = "_xact" if index_connection().in_atomic_block else ""  # ends with the transaction
    is_ours = bool(fetch_one(f"SELECT pg_try_advisory{kind}_lock(hashtextextended('xsearch.indexes', 0))")[0])
    try:
        yield is_ours
    finally:
        if is_ours and not kind:
            execute("SELECT pg_advisory_unlock(hashtextextended('xsearch.indexes', 0))")


def columns_in(index: Index, spaces: Mapping[str, EncoderSpace]) -> list[VectorColumn]:
    """Return the embedding columns of ``index`` that hold the vectors of ``spaces``, by modality."""
    stores = {store.key: store for store in index.stores() if store.modality in spaces}  # of several paths, once
    return [(store, store.column, spaces[store.modality].dimension) for store in stores.values()]


def create_vector_indexes(columns: Callable[[], Sequence[VectorColumn]]) -> bool:
    """Create the missing HNSW indexes of ``columns()`` without blocking writes; returns True if all exist then."""
    if not missing_indexes(columns()):
        return True
    with index_build_lock() as is_ours:
        # Asked again: the process that held the lock before may have built them, or swapped the columns.
        for store, column, dimension in missing_indexes(columns()) if is_ours else ():
            drop_vector_index(store, column)  # left unfinished, or of another dimension
            _create_vector_index(store, column, dimension)
    return is_ours


def missing_indexes(columns: Sequence[VectorColumn]) -> list[VectorColumn]:
    """Return those of ``columns`` that have no HNSW index, or an unusable one."""
    return [column for column in columns if not has_index(*column)]


def _create_vector_index(store: Store, column: str, dimension: int) -> None:
    if index_connection().in_atomic_block:
        check_constraints_now()
        _build(store, column, dimension)
        return
    memory_kb = _build_memory_kb(store, column, dimension)
    try:
        with _session_settings(maintenance_work_mem=f"{memory_kb}kB"):
            _build(store, column, dimension)
    except OperationalError as error:
        # A parallel build needs as much shared memory, of which containers often have little.
        logger.warning("Building %s in one process, since it failed in several: %s", column, error)
        drop_vector_index(store, column)
        with _session_settings(maintenance_work_mem=f"{memory_kb}kB", max_parallel_maintenance_workers="0"):
            _build(store, column, dimension)


def check_constraints_now() -> None:
    """Run the deferred checks of foreign keys, which would forbid a change of their table in this transaction."""
    execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _build(store: Store, column: str, dimension: int) -> None:
    expression = f'("{column}"::halfvec({dimension})) halfvec_cosine_ops'
    execute(
        f'CREATE INDEX {_concurrently()} "{index_name(store, column)}" ON "{store.table}"'
        f" USING hnsw ({expression}) WITH (m = {_LINKS}, ef_construction = {_CONSTRUCTION})"
    )


def _build_memory_kb(store: Store, column: str, dimension: int) -> int:
    """Return the memory that holds the whole graph, at most the setting's and at least PostgreSQL's own limit.

    A graph that does not fit is finished on disk, many times slower.
    """
    [rows] = fetch_one(f'SELECT count("{column}") FROM "{store.table}"')  # noqa: S608
    [present_kb] = fetch_one("SELECT setting::bigint FROM pg_settings WHERE name = 'maintenance_work_mem'")
    needed_kb = rows * (_GRAPH_BYTES_A_ROW + 2 * dimension) // 1024
    limit_kb = int(settings.INDEX_BUILD_MAX_MB) * 1024
    return int(max(present_kb, min(needed_kb, limit_kb)))


@contextmanager
def _session_settings(**values: str) -> Iterator[None]:
    for name, value in values.items():
        execute("SELECT set_config(%s, %s, false)", [name, value])
    try:
        yield
    finally:
        for name in values:
            execute(f"RESET {name}")


def drop_vector_index(store: Store, column: str) -> None:
    """Drop the HNSW index of a column, which allows vectors of one dimension only."""
    execute(f'DROP INDEX {_concurrently()} IF EXISTS "{index_name(store, column)}"')


def _concurrently() -> str:
    """Return the keyword that keeps reads and writes going; PostgreSQL forbids it inside a transaction."""
    return "" if index_connection().in_atomic_block else "CONCURRENTLY"
