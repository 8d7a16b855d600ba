"""A database of the benchmark's own: made, filled with a made-up catalogue, and dropped at the end."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import InMemoryStorage
from django.db import connection, models
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from xsearch.benchmark.synthetic import Vectors
from xsearch.index.registry import Index, get_index, register, unregister
from xsearch.indexing import spaces, statistics, vector_indexes
from xsearch.models import EmbeddedModel, IndexRecord
from xsearch.search.vectors.calibration import forget_samples
from xsearch.text import tsvector_literal

_CHUNK = 5_000  # rows
_KINDS = ("jacket", "mug", "lamp", "guitar", "boot", "shirt", "chair", "clock", "bag", "scarf")
_COLOURS = ("red", "blue", "green", "black", "white", "yellow")
_MAKERS = 60


class BenchmarkProduct(EmbeddedModel):
    """A made-up product."""

    title = models.CharField(max_length=200)
    colour = models.CharField(max_length=20, db_index=True)
    price = models.IntegerField(db_index=True)
    #: Uniform in [0, 1000): ``bucket < 10`` passes one row of a hundred.
    bucket = models.IntegerField(db_index=True)
    photo = models.FileField(blank=True, storage=InMemoryStorage())

    class Meta:
        app_label = "xsearch"
        managed = False  # no migration knows it

    def __str__(self) -> str:
        return self.title


class BenchmarkIndex(Index):
    """Searched like any shop's products."""

    text = {"A": ["title"], "B": ["colour"]}
    image = "photo"
    filters = ["colour", "price", "bucket"]
    facets = ["colour"]


@contextmanager
def scratch_database() -> Iterator[Index]:
    """Connect to a new, empty database with xsearch's tables and ``BenchmarkProduct``; drop it at the end.

    The user of the shop's database needs the right to create databases, as for Django's tests.
    """
    before, creation = connection.settings_dict["NAME"], connection.creation
    test_settings = connection.settings_dict["TEST"]
    named = test_settings.get("NAME")
    test_settings["NAME"] = f"xsearch_benchmark_{os.getpid()}"
    creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with connection.schema_editor() as editor, _managed(BenchmarkProduct):
            editor.create_model(BenchmarkProduct)
        register(BenchmarkProduct)(BenchmarkIndex)
        _forget_the_other_database()
        vector_indexes.create_text_indexes(using=connection.alias)
        yield get_index(BenchmarkProduct)
    finally:
        unregister(BenchmarkProduct)
        _forget_the_other_database()
        connection.close()
        creation.destroy_test_db(before, verbosity=0)
        test_settings["NAME"] = named


def _forget_the_other_database() -> None:
    ContentType.objects.clear_cache()
    forget_samples()


@contextmanager
def _managed(model: type[models.Model]) -> Iterator[None]:
    """Let Django make the indexes of ``model`` along with its table."""
    model._meta.managed = True
    try:
        yield
    finally:
        model._meta.managed = False


def grow(
    index: Index, source: Vectors, count: int, *, before_indexes: Callable[[], None] = lambda: None
) -> NDArray[np.float32]:
    """Add products until there are ``count``, with vectors of ``source`` in both columns; returns those of the photos.

    They are declared to be the configured encoder's, so that its queries are compared with them.
    """
    present = index.get_queryset().count()
    photos = source.rows(count - present)
    texts = source.near(photos)
    for store in index.stores():
        vector_indexes.drop_vector_index(
            store, store.column
        )  # built at once afterwards, many times faster than row by row
    for start in range(0, len(photos), _CHUNK):
        stop = min(start + _CHUNK, len(photos))
        _copy(present + start + 1, photos[start:stop], texts[start:stop])
    record(index)
    opened = {name: spaces.open_space(index, name, spaces.target_encoder(name)) for name in ("text", "image")}
    before_indexes()
    # The one that photo queries walk.
    vector_indexes.create_vector_indexes(lambda: vector_indexes.columns_in(index, {"image": opened["image"]}))
    statistics.refresh(index)
    with connection.cursor() as cursor:
        cursor.execute(f'VACUUM ANALYZE "{BenchmarkProduct._meta.db_table}"')
    forget_samples()
    return photos


def _copy(first: int, photos: NDArray[np.float32], texts: NDArray[np.float32]) -> None:
    columns = "id, title, colour, price, bucket, photo, search_document, image_embedding, text_embedding"
    types = ["int8", "varchar", "varchar", "int4", "int4", "varchar", "text", "halfvec", "halfvec"]
    connection.ensure_connection()
    register_vector(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE "{BenchmarkProduct._meta.db_table}")')
        cursor.execute("ALTER TABLE incoming ALTER search_document TYPE text")
        with cursor.copy(f"COPY incoming ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for number, photo, text in zip(itertools.count(first), photos, texts, strict=False):
                copy.write_row([*_row(number), HalfVector(photo), HalfVector(text)])
        cursor.execute(
            f'INSERT INTO "{BenchmarkProduct._meta.db_table}" ({columns})'  # noqa: S608 - names of our own
            f" SELECT {columns.replace('search_document', 'search_document::tsvector')} FROM incoming"
        )
        cursor.execute("DROP TABLE incoming")


def _row(number: int) -> Sequence[Any]:
    """Return id, title, colour, price, bucket, photo and document of a product."""
    mixed = number * 2_654_435_761 % 2**32  # Knuth's multiplicative hash: no order in what is numbered
    colour, kind = _COLOURS[mixed % len(_COLOURS)], _KINDS[mixed // 7 % len(_KINDS)]
    title = f"{colour.title()} {kind} by maker{mixed // 91 % _MAKERS}"
    return number, title, colour, mixed // 13 % 500, mixed // 1009 % 1000, "", _document(title, colour)


@cache
def _document(title: str, colour: str) -> str | None:
    return tsvector_literal({"A": [title], "B": [colour]})


def record(index: Index, phrases: Mapping[int, Sequence[str]] | None = None) -> None:
    """Record every product as indexed; ``phrases`` are what they are called."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {IndexRecord._meta.db_table} (content_type_id, object_id, status, revision, forced,"  # noqa: S608
            " source_hashes, fingerprints, phrases, attempts, last_error, marked_at, not_before)"
            " SELECT %s, id::text, 'indexed', 1, false, '{}', '{}', coalesce(%s::jsonb -> id::text, '[]'), 0, '',"
            " now(), now()"
            f" FROM {BenchmarkProduct._meta.db_table} ON CONFLICT DO NOTHING",
            [index.content_type.pk, json.dumps(phrases or {})],
        )
