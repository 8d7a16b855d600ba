"""Measure an encoder under load, with many callers at once: ``python -m tools.measure_encoder ALIAS``."""

from __future__ import annotations

import argparse
import json
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from xsearch.encoders import Encoder, get_encoder


def measure(encoder: Encoder, modality: str, clients: int, requests: int) -> dict[str, float]:
    """Return requests a second, latency in ms and memory in MB; ``clients`` threads encode one item at a time."""
    item: Any = _photo() if modality == "image" else "red jacket"
    encoder.encode_batch(modality, [item])

    def ask(_number: int) -> float:
        started = time.perf_counter()
        encoder.encode_batch(modality, [item])
        return (time.perf_counter() - started) * 1000

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        took_ms = list(pool.map(ask, range(requests)))
    seconds = time.perf_counter() - started
    return {
        "requests_per_s": round(requests / seconds, 1),
        "p50_ms": round(float(np.percentile(took_ms, 50)), 1),
        "p95_ms": round(float(np.percentile(took_ms, 95)), 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _photo() -> Image.Image:
    """Return a photo-sized picture, 420 x 420 pixels."""
    noise = np.random.default_rng(0).integers(0, 255, (420, 420, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def main() -> str:
    """Measure by the arguments of the command line, and return JSON."""
    parser = argparse.ArgumentParser(description="Ask an encoder from several threads for one item at a time.")
    parser.add_argument("alias", help="A key of XSEARCH['ENCODERS']; remote encoders and those of this process.")
    parser.add_argument("--modality", choices=["text", "image"], default="image")
    parser.add_argument("--clients", type=int, default=8, help="Threads.")
    parser.add_argument("--requests", type=int, default=400)
    given = parser.parse_args()
    return json.dumps(measure(get_encoder(given.alias), given.modality, given.clients, given.requests), indent=2)


if __name__ == "__main__":
    import sys

    import django

    django.setup()
    sys.stdout.write(main() + "\n")
