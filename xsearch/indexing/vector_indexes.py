"""Database indexes that xsearch creates itself: GIN on the full-text documents, HNSW on the vectors."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import OperationalError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import QueryCanceled

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store, main_store
from xsearch.indexing.database import execute, fetch_one, has_column, index_connection
from xsearch.indexing.leases import index_build_lease
from xsearch.indexing.maintenance import dedicated_connection, is_owner, owners_work, unhurried
from xsearch.models import EncoderSpace
from xsearch.models.routing import through_alias

logger = logging.getLogger("xsearch.indexing")

#: Memory of a row's neighbours in pgvector's HNSW graph with ``_LINKS``, and a quarter on top.
_GRAPH_BYTES_A_ROW = 900
#: On 100,000 clustered rows, searches miss 0.1 to 0.2 % of the neighbours (0.3 to 0.9 % with 24 and 128, which takes as
#: long to build and reads a fifth more pages). ``xsearch_benchmark --part growth`` prints ``right_first``.
_LINKS, _CONSTRUCTION = 16, 300

_PLACES = """
SELECT (SELECT format('%%I.%%I', nspname, relname)
        FROM pg_class JOIN pg_namespace AS schema ON schema.oid = relnamespace WHERE pg_class.oid = to_regclass(%s)),
       (SELECT typnamespace::regnamespace::text FROM pg_type WHERE oid = to_regtype('halfvec'))
"""
_CANCELLED = (
    "The vector index on %s.%s was cancelled: %s A connection pooler keeps the time limit of the server. Build it"
    " through an alias that leads to the server itself: python manage.py xsearch_index --indexes-only --database ALIAS"
)

#: A column to index: its store, its name, and the dimension of its vectors.
VectorColumn = tuple[Store, str, int]


def create_text_indexes(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create the missing full-text indexes; a signal receiver after every migration."""
    if connections[using].vendor != "postgresql":
        return
    for store in (main_store(index) for index in registered() if index.text):
        if not router.allow_migrate_model(using, store.owner) or not has_column(store.table, "search_document", using):
            continue
        if index_row(store, "search_document", using) is None:
            _create_text_index(store, using)


def _create_text_index(store: Store, using: str) -> None:
    if not is_owner(store.table, using):
        logger.warning("%s has no full-text index: only its owner can create it. Migrate as the owner.", store.table)
        return
    name = index_name(store, "search_document")
    with through_alias(using), unhurried():
        execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{store.table}" USING gin (search_document)')


def index_name(store: Store, column: str) -> str:
    """Return the name of xsearch's index on a column, within PostgreSQL's 63 bytes."""
    table = store.table
    digest = hashlib.sha256(f"{table}.{column}".encode()).hexdigest()[:8]
    return f"xsearch_{table[:24]}_{column[:16]}_{digest}"


def index_row(store: Store, column: str, using: str | None = None, *, with_invalid: bool = False) -> Any:
    """Return (qualified name, definition, size in bytes) of xsearch's index on a column; None if there is no valid one.

    Looked for at the table: a schema behind it in the search path may have an index of the same name.
    """
    sql = """
        SELECT format('%%I.%%I', schema.nspname, named.relname), pg_get_indexdef(named.oid), pg_relation_size(named.oid)
        FROM pg_index JOIN pg_class AS named ON named.oid = indexrelid
        JOIN pg_namespace AS schema ON schema.oid = named.relnamespace
        WHERE indrelid = to_regclass(%s) AND named.relname = %s AND (indisvalid OR %s)
    """
    return fetch_one(sql, [f'"{store.table}"', index_name(store, column), with_invalid], using)


def has_index(store: Store, column: str, dimension: int | None = None) -> bool:
    """Return True if xsearch's index on ``column`` exists, is valid, and is for ``dimension`` if that is given."""
    row = index_row(store, column)
    return row is not None and (dimension is None or f"halfvec({dimension})" in row[1])


def columns_in(index: Index, spaces: Mapping[str, EncoderSpace]) -> list[VectorColumn]:
    """Return the embedding columns of ``index`` that hold the vectors of ``spaces``, by modality."""
    stores = {store.key: store for store in index.stores() if store.modality in spaces}  # of several paths, once
    return [(store, store.column, spaces[store.modality].dimension) for store in stores.values()]


def create_vector_indexes(columns: Callable[[], Sequence[VectorColumn]]) -> bool:
    """Create the missing HNSW indexes of ``columns()`` without blocking writes; returns True if all exist then."""
    missing = missing_indexes(columns())
    tables = sorted({store.table for store, _column, _dimension in missing})
    if work := owners_work(tables):
        logger.warning("%s", work)
        return False
    if not missing:
        return True
    for column in missing:
        with index_build_lease(tables) as is_ours:
            # Asked again: the process that held the lease before may have built it, or swapped the columns.
            if is_ours and column in missing_indexes(columns()):
                _replace_vector_index(*column)
    return not missing_indexes(columns())


def _replace_vector_index(store: Store, column: str, dimension: int) -> None:
    """Build an index, in the place of one that was left unfinished or is of another dimension."""
    try:
        drop_vector_index(store, column)
        _create_vector_index(store, column, dimension)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled) or index_connection().in_atomic_block:
            raise
        logger.warning(_CANCELLED, store.table, column, error)


def missing_indexes(columns: Sequence[VectorColumn]) -> list[VectorColumn]:
    """Return those of ``columns`` that have no HNSW index, or an unusable one."""
    return [column for column in columns if not has_index(*column)]


def _create_vector_index(store: Store, column: str, dimension: int) -> None:
    if index_connection().in_atomic_block:
        check_constraints_now()
        with unhurried():
            _build(index_connection(), store, column, dimension)
        return
    memory = {"maintenance_work_mem": f"{_build_memory_kb(store, column, dimension)}kB"}
    try:
        with dedicated_connection(**memory) as own:
            _build(own, store, column, dimension)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise
        drop_vector_index(store, column)
        # A parallel build needs as much shared memory, of which containers often have little.
        logger.warning("Building %s in one process, since it failed in several: %s", column, error)
        with dedicated_connection(**memory, max_parallel_maintenance_workers="0") as own:
            _build(own, store, column, dimension)


def check_constraints_now() -> None:
    """Run the deferred checks of foreign keys, which would forbid a change of their table in this transaction."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET CONSTRAINTS ALL DEFERRED")


def _build(connection: BaseDatabaseWrapper, store: Store, column: str, dimension: int) -> None:
    # Whatever the search path of that connection is.
    [table, schema] = fetch_one(_PLACES, [f'"{store.table}"'])
    expression = f'("{column}"::{schema}.halfvec({dimension})) {schema}.halfvec_cosine_ops'
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE INDEX {_concurrently()} "{index_name(store, column)}" ON {table}'
            f" USING hnsw ({expression}) WITH (m = {_LINKS}, ef_construction = {_CONSTRUCTION})"
        )


def _build_memory_kb(store: Store, column: str, dimension: int) -> int:
    """Return the memory that holds the whole graph, at most the setting's and at least PostgreSQL's own limit.

    A graph that does not fit is finished on disk, many times slower.
    """
    with unhurried():
        [rows] = fetch_one(f'SELECT count("{column}") FROM "{store.table}"')  # noqa: S608
    [present_kb] = fetch_one("SELECT setting::bigint FROM pg_settings WHERE name = 'maintenance_work_mem'")
    needed_kb = rows * (_GRAPH_BYTES_A_ROW + 2 * dimension) // 1024
    limit_kb = int(settings.INDEX_BUILD_MAX_MB) * 1024
    return int(max(present_kb, min(needed_kb, limit_kb)))


def drop_vector_index(store: Store, column: str) -> None:
    """Drop the HNSW index of a column, which allows vectors of one dimension only."""
    row = index_row(store, column, with_invalid=True)
    if row is None:
        return
    if index_connection().in_atomic_block:
        execute(f"DROP INDEX {row[0]}")
        return
    with dedicated_connection() as own, own.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {row[0]}")


def _concurrently() -> str:
    """Return the keyword that keeps reads and writes going; PostgreSQL forbids it inside a transaction."""
    return "" if index_connection().in_atomic_block else "CONCURRENTLY"
