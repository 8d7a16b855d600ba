"""Vectors and documents of many rows, written by one statement each."""

from __future__ import annotations

import struct
import weakref
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import connection, models
from psycopg.adapt import Dumper
from psycopg.pq import Format

from xsearch.index.stores import Store
from xsearch.indexing.batch import Vector

_DOCUMENT = "search_document"

#: Column → value of one row: a vector, the literal of a document, or None to clear it.
Values = dict[str, Any]


class RowChanges:
    """What is to become of the rows of the embedding tables, collected so that each row is written once.

    Every new version of a row costs an entry in every index of the table, the HNSW ones included.
    """

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str, str], dict[str, Values]] = defaultdict(lambda: defaultdict(dict))

    def set(self, store: Store, row_key: Any, column: str, value: Any) -> None:
        """Note the new value of a column; ``row_key`` is an object's key, or that of a photo row."""
        self._tables[_table(store)][str(row_key)][column] = value

    def write(self) -> None:
        """Write everything; rows that have the same columns to write, and the same table, go together."""
        for (table, key, key_type), rows in self._tables.items():
            alike: dict[tuple[str, ...], dict[str, Values]] = defaultdict(dict)
            for row_key, values in rows.items():
                alike[tuple(sorted(values))][row_key] = values
            for columns, group in alike.items():
                _update(table, key, key_type, columns, group)


def _table(store: Store) -> tuple[str, str, str]:
    """Return the name of the table, and of the column by which ``RowChanges.set`` names rows, with its type."""
    by_row = not store.link or store.many
    field: models.Field[Any, Any] = store.owner._meta.pk if by_row else store.owner._meta.get_field(store.link)  # type: ignore[assignment]
    return store.table, str(field.column), str(field.db_type(connection))


def _update(table: str, key: str, key_type: str, columns: Sequence[str], rows: Mapping[str, Values]) -> None:
    types = {column: "text" if column == _DOCUMENT else "halfvec" for column in columns}
    made = {c: f"made.{c}::tsvector" if c == _DOCUMENT else f"made.{c}" for c in columns}
    arrays = "".join(f", %s::{types[column]}[]" for column in columns)
    assignments = ", ".join(f'"{column}" = {made[column]}' for column in columns)
    changes = " OR ".join(f'stored."{column}" IS DISTINCT FROM {made[column]}' for column in columns)
    sql = (
        f'UPDATE "{table}" AS stored SET {assignments}'  # noqa: S608
        f" FROM unnest(%s::text[]{arrays}) AS made(key, {', '.join(columns)})"
        # What is the same already is left: a new version of the row would cost as much as a change.
        f' WHERE stored."{key}" = made.key::{key_type} AND ({changes})'
    )
    values = [_array([row[column] for row in rows.values()], column) for column in columns]
    execute_binary(sql, [list(rows), *values])


def _array(values: Sequence[Any], column: str) -> Any:
    return list(values) if column == _DOCUMENT else HalfVectors(values)


class HalfVectors:
    """Vectors as a parameter of type ``halfvec[]``, sent in PostgreSQL's binary format."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self.vectors = vectors

    def binary(self, element_oid: int) -> bytes:
        """Return the array as ``array_recv`` reads it: dimensions, NULL flag, element type, length, first index."""
        head = struct.pack("!iiIii", 1, 1, element_oid, len(self.vectors), 1)
        return head + b"".join(self._elements())

    def _elements(self) -> Iterator[bytes]:
        for vector in self.vectors:
            if vector is None:
                yield struct.pack("!i", -1)
            else:
                yield struct.pack("!iHH", 4 + 2 * len(vector), len(vector), 0)  # as pgvector's halfvec_recv reads it
                yield np.asarray(vector, dtype=">f2").tobytes()


def execute_binary(sql: str, params: Sequence[Any]) -> None:
    """Execute ``sql`` with parameters beside it, not in it: Django's cursors write them out as text."""
    connection.ensure_connection()
    session = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(session) as cursor:
        cursor.adapters.register_dumper(HalfVectors, _dumper(session))
        cursor.execute(sql, params)


_halfvec_oids: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # by session


def _dumper(session: Any) -> type[Dumper]:
    if session not in _halfvec_oids:
        with psycopg.Cursor(session) as cursor:
            _halfvec_oids[session] = cursor.execute("SELECT 'halfvec'::regtype::oid").fetchall()[0][0]
    element_oid = _halfvec_oids[session]

    class HalfVectorsDumper(Dumper):
        format = Format.BINARY

        def dump(self, obj: HalfVectors) -> bytes:
            return obj.binary(element_oid)

    return HalfVectorsDumper
