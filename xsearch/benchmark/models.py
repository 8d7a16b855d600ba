"""Encoders compared on this machine: torch, and the same model exported in full precision and in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.benchmark.bar import at_least
from xsearch.benchmark.photos import photos
from xsearch.benchmark.timing import elapsed_ms
from xsearch.encoders import Encoder, encoder_from_spec
from xsearch.media import load_image

BATCHES = (1, 8)
THREADS = 2
_ROUNDS = 12
#: One photo, and photos in batches of eight: how many times faster than torch eight-bit weights are to be.
BARS = {1: 3.0, 8: 2.5}
_LEAST_COSINE = 0.98

Figures = dict[str, Any]
Spec = dict[str, Any]


def measure_models(
    shapes: Mapping[str, Callable[[Path], Path]], folder: Path, progress: Callable[[str], None]
) -> tuple[Figures, dict[str, Spec]]:
    """Return figures by shape, and the specs of the eight-bit exports and of torch, which lie in ``folder``."""
    figures: Figures = {}
    exported: dict[str, Spec] = {}
    for name, make in shapes.items():
        progress(f"{name}: making and exporting it")
        specs = _specs(make(folder / _plain(name)), folder)
        progress(f"{name}: measuring")
        figures[name] = _compare({kind: encoder_from_spec(spec) for kind, spec in specs.items()})
        exported |= {f"{name} {kind}": specs[kind] for kind in ("onnx int8", "torch fp32")}
    return figures, exported


def _plain(name: str) -> str:
    return name.replace("/", "-").lower()


def _specs(checkpoint: Path, folder: Path) -> dict[str, Spec]:
    from xsearch.checkpoints.local import locate
    from xsearch.export import export_checkpoint

    torch = {"model": str(checkpoint), "device": "cpu", "dtype": "float32", "threads": THREADS}
    specs = {"torch fp32": {"BACKEND": "xsearch.encoders.transformers.TransformersEncoder", "OPTIONS": torch}}
    for precision in ("fp32", "int8"):
        path = folder / f"{checkpoint.name}-{precision}"
        export_checkpoint(locate(str(checkpoint)), path, precision)
        options = {"path": str(path), "threads": THREADS}
        specs[f"onnx {precision}"] = {"BACKEND": "xsearch.encoders.onnx.OnnxEncoder", "OPTIONS": options}
    return specs


def _compare(encoders: Mapping[str, Encoder]) -> Figures:
    images = [load_image(photo) for photo in photos(max(BATCHES))]
    vectors = {kind: encoder.encode_batch("image", images) for kind, encoder in encoders.items()}
    times = {batch: _in_turns(encoders, images[:batch]) for batch in BATCHES}
    reference = "torch fp32"
    found: Figures = {
        kind: {
            "cosine_to_torch": round(float((vectors[kind] * vectors[reference]).sum(axis=1).min()), 5),
            **{f"photo_ms_in_{batch}": round(times[batch][kind] / batch, 2) for batch in BATCHES},
            **{f"times_torch_in_{batch}": round(times[batch][reference] / times[batch][kind], 2) for batch in BATCHES},
        }
        for kind in encoders
    }
    return found


def _in_turns(encoders: Mapping[str, Encoder], images: Sequence[Any]) -> dict[str, float]:
    """Return the median milliseconds of each, measured one after the other, again and again: machines are noisy."""
    rounds: dict[str, list[float]] = {kind: [] for kind in encoders}
    for _ in range(_ROUNDS):
        for kind, encoder in encoders.items():
            rounds[kind].append(elapsed_ms(lambda encoder=encoder: encoder.encode_batch("image", images)))  # type: ignore[misc]
    return {kind: float(np.median(times)) for kind, times in rounds.items()}


def bars(figures: Figures) -> Iterator[Figures]:
    """Yield what eight-bit weights are to reach for ViT-B/32 beside what they reached."""
    measured = figures["ViT-B/32"]["onnx int8"]
    for batch, bar in BARS.items():
        yield at_least(f"ViT-B/32 in int8, photos in {batch}: times torch", measured[f"times_torch_in_{batch}"], bar)
    yield at_least("ViT-B/32 in int8: cosine to torch", measured["cosine_to_torch"], _LEAST_COSINE)
