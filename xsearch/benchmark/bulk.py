"""Bulk indexing of made-up products against what their encoder does by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.files.base import ContentFile

from xsearch.benchmark.photos import photos
from xsearch.benchmark.scratch import BenchmarkProduct, scratch_database
from xsearch.benchmark.throughput import measure_throughput
from xsearch.conf import overridden
from xsearch.indexing import index_pending

_DIFFERENT = 64  # photos; the rest are copies, for drawing takes longer than decoding


def measure_bulk(
    encoders: Mapping[str, dict[str, Any]], products: int, progress: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """Index ``products`` photos and titles with each encoder in turn; see ``measure_throughput``."""
    figures = {}
    for name, spec in encoders.items():
        progress(f"indexing {products} products with {name}")
        embeddings = {"text": "benchmark", "image": "benchmark", "audio": None}
        with overridden({"ENCODERS": {"benchmark": spec}, "EMBEDDINGS": embeddings}), scratch_database() as index:
            _add(products)
            index_pending(index)
            figures[name] = measure_throughput(index, products)
    return figures


def _add(products: int) -> None:
    drawn = list(photos(min(_DIFFERENT, products)))
    for number in range(products):
        product = BenchmarkProduct(title=f"Red jacket model {number}", colour="red", price=number, bucket=0)
        product.photo.save(f"{number}.jpg", ContentFile(drawn[number % len(drawn)]))
