"""The database of the index: its alias, raw statements, and the key under which a process caches facts about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg.types import TypeInfo

from xsearch.index.registry import Index
from xsearch.index.translations import plain
from xsearch.models import IndexRecord
from xsearch.models.routing import write_alias


def database_alias() -> str:
    """Return the alias of the database that holds the outbox, and so the objects and their vectors too."""
    return write_alias(IndexRecord)


def index_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to the database of the index."""
    return connections[database_alias()]


def objects_of(index: Index) -> models.QuerySet[Any]:
    """Return the objects that are indexed, read where they are written: a replica may lag behind."""
    return plain(index.get_queryset().using(database_alias()))


def rows_of_model(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return all rows of a model of the shop, hidden ones too, read where they are written."""
    return plain(model._base_manager.using(database_alias()))


def compiled(queryset: models.QuerySet[Any]) -> tuple[str, Any]:
    """Return the statement of a query in the database of the index, and its parameters; raises ``EmptyResultSet``."""
    sql, params = queryset.query.get_compiler(database_alias()).as_sql()
    return sql, params


@contextmanager
def atomic() -> Iterator[None]:
    """Open a transaction in the database of the index; a context manager or a decorator."""
    with transaction.atomic(using=database_alias()):
        yield


def paged(queryset: models.QuerySet[Any], *columns: str, size: int = 2_000) -> Iterator[tuple[Any, ...]]:
    """Yield ``columns`` of all rows, a page in memory at a time; a cursor would not outlive a statement in a pooler."""
    rows = queryset.order_by("pk").values_list("pk", *columns)
    page = list(rows[:size])
    while page:
        yield from (row[1:] for row in page)
        page = list(rows.filter(pk__gt=page[-1][0])[:size])


def execute(sql: str, params: Sequence[Any] = (), using: str | None = None) -> None:
    """Execute one statement, in the database of the index unless ``using`` names another."""
    with connections[using or database_alias()].cursor() as cursor:
        cursor.execute(sql, params or None)


def fetch_one(sql: str, params: Sequence[Any] = (), using: str | None = None) -> Any:
    """Return the first row that a query finds, or None."""
    with connections[using or database_alias()].cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchone()


def has_column(table: str, column: str, using: str | None = None) -> bool:
    """Return True if a table has a column now, whether or not Django knows it."""
    sql = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped"
    return fetch_one(sql, [f'"{table}"', column], using) is not None


def execute_binary(using: str, sql: str, params: Sequence[Any]) -> None:
    """Execute ``sql`` with parameters bound by the server, where Django's cursors insert text; %b binds one in binary.

    Lists of ``pgvector.HalfVector`` are sent as ``halfvec[]``.
    """
    connection = connections[using]
    connection.ensure_connection()
    session: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(session) as cursor:
        # For this cursor only: Django reads its vectors as text.
        register_halfvec_info(cursor, _halfvec(session))  # type: ignore[arg-type]
        cursor.execute(sql, params)


def _halfvec(session: psycopg.Connection[Any]) -> TypeInfo:
    """Return the type's identifiers in this database, looked up once a session."""
    known = session.adapters.types.get("halfvec") or TypeInfo.fetch(session, "halfvec")
    if known is None:
        raise LookupError("The database has no type halfvec. Install pgvector 0.8 or later, then migrate.")
    session.adapters.types.add(known)
    return known


def catalogue_key(index: Index) -> tuple[str, ...]:
    """Return the key of what this process remembers of an index; databases and tenants never share an entry."""
    connection = index_connection()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # PostgreSQL 18 and later report every change of it, without a statement.
        schema = connection.connection.info.parameter_status("search_path")
    if schema is None:
        [schema] = fetch_one("SELECT current_schema()")
    return index.label, connection.alias, str(connection.settings_dict["NAME"]), str(schema)
