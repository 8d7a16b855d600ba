"""Indexes that xsearch makes itself: GIN on the documents, HNSW on the vectors of the live space."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection, connections

from xsearch.models import EncoderSpace
from xsearch.registry import Index, registered
from xsearch.stores import Store, main_store


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
        store = main_store(index)
        table = store.model._meta.db_table
        if index.text and table in tables and _has_column(using, table, "search_document"):
            with connections[using].cursor() as cursor:
                name = index_name(store, "search_document")
                cursor.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" USING gin (search_document)')


def _has_column(using: str, table: str, column: str) -> bool:
    with connections[using].cursor() as cursor:
        return any(c.name == column for c in connections[using].introspection.get_table_description(cursor, table))


def index_name(store: Store, column: str) -> str:
    """Return the name of xsearch's index on a column, within PostgreSQL's 63 bytes."""
    table = store.model._meta.db_table
    digest = hashlib.sha256(f"{table}.{column}".encode()).hexdigest()[:8]
    return f"xsearch_{table[:24]}_{column[:16]}_{digest}"


def has_index(store: Store, column: str) -> bool:
    """Say whether xsearch's index on ``column`` exists and was not left unfinished."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{index_name(store, column)}"']
        )
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def create_vector_indexes(index: Index) -> None:
    """Create the HNSW indexes that the live spaces of ``index`` lack."""
    from xsearch.indexing.spaces import live_spaces

    spaces = live_spaces(index)
    for store in index.stores():
        if store.modality in spaces and not has_index(store, store.column):
            _create_vector_index(store, spaces[store.modality])


def _create_vector_index(store: Store, space: EncoderSpace) -> None:
    table, name = store.model._meta.db_table, index_name(store, store.column)
    expression = f"({store.column}::halfvec({space.dimension})) halfvec_cosine_ops"
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            # Pending foreign key checks would forbid the index.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" USING hnsw ({expression})')
            return
        # One worker builds it, and nobody who saves a product waits for that.
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        if not cursor.fetchone()[0]:
            return
        try:
            if not has_index(store, store.column):
                cursor.execute(f'DROP INDEX IF EXISTS "{name}"')  # left unfinished
                cursor.execute(f'CREATE INDEX CONCURRENTLY "{name}" ON "{table}" USING hnsw ({expression})')
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def drop_vector_index(store: Store) -> None:
    """Drop the HNSW index of a column, whose vectors are about to change their dimension."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX IF EXISTS "{index_name(store, store.column)}"')
