"""How long a swap of vectors takes, and how long it holds up a customer and a shop owner who are at work meanwhile."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connection

from xsearch.benchmark.scale import DIMENSION
from xsearch.benchmark.scratch import BenchmarkProduct, grow, scratch_database
from xsearch.benchmark.stand_in import standing_in
from xsearch.benchmark.synthetic import Vectors
from xsearch.benchmark.timing import Timing, elapsed_ms, percentiles
from xsearch.index.registry import Index
from xsearch.indexing import rebuild, vector_indexes
from xsearch.indexing.columns import column_set, create_staged_columns, exclusive_access
from xsearch.indexing.spaces import live_spaces
from xsearch.models import EncoderSpace
from xsearch.search.comparison import Wanted
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.examples import mean_vectors
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.parts import example_parts

_APART_S = 0.5  # seconds between two swaps
_MODALITY = "image"


def measure_swap(size: int, repeats: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the times of swaps there and back among ``size`` products, and of what others do at the same time."""
    with standing_in(DIMENSION), scratch_database() as index:
        progress(f"{size} products with vectors of two spaces")
        grow(index, Vectors(DIMENSION), size, before_indexes=lambda: _fill_beside(index))
        others: dict[str, list[float]] = {"search": [], "save": []}
        with _at_work(index, others):
            locked = []
            for _ in range(repeats):
                time.sleep(_APART_S)
                locked.append(_swap(index))
        found = {name: _with_longest(times) for name, times in others.items()}
        return {"products": size, "locked": _with_longest(locked), **found}


def _fill_beside(index: Index) -> None:
    """Keep the vectors a second time, as if another encoder had made them."""
    columns = column_set(index, _MODALITY)
    with exclusive_access(columns) as [space]:
        create_staged_columns(columns.stores, "benchmark: next")
        facts = {"fingerprint": "benchmark: next", "dimension": space.dimension, "spec": space.spec}
        space.beside = {**facts, "state": EncoderSpace.Beside.NEXT}
        space.save()
    [store] = columns.stores
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{store.table}" SET "{store.beside}" = "{store.column}"')  # noqa: S608
    vector_indexes.create_vector_indexes(lambda: [(store, store.beside, DIMENSION)])


def _swap(index: Index) -> float:
    """Swap, however often that gives way first; returns for how many milliseconds the table was locked."""
    space = live_spaces(index)[_MODALITY]
    while (locked_ms := rebuild.swap_columns(column_set(index, _MODALITY), space, EncoderSpace.Beside.FORMER)) is None:
        continue
    return locked_ms


@contextmanager
def _at_work(index: Index, times: dict[str, list[float]]) -> Iterator[None]:
    """Search and save in two threads, again and again; notes how long each took, in milliseconds."""
    done = threading.Event()
    products = list(BenchmarkProduct._default_manager.order_by("pk")[:50])

    def look(product: BenchmarkProduct) -> None:
        spaces = {_MODALITY: live_spaces(index)[_MODALITY]}
        parts = example_parts(index, "like", mean_vectors(index, [product], spaces), spaces)
        with suppress(SpaceSwapped):  # a search begins anew then
            retrieve(Wanted(index, parts, None), index.get_queryset(), [])

    def save(product: BenchmarkProduct) -> None:
        BenchmarkProduct._default_manager.filter(pk=product.pk).update(price=product.price + 1)

    def repeat(action: Callable[[BenchmarkProduct], None], noted: list[float]) -> None:
        for product in itertools.cycle(products):
            if done.is_set():
                break
            noted.append(elapsed_ms(lambda product=product: action(product)))  # type: ignore[misc]
        connection.close()

    threads = [
        threading.Thread(target=repeat, args=(action, times[name]))
        for name, action in (("search", look), ("save", save))
    ]
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
