"""Search over made-up catalogues of growing size: photo queries, and walks through the index against exact scans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.db.models import FloatField, Value
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from xsearch.benchmark.photos import photos
from xsearch.benchmark.scratch import grow, scratch_database
from xsearch.benchmark.stand_in import answer_with, standing_in
from xsearch.benchmark.synthetic import Vectors
from xsearch.benchmark.timing import elapsed_ms, percentiles, sql_time_ms
from xsearch.encoders import encoder_from_spec
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import Index
from xsearch.indexing.spaces import live_spaces
from xsearch.media import load_image
from xsearch.models import EncoderSpace
from xsearch.search import SearchResults, search
from xsearch.search.compiled_query import Wanted
from xsearch.search.expressions import CosineDistance
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.parts import VectorPart

DIMENSION = 512
#: Of ``bucket``, which is uniform in [0, 1000): the share of the rows that pass.
SHARES = {"100 %": 1000, "10 %": 100, "1 %": 10, "0.1 %": 1}
_DEPTH = 10
_COUNTED = 20  # searches
_ALLOWED_MS = 10.0  # what a photo query may take beside 1.25 times the encoder's time

Spec = dict[str, Any]
Figures = dict[str, Any]


def measure_growth(
    sizes: Sequence[int], encoders: dict[str, Spec], repeats: int, progress: Callable[[str], None]
) -> Figures:
    """Return photo queries by size and encoder, and at the largest size the walks by filter."""
    figures: Figures = {"photo_query": {}, "walk": {}}
    source = Vectors(DIMENSION)
    with standing_in(DIMENSION), scratch_database() as index:
        for size in sorted(sizes):
            progress(f"{size} products")
            rows = grow(index, source, size)
            queries = source.near(rows[-min(repeats, len(rows)) :])
            figures["walk"][str(size)] = {name: _walks(index, queries, below) for name, below in SHARES.items()}
            for name, spec in encoders.items():
                figures["photo_query"].setdefault(name, {})[str(size)] = _photo_queries(index, queries, spec)
    return figures


def _photo_queries(index: Index, queries: NDArray[np.float32], spec: Spec) -> Figures:
    """Return the time of the encoder alone and of a whole search, measured in turn, and of counting all there are.

    ``right_first`` is the share of the searches that have the product first beside which the query lies: of ``queries``
    those are the last products.
    """
    encoder, pictures = encoder_from_spec(spec), list(photos(len(queries)))
    meant = list(index.get_queryset().order_by("-pk").values_list("pk", flat=True)[: len(queries)])[::-1]
    alone, whole, sql = [], [], []
    found: list[SearchResults] = []
    with standing_in(DIMENSION, spec):
        EncoderSpace.objects.update(spec=encoder_spec("benchmark"))
        answer_with(queries)
        search(index.get_queryset(), image=pictures[0])
        answer_with(queries)
        for photo in pictures:
            image = load_image(photo)
            alone.append(elapsed_ms(lambda image=image: encoder.encode_batch("image", [image])))  # type: ignore[misc]
            with sql_time_ms() as statements:
                whole.append(elapsed_ms(lambda photo=photo: found.append(search(index.get_queryset(), image=photo))))  # type: ignore[misc]
            sql.append(sum(statements))
    right = [bool(each.hits) and each.hits[0].object.pk == key for each, key in zip(found, meant, strict=True)]
    bar_ms = percentiles(alone)["p95_ms"] * 1.25 + _ALLOWED_MS
    return {
        "encoder": percentiles(alone),
        "search": percentiles(whole),
        "sql": percentiles(sql),
        "total": percentiles([elapsed_ms(lambda each=each: each.total) for each in found[:_COUNTED]]),  # type: ignore[misc]
        "right_first": float(np.mean(right)),
        "bar_ms": round(bar_ms, 2),
        "passed": percentiles(whole)["p95_ms"] <= bar_ms,
    }


def _walks(index: Index, queries: NDArray[np.float32], below: int) -> Figures:
    """Return the recall of what a search retrieves, against an exact scan, and its time in the database."""
    objects = index.get_queryset()
    objects = objects.filter(bucket__lt=below) if below < max(SHARES.values()) else objects
    stores, space = tuple(index.stores_for("image")), live_spaces(index)["image"]
    found, times = [], []
    for vector in queries:
        wanted = Wanted(index, [VectorPart("image", "image", vector, space, stores)], None)
        with sql_time_ms() as statements:
            evidence = retrieve(wanted, objects, [])
        times.append(sum(statements))
        found.append({evidence.keys[place] for place in np.argsort(-evidence.columns["image:image"])[:_DEPTH]})
    # Only now, for exact scans drive what walks need out of the database's cache.
    exact = [_exact(objects, vector) for vector in queries]
    recalls = [len(keys & others) / max(len(keys), 1) for keys, others in zip(exact, found, strict=True)]
    return {"recall@10": round(float(np.mean(recalls)), 4), **percentiles(times), "candidates": len(evidence)}


def _exact(objects: Any, vector: NDArray[np.float32]) -> set[Any]:
    distance = Coalesce(CosineDistance("image_embedding", vector), Value(2.0), output_field=FloatField())
    return set(objects.order_by(distance).values_list("pk", flat=True)[:_DEPTH])
