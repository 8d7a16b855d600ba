"""Speed and memory on the catalogue that is in the database."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from xsearch.benchmark.figures import Timing, timed
from xsearch.conf import settings
from xsearch.encoders import get_encoder
from xsearch.index.paths import files
from xsearch.index.registry import Index
from xsearch.indexing import index_pending, mark
from xsearch.indexing.spaces import bound_modalities
from xsearch.media import load_image
from xsearch.search import search

# Runs in a process of its own: the memory of a web worker after its first photo query.
_WORKER = """
import json, os, resource, sys
import django
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[3]
handler = WSGIHandler()
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
started = rss()
from xsearch.index.registry import get_index
from xsearch.search import search
search(get_index(sys.argv[1]).get_queryset(), image=sys.argv[2])
heavy = sorted({"torch", "transformers", "librosa", "scipy"} & set(sys.modules))
print(json.dumps({"started_mb": round(started, 1), "after_photo_query_mb": round(rss(), 1), "heavy_imports": heavy}))
"""


def measure_queries(index: Index, repeats: int, recording: bytes | None = None) -> dict[str, Timing]:
    """Return the times by kind of query, for the catalogue's own words and photos; ``recording`` is a spoken query."""
    samples = list(itertools.islice(_samples(index), repeats))
    photos = [sample for sample in samples if sample["image"]]
    kinds: dict[str, Sequence[dict[str, Any]]] = {
        "text": [{"text": sample["text"]} for sample in samples],
        "photo": [{"image": sample["image"]} for sample in photos],
        "photo + text": photos,
        "voice": [{"audio": recording}] * repeats if recording else [],
    }
    return {
        kind: timed([lambda query=query: search(index.get_queryset(), **query) for query in queries])  # type: ignore[misc]
        for kind, queries in kinds.items()
        if queries
    }


def _samples(index: Index) -> Iterator[dict[str, Any]]:
    """Yield the title and the photo of objects from all over the catalogue."""
    objects = index.get_queryset().order_by("pk")
    step = max(objects.count() // 200, 1)
    for obj in objects[::step]:
        sample: dict[str, Any] = {"text": index.title(obj)[:100], "image": None}
        if file := next((file for path in index.image_paths() for file in files(obj, path)), None):
            with file.storage.open(file.name) as stream:
                sample["image"] = stream.read()
        yield sample


def measure_encoders(index: Index, repeats: int) -> dict[str, Timing]:
    """Return the time to decode and encode one photo, and to encode one text, by the live encoders."""
    samples = list(itertools.islice(_samples(index), repeats))
    photos = [sample["image"] for sample in samples if sample["image"]]
    bound = bound_modalities(index)
    found: dict[str, Timing] = {}
    if "image" in bound:
        encoder = get_encoder(settings.EMBEDDINGS["image"])
        calls = [lambda photo=photo: encoder.encode_batch("image", [load_image(photo)]) for photo in photos]
        found["photo"] = timed(calls) if calls else {}
    if "text" in bound:
        texts = get_encoder(settings.EMBEDDINGS["text"])
        found["text"] = timed([lambda s=sample: texts.encode_batch("text", [s["text"]]) for sample in samples])  # type: ignore[misc]
    return found


def measure_indexing(index: Index) -> Mapping[str, float]:
    """Index the whole catalogue again in this process; return objects, seconds and objects a second."""
    mark(index.get_queryset(), forced=True, dispatch=False)
    started = time.perf_counter()
    report = index_pending(index)
    seconds = time.perf_counter() - started
    counts = {"objects": report.handled, "failed": report.failed}
    return {**counts, "seconds": round(seconds, 2), "objects_per_s": round(report.handled / max(seconds, 1e-9), 1)}


def measure_memory(index: Index, photo: bytes, folder: str) -> dict[str, Any]:
    """Return the resident memory in MB of a fresh process at its start and after its first photo query."""
    path = Path(folder, "photo")
    path.write_bytes(photo)
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-W", "ignore", "-c", _WORKER, index.label, str(path), database]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def first_photo(index: Index) -> bytes | None:
    """Return the first photo of the catalogue."""
    return next((sample["image"] for sample in _samples(index) if sample["image"]), None)
