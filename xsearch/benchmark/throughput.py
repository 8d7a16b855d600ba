"""How near bulk indexing comes to the throughput of its encoders."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from xsearch.conf import settings
from xsearch.encoders import get_encoder
from xsearch.index.registry import Index
from xsearch.indexing import index_pending, mark
from xsearch.indexing.encoding import group_size
from xsearch.indexing.inputs import FileRefusedError, collect, read
from xsearch.media import MediaError, load_audio, load_image


def measure_throughput(index: Index, objects: int = 512) -> dict[str, float]:
    """Index up to ``objects`` objects anew, and compare that with their encoders' time for the same contents.

    Returns the counts of objects and photos; ``encoder_s``: what ``encode_batch`` takes for the texts and the
    decoded files, in batches as indexing makes them, the mean of before and after; ``indexing_s``: everything;
    ``share``: the one by the other; ``waited_share``: of the time of indexing, in which the models had nothing
    to do. Index what waits before, or it is counted too. Rows whose vectors come out the same are not written anew.
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
    """Return the seconds that the encoders take for the contents of the objects, without reading and decoding."""
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
    """Yield contents by modality, in groups as the encoders like them, so that only a few are held decoded."""
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
