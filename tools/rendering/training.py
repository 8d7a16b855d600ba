"""Small pictures in great variety, with labels, to train an image-text model on."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.rendering.grounds import CLUTTERED, EVEN, ground_named
from tools.rendering.kinds import KINDS
from tools.rendering.look import Look, cut_out, random_look
from tools.rendering.phone import in_perspective, through_lens, under_light
from tools.rendering.studio import composed, placed, shadow_of

_POOL = 60  # things that may lie about in training pictures


@lru_cache(maxsize=_POOL)
def _bystander(index: int) -> Image.Image:
    return cut_out.__wrapped__(random_look(random.Random(index)), 64)


def _ground(rng: random.Random, size: int) -> tuple[Image.Image, bool]:
    """A ground, and whether it is cluttered."""
    cluttered = rng.random() < 0.5
    name = rng.choice(list(CLUTTERED)) if cluttered else rng.choice(["studio", "studio", *EVEN])
    pixels = ground_named(name, rng.randrange(1 << 30), size)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), cluttered


def _with_bystander(picture: Image.Image, rng: random.Random) -> Image.Image:
    size = picture.width
    cut = _bystander(rng.randrange(_POOL))
    x, y = rng.choice([(-0.5, rng.uniform(-0.5, 0.5)), (0.5, rng.uniform(-0.5, 0.5)), (rng.uniform(-0.5, 0.5), 0.52)])
    scale = rng.uniform(0.3, 0.6)
    there = placed(cut, size, rng.uniform(0, 360), scale, scale, x, y)
    picture.paste(there, mask=there.getchannel("A"))
    return picture


def _posed(look: Look, rng: random.Random, size: int) -> Image.Image:
    cut = cut_out(look, max(64, round(size * 1.25)))
    if rng.random() < 0.6:
        cut = in_perspective(cut, cut.width, rng, 0.08)
    turn = rng.gauss(0, 12) if rng.random() < 0.85 else rng.uniform(-180, 180)
    scale = rng.uniform(0.62, 1.08) if rng.random() < 0.8 else rng.uniform(1.08, 1.6)
    slack = 0.06 + 0.14 * abs(1 - scale)
    across = scale * rng.uniform(0.86, 1.06) * (-1 if rng.random() < 0.4 else 1)
    return placed(cut, size, turn, across, scale, rng.uniform(-slack, slack), rng.uniform(-slack, slack))


def render_training_image(look: Look, *, seed: int, size: int = 128) -> Image.Image:
    """One cheap, varied picture of a product."""
    rng = random.Random(f"training:{seed}:{look.product}")
    picture, cluttered = _ground(rng, size)
    if cluttered and rng.random() < 0.5:
        picture = _with_bystander(picture, rng)
    cut = _posed(look, rng, size)
    alpha = np.asarray(cut.getchannel("A"), np.float32) / 255
    stance = KINDS[look.kind].stance if rng.random() < 0.8 else "lies"
    picture = composed(cut, np.asarray(picture, np.float32), shadow_of(alpha, stance))
    picture = under_light(picture, rng, rng.uniform(0.2, 1.0) if cluttered else rng.uniform(0.0, 0.5))
    if rng.random() < 0.5:
        picture = through_lens(picture, rng, rng.uniform(0.2, 1.0) * 2)
    return picture


def _views(count: int, seed: int) -> Iterator[tuple[int, Look]]:
    """(number, look) of each picture: two or three views of each look, kinds taken in turn."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    number = turn = 0
    while number < count:
        if turn % len(kinds) == 0:
            rng.shuffle(kinds)
        look = random_look(rng, kind=kinds[turn % len(kinds)])
        turn += 1
        for _ in range(rng.choice((2, 3))):
            if number < count:
                yield number, look
                number += 1


def _write_one(job: tuple[int, Look, Path, int, int]) -> dict[str, Any]:
    number, look, folder, seed, size = job
    name = f"{number:06d}.jpg"
    render_training_image(look, seed=seed * 1_000_003 + number, size=size).save(folder / "images" / name, quality=90)
    return {
        "id": number,
        "image": f"images/{name}",
        "kind": look.kind,
        "colour": look.colour,
        "second_colour": None if look.pattern == "plain" else look.second_colour,
        "pattern": look.pattern,
        "material": look.material,
        "product": look.product,
    }


def write_training_set(folder: Path, *, count: int, seed: int, size: int = 128, processes: int = 2) -> Path:
    """Write `count` labelled JPEGs and `labels.jsonl` into a folder; returns the labels' path."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    jobs = ((number, look, folder, seed, size) for number, look in _views(count, seed))
    labels = folder / "labels.jsonl"
    with labels.open("w", encoding="utf-8") as out:
        for label in _labelled(jobs, processes):
            out.write(json.dumps(label) + "\n")
    return labels


def _labelled(jobs: Iterator[tuple[int, Look, Path, int, int]], processes: int) -> Iterator[dict[str, Any]]:
    if processes <= 1:
        yield from map(_write_one, jobs)
        return
    # The fresh processes read this: one core each, or their linear algebra would fight over all cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_write_one, jobs, chunksize=32)
