"""Indexes that xsearch makes itself: GIN on the documents, HNSW on the vectors of the live space."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def create_vector_indexes(index: Index) -> None:
    """Create the HNSW indexes that the live spaces of ``index`` lack; nobody who saves a product waits for that."""
    from xsearch.indexing.spaces import live_spaces

    if not _missing(index, live_spaces(index)):
        return
    with alone_with_indexes() as is_alone:
        spaces = live_spaces(index)
        for store in _missing(index, spaces) if is_alone else ():
            drop_vector_index(store)  # left unfinished, or of another dimension
            _create_vector_index(store, spaces[store.modality])


def _missing(index: Index, spaces: Mapping[str, EncoderSpace]) -> list[Store]:
    columns = {store.key: store for store in index.stores() if store.modality in spaces}  # of several paths, once
    return [s for s in columns.values() if not has_index(s, s.column, spaces[s.modality].dimension)]


def _create_vector_index(store: Store, space: EncoderSpace) -> None:
    expression = f"({store.column}::halfvec({space.dimension})) halfvec_cosine_ops"
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            # Pending foreign key checks would forbid the index.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            f'CREATE INDEX {_concurrently()} "{index_name(store, store.column)}" ON "{store.table}"'
            f" USING hnsw ({expression})"
        )


def drop_before_bulk(index: Index) -> None:
    """TODO."""


def drop_vector_index(store: Store) -> None:
    """Drop the HNSW index of a column, whose vectors are about to change their dimension."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX {_concurrently()} IF EXISTS "{index_name(store, store.column)}"')


def _concurrently() -> str:
    """Return the word that lets others read and write meanwhile; PostgreSQL forbids it inside a transaction."""
    return "" if connection.in_atomic_block else "CONCURRENTLY"
