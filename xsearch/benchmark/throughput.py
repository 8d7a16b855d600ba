"""Bulk indexing compared with the throughput of the encoders alone."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.core.files.base import ContentFile

from xsearch.benchmark.scratch import BenchmarkProduct, EncoderSpec, configured, made_up_photos, scratch_database
from xsearch.conf import settings
from xsearch.encoders import get_encoder
from xsearch.index.registry import Index
from xsearch.indexing import index_pending, mark
from xsearch.indexing.encoding import group_size
from xsearch.indexing.inputs import FileRefusedError, collect, read
from xsearch.media import MediaError, load_audio, load_image

_DIFFERENT = 64  # photos


def measure_bulk(
    encoders: Mapping[str, EncoderSpec], products: int, progress: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """Index ``products`` photos and titles with each encoder in turn, see ``measure_throughput``."""
    figures = {}
    for name, spec in encoders.items():
        progress(f"indexing {products} products with {name}")
        with configured(spec), scratch_database() as index:
            # Some photos are copies, because drawing takes longer than decoding.
            drawn = list(made_up_photos(min(_DIFFERENT, products)))
            for number in range(products):
                product = BenchmarkProduct(title=f"Red jacket model {number}", colour="red", price=number, bucket=0)
                product.photo.save(f"{number}.jpg", ContentFile(drawn[number % len(drawn)]))
            index_pending(index)
            figures[name] = measure_throughput(index, products)
    return figures


def measure_throughput(index: Index, objects: int = 512) -> dict[str, float]:
    """Index up to ``objects`` objects again, and compare the time with that of their encoders for the same contents.

    Returns the counts of objects and photos; ``encoder_s``: the time of ``encode_batch`` for the texts and the
    decoded files, in the batches of indexing, the mean of before and after; ``indexing_s``: the time of indexing;
    ``share``: ``encoder_s`` by ``indexing_s``; ``waited_share``: the share of ``indexing_s`` in which the models
    were idle. Index what is pending before, or it is counted too. Rows whose vectors do not change are not rewritten.
    """
    keys = list(index.get_queryset().order_by("pk").values_list("pk", flat=True)[:objects])
    before_s = _encode(index, keys)
    mark(index.get_queryset().filter(pk__in=keys), forced=True, dispatch=False)
    started = time.perf_counter()
    report = index_pending(index)
    indexing_s = max(time.perf_counter() - started, 1e-9)
    encoder_s = (before_s + _encode(index, keys)) / 2
    return {
        "objects": report.handled,
        "photos": report.photos,
        "encoder_s": round(encoder_s, 3),
        "indexing_s": round(indexing_s, 3),
        "share": round(encoder_s / indexing_s, 3),
        "waited_share": round(report.encoder_waited_s / indexing_s, 3),
    }


def _encode(index: Index, keys: Sequence[Any]) -> float:
    """Return the seconds that the encoders need for the contents of the objects, without reading and decoding."""
    total_s = 0.0
    warm = set()
    for modality, group in _groups(index, keys):
        encoder = get_encoder(settings.EMBEDDINGS[modality])
        if modality not in warm:
            encoder.encode_batch(modality, group)
            warm.add(modality)
        started = time.perf_counter()
        encoder.encode_batch(modality, group)
        total_s += time.perf_counter() - started
    return total_s


def _groups(index: Index, keys: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield contents by modality, in groups of the encoders' batch size, so that few are in memory."""
    waiting: dict[str, list[Any]] = defaultdict(list)
    for obj in index.get_queryset().filter(pk__in=keys).iterator(chunk_size=64):
        for modality, content in _contents(index, obj):
            waiting[modality].append(content)
            if len(waiting[modality]) >= group_size(modality, get_encoder(settings.EMBEDDINGS[modality])):
                yield modality, waiting.pop(modality)
    yield from waiting.items()


def _contents(index: Index, obj: Any) -> Iterator[tuple[str, Any]]:
    inputs = collect(index, obj)
    if inputs.text and settings.EMBEDDINGS.get("text"):
        yield "text", inputs.text
    for media in inputs.files:
        modality = media.store.modality
        try:
            content = read(media)
            yield modality, load_image(content) if modality == "image" else load_audio(content)
        except (FileRefusedError, MediaError, OSError):
            continue  # indexing reports it
