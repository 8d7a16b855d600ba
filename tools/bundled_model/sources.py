"""Where the training pictures come from, split once into training and held out."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from tools.bundled_model.lexicon import Lexicon, lexicon
from tools.bundled_model.photos import PhotoSet, load_clothing, load_renderings, split_by_group

HELD_OUT = 0.15  # of the senders and of the rendered products


def gather(
    clothing: Path | None, renderings: Path | None, cache: Path | None, seed: int
) -> tuple[PhotoSet, dict[str, PhotoSet], Lexicon]:
    """Return (training pictures, held-out pictures by source, lexicon)."""
    words = lexicon()
    kept: list[PhotoSet] = []
    held_out: dict[str, PhotoSet] = {}
    sources = {"clothing": (clothing, load_clothing), "renderings": (renderings, load_renderings)}
    for name, (folder, load) in sources.items():
        if folder is None:
            continue
        file = cache.with_name(f"{cache.name}-{name}.npz") if cache else None
        photos = _cached(file) or load(folder, words)
        if file is not None and not file.exists():
            np.savez(file, **{field.name: getattr(photos, field.name) for field in fields(photos)})
        training, held_out[name] = split_by_group(photos, HELD_OUT, seed)
        kept.append(training)
    if not kept:
        raise SystemExit("Nothing to train on: give --clothing, --renderings or both.")
    return kept[0] if len(kept) == 1 else kept[0].joined(kept[1]), held_out, words


def _cached(file: Path | None) -> PhotoSet | None:
    if file is None or not file.exists():
        return None
    with np.load(file) as stored:
        return PhotoSet(**{field.name: stored[field.name] for field in fields(PhotoSet)})
