"""Search over made-up catalogues of growing size: photo queries, index walks against exact scans, swaps of vectors."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import FloatField, Value
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from xsearch.benchmark.figures import Figures, Timing, elapsed_ms, percentiles, sql_time_ms
from xsearch.benchmark.scratch import (
    BenchmarkProduct,
    EncoderSpec,
    StandIn,
    SyntheticVectors,
    grow,
    made_up_photos,
    scratch_database,
    standing_in,
)
from xsearch.encoders import encoder_from_spec
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import Index
from xsearch.indexing import rebuild, vector_indexes
from xsearch.indexing.columns import column_set, create_staged_columns, exclusive_access
from xsearch.indexing.spaces import live_spaces
from xsearch.media import load_image
from xsearch.models import EncoderSpace
from xsearch.search import SearchResults, search
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.expressions import CosineDistance
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.examples import mean_vectors
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.query_vectors import VectorPart, example_parts

DIMENSION = 512
#: Of ``bucket``, which is uniform in [0, 1000): the share of the rows that pass.
SHARES = {"100 %": 1000, "10 %": 100, "1 %": 10, "0.1 %": 1}
_DEPTH = 10
_APART_S = 0.5  # seconds between two swaps
_SWAPPED = "image"
_COUNTED = 20  # searches
_ALLOWED_MS = 10.0  # of a photo query, in addition to 1.25 times the encoder's time


def measure_growth(
    sizes: Sequence[int], encoders: dict[str, EncoderSpec], repeats: int, progress: Callable[[str], None]
) -> Figures:
    """Return the times of photo queries by encoder and size, and of index walks by size and filter."""
    figures: Figures = {"photo_query": {}, "walk": {}}
    source = SyntheticVectors(DIMENSION)
    with standing_in(DIMENSION), scratch_database() as index:
        for size in sorted(sizes):
            progress(f"{size} products")
            rows = grow(index, source, size)
            queries = source.near(rows[-min(repeats, len(rows)) :])
            figures["walk"][str(size)] = {name: _walks(index, queries, below) for name, below in SHARES.items()}
            for name, spec in encoders.items():
                figures["photo_query"].setdefault(name, {})[str(size)] = _photo_queries(index, queries, spec)
    return figures


def _photo_queries(index: Index, queries: NDArray[np.float32], spec: EncoderSpec) -> Figures:
    """Return the times of the encoder alone and of whole searches, measured in turn, and of counting the total.

    ``right_first`` is the share of the searches whose first hit is the product near the query. The ``queries`` lie
    near the last products.
    """
    encoder, pictures = encoder_from_spec(spec), list(made_up_photos(len(queries)))
    meant = list(index.get_queryset().order_by("-pk").values_list("pk", flat=True)[: len(queries)])[::-1]
    alone, whole, sql = [], [], []
    found: list[SearchResults] = []
    with standing_in(DIMENSION, spec):
        EncoderSpace.objects.update(spec=encoder_spec("benchmark"))
        StandIn.answers = itertools.cycle(queries)
        search(index.get_queryset(), image=pictures[0])
        StandIn.answers = itertools.cycle(queries)
        for photo in pictures:
            image = load_image(photo)
            alone.append(elapsed_ms(lambda image=image: encoder.encode_batch("image", [image])))  # type: ignore[misc]
            with sql_time_ms() as statements:
                whole.append(elapsed_ms(lambda photo=photo: found.append(search(index.get_queryset(), image=photo))))  # type: ignore[misc]
            sql.append(sum(statements))
    right = [bool(each.hits) and each.hits[0].object.pk == key for each, key in zip(found, meant, strict=True)]
    encoder_times, search_times = percentiles(alone), percentiles(whole)
    bar_ms = encoder_times["p95_ms"] * 1.25 + _ALLOWED_MS
    return {
        "encoder": encoder_times,
        "search": search_times,
        "sql": percentiles(sql),
        "total": percentiles([elapsed_ms(lambda each=each: each.total) for each in found[:_COUNTED]]),  # type: ignore[misc]
        "right_first": float(np.mean(right)),
        "bar_ms": round(bar_ms, 2),
        "passed": search_times["p95_ms"] <= bar_ms,
    }


def _walks(index: Index, queries: NDArray[np.float32], below: int) -> Figures:
    """Return the recall of retrieval against an exact scan, and its time in the database."""
    objects = index.get_queryset()
    objects = objects.filter(bucket__lt=below) if below < max(SHARES.values()) else objects
    found, times = [], []
    for vector in queries:
        context = SearchContext(index, objects.db)
        part = VectorPart("image", "image", vector, context.spaces["image"], context.stores_for("image"))
        with sql_time_ms() as statements:
            scores = retrieve(context, CompiledQuery([part], None), objects)
        times.append(sum(statements))
        found.append({scores.keys[place] for place in np.argsort(-scores.columns["image:image"])[:_DEPTH]})
    # Exact scans come last: they evict the index from the database's cache.
    recalls = []
    for vector, others in zip(queries, found, strict=True):
        distance = Coalesce(CosineDistance("image_embedding", vector), Value(2.0), output_field=FloatField())
        keys = set(objects.order_by(distance).values_list("pk", flat=True)[:_DEPTH])
        recalls.append(len(keys & others) / max(len(keys), 1))
    return {"recall@10": round(float(np.mean(recalls)), 4), **percentiles(times), "candidates": len(scores)}


def measure_swap(size: int, repeats: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the times of swaps among ``size`` products, and of searches and saves at the same time."""
    with standing_in(DIMENSION), scratch_database() as index:
        progress(f"{size} products with vectors of two spaces")
        grow(index, SyntheticVectors(DIMENSION), size, before_indexes=lambda: _fill_beside(index))
        others: dict[str, list[float]] = {"search": [], "save": []}
        with _at_work(index, others):
            locked = []
            for _ in range(repeats):
                time.sleep(_APART_S)
                locked.append(_swap(index))
        found = {name: _with_longest(times) for name, times in others.items()}
        return {"products": size, "locked": _with_longest(locked), **found}


def _fill_beside(index: Index) -> None:
    """Store the vectors a second time, as if another encoder had made them."""
    columns = column_set(index, _SWAPPED)
    with exclusive_access(columns) as [space]:
        create_staged_columns(columns.stores, "benchmark: next")
        facts = {"fingerprint": "benchmark: next", "dimension": space.dimension, "spec": space.spec}
        space.beside = {**facts, "state": EncoderSpace.StagedState.NEXT}
        space.save()
    [store] = columns.stores
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{store.table}" SET "{store.staged_column}" = "{store.column}"')  # noqa: S608
    vector_indexes.create_vector_indexes(lambda: [(store, store.staged_column, DIMENSION)])


def _swap(index: Index) -> float:
    """Swap, and try again until it succeeds; return for how many milliseconds the table was locked."""
    space = live_spaces(index)[_SWAPPED]
    while (
        locked_ms := rebuild.swap_columns(column_set(index, _SWAPPED), space, EncoderSpace.StagedState.FORMER)
    ) is None:
        continue
    return locked_ms


@contextmanager
def _at_work(index: Index, times: dict[str, list[float]]) -> Iterator[None]:
    """Search and save in two threads, again and again; append the milliseconds of each to ``times``."""
    done = threading.Event()
    products = list(BenchmarkProduct._default_manager.order_by("pk")[:50])

    def look(product: BenchmarkProduct) -> None:
        context = SearchContext(index, "default")
        vectors = mean_vectors(context, [product])
        parts = example_parts(context, "like", {_SWAPPED: vectors[_SWAPPED]} if _SWAPPED in vectors else {})
        with suppress(SpaceSwapped):  # a search starts again then
            retrieve(context, CompiledQuery(parts, None), index.get_queryset())

    def save(product: BenchmarkProduct) -> None:
        BenchmarkProduct._default_manager.filter(pk=product.pk).update(price=product.price + 1)

    def repeat(action: Callable[[BenchmarkProduct], None], noted: list[float]) -> None:
        for product in itertools.cycle(products):
            if done.is_set():
                break
            noted.append(elapsed_ms(lambda product=product: action(product)))  # type: ignore[misc]
        connection.close()

    actions = {"search": look, "save": save}
    threads = [threading.Thread(target=repeat, args=(action, times[name])) for name, action in actions.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _with_longest(times_ms: list[float]) -> Timing:
    return {**percentiles(times_ms), "longest_ms": round(max(times_ms), 2)}
