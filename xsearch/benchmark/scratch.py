"""A made-up catalogue of any size, in a database of its own: products, photos, vectors, and a stand-in encoder."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, ClassVar

import numpy as np
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import InMemoryStorage
from django.db import connection, models
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from PIL import Image, ImageDraw, ImageFilter

from xsearch.conf import overridden
from xsearch.encoders import Encoder, encoder_from_spec
from xsearch.encoders.base import Vectors
from xsearch.index.registry import Index, get_index, register, unregister
from xsearch.indexing import spaces, statistics, vector_indexes
from xsearch.models import EmbeddedModel, IndexRecord
from xsearch.search.vectors.calibration import forget_samples
from xsearch.text import tsvector_literal

_ROWS = 5_000  # written at once
_KINDS = ("jacket", "mug", "lamp", "guitar", "boot", "shirt", "chair", "clock", "bag", "scarf")
_COLOURS = ("red", "blue", "green", "black", "white", "yellow")
_MAKERS = 60
_CLUSTERS = 200  # kinds of product
_LATENT = 24  # intrinsic dimension within a kind; estimates for photo embeddings lie between 15 and 40
_SPREAD = 0.55  # of the members around their kind's centre, in units of the centre's length
_NOISE = 0.15  # without structure
_MADE_AT_ONCE = 10_000  # rows
_SAME_PRODUCT = 0.25  # distance of another photo of the same product

EncoderSpec = dict[str, Any]


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
        managed = False  # it has no migration

    def __str__(self) -> str:
        return self.title


class BenchmarkIndex(Index):
    """The index of the made-up products."""

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
    index: Index, source: SyntheticVectors, count: int, *, before_indexes: Callable[[], None] = lambda: None
) -> NDArray[np.float32]:
    """Add products until there are ``count``, with vectors of ``source`` in both columns; return the photos' vectors.

    The vectors are recorded as the configured encoder's, so that queries are compared with them.
    """
    present = index.get_queryset().count()
    photos = source.rows(count - present)
    texts = source.near(photos)
    for store in index.stores():
        # Building it at once afterwards is many times faster than row by row.
        vector_indexes.drop_vector_index(store, store.column)
    for start in range(0, len(photos), _ROWS):
        _copy(present + start + 1, photos[start : start + _ROWS], texts[start : start + _ROWS])
    record(index)
    opened = {name: spaces.open_space(index, name, spaces.target_encoder(name)) for name in ("text", "image")}
    before_indexes()
    # Photo queries walk this one only.
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
    mixed = number * 2_654_435_761 % 2**32  # Knuth's multiplicative hash: neighbours differ
    colour, kind = _COLOURS[mixed % len(_COLOURS)], _KINDS[mixed // 7 % len(_KINDS)]
    title = f"{colour.title()} {kind} by maker{mixed // 91 % _MAKERS}"
    return number, title, colour, mixed // 13 % 500, mixed // 1009 % 1000, "", _document(title, colour)


@cache
def _document(title: str, colour: str) -> str | None:
    return tsvector_literal({"A": [title], "B": [colour]})


def record(index: Index, phrases: Mapping[int, Sequence[str]] | None = None) -> None:
    """Record every product as indexed; ``phrases`` are their names by primary key."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {IndexRecord._meta.db_table} (content_type_id, object_id, status, revision, forced,"  # noqa: S608
            " source_hashes, fingerprints, phrases, attempts, last_error, marked_at, not_before)"
            " SELECT %s, id::text, 'indexed', 1, false, '{}', '{}', coalesce(%s::jsonb -> id::text, '[]'), 0, '',"
            " now(), now()"
            f" FROM {BenchmarkProduct._meta.db_table} ON CONFLICT DO NOTHING",
            [index.content_type.pk, json.dumps(phrases or {})],
        )


class SyntheticVectors:
    """A reproducible source of unit vectors with the structure of real embeddings, and of queries near them.

    Real embeddings are clustered, of low intrinsic dimension and unevenly dense.
    """

    def __init__(self, dimension: int, seed: int = 0) -> None:
        rng = self._rng = np.random.default_rng(seed)
        self.dimension = dimension
        self._centres = _unit(rng.normal(size=(_CLUSTERS, dimension)))
        self._axes = rng.normal(size=(_CLUSTERS, _LATENT, dimension))
        sizes = rng.pareto(1.2, _CLUSTERS) + 0.2  # few kinds have many products
        self._shares = sizes / sizes.sum()

    def rows(self, count: int) -> Vectors:
        """Return vectors of products, shape (count, dimension), unit length."""
        parts = [self._rows(min(_MADE_AT_ONCE, count - start)) for start in range(0, count, _MADE_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _rows(self, count: int) -> Vectors:
        kinds = self._rng.choice(_CLUSTERS, count, p=self._shares)
        latent = self._rng.normal(size=(count, _LATENT)) / np.sqrt(_LATENT)
        within = np.empty((count, self.dimension))
        for kind in np.unique(kinds):
            members = kinds == kind
            within[members] = latent[members] @ self._axes[kind]
        noise = self._rng.normal(size=(count, self.dimension)) / np.sqrt(self.dimension)
        return _unit(self._centres[kinds] + _SPREAD * _unit(within) + _NOISE * noise)

    def near(self, rows: Vectors) -> Vectors:
        """Return a query near each of ``rows``, like another photo of the same product."""
        noise = self._rng.normal(size=rows.shape) / np.sqrt(self.dimension)
        return _unit(rows + _SAME_PRODUCT * noise)


def _unit(vectors: NDArray[np.float64]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def made_up_photos(count: int) -> Iterator[bytes]:
    """Yield JPEGs of 800 × 600 pixels with about as much detail as customers' photos."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        image = Image.new("RGB", (800, 600), tuple(int(c) for c in rng.integers(120, 255, 3)))
        draw = ImageDraw.Draw(image)
        for _ in range(40):
            x, y, width, height = (int(v) for v in rng.integers(0, 500, 4))
            draw.ellipse((x, y, x + width // 2, y + height // 2), fill=tuple(int(c) for c in rng.integers(0, 255, 3)))
        stream = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(2)).save(stream, "JPEG", quality=85)
        yield stream.getvalue()


class StandIn(Encoder):
    """Take the time of the encoder of ``spec``, if any, and return the next of ``answers`` as the vector.

    The speed of an index walk depends on whether the query lies among the stored vectors, and the vectors of
    a made-up catalogue have nothing to do with those of real photos.
    """

    modalities = frozenset({"text", "image"})
    fingerprint = "benchmark"
    #: Query vectors, shape (n, dimension), answered in turn.
    answers: ClassVar[Iterator[NDArray[np.float32]]] = iter(())

    def __init__(self, dimension: int, spec: EncoderSpec | None = None) -> None:
        self.dimension = dimension
        self._real = encoder_from_spec(spec) if spec else None

    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Run the real encoder, discard its vectors, and return the next answers."""
        if self._real:
            self._real.encode_batch(modality, items)
        return np.stack([next(StandIn.answers) for _ in items])


def standing_in(dimension: int, spec: EncoderSpec | None = None) -> AbstractContextManager[None]:
    """Configure a stand-in as the encoder of texts and photos."""
    backend = f"{StandIn.__module__}.{StandIn.__qualname__}"
    return configured({"BACKEND": backend, "OPTIONS": {"dimension": dimension, "spec": spec}})


def configured(spec: EncoderSpec) -> AbstractContextManager[None]:
    """Configure the encoder of ``spec`` for texts and photos."""
    embeddings = {"text": "benchmark", "image": "benchmark", "audio": None}
    return overridden({"ENCODERS": {"benchmark": spec}, "EMBEDDINGS": embeddings})
