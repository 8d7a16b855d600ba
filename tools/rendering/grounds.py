"""Grounds of customer photos: table, floorboards, carpet, bed sheet, shelf, grass, wall, tiles."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from tools.rendering.fields import Field, noise, resized

Ground = Callable[[np.random.Generator, random.Random, int], Field]


def _tinted(level: Field, rgb: tuple[float, float, float]) -> Field:
    """Shape (h, w, 3): a colour at the given brightness, 1 = as named."""
    return level[..., None] * np.array(rgb, np.float32)


def _pick(rng: random.Random, *choices: tuple[int, int, int]) -> tuple[float, float, float]:
    red, green, blue = rng.choice(choices)
    shift = rng.uniform(0.85, 1.12)
    return red * shift, green * shift, blue * shift


def _planks(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (176, 128, 84), (128, 88, 58), (204, 168, 122), (92, 66, 50), (168, 156, 142))
    count = rng.randint(3, 7)
    row = np.arange(size, dtype=np.float32) * count / size
    grain = noise(noises, size, size, 5, 90 if size > 200 else 40) * 0.09 + noise(noises, size, size, 3, 12) * 0.07
    shade = noises.uniform(-0.1, 0.1, count + 1).astype(np.float32)[row.astype(int)]
    gap = np.abs(row % 1 - 0.5) > 0.5 - 0.012 * count / 3
    level = 1 + grain + shade[:, None] - 0.4 * gap[:, None]
    return _tinted(level if rng.random() < 0.5 else level.T, rgb)


def _table(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (186, 140, 96), (112, 76, 52), (220, 196, 160), (222, 220, 214), (60, 56, 54))
    level = 1 + noise(noises, size, size, 4, 60) * 0.06 + noise(noises, size, size, 3, 3) * 0.08
    ground = _tinted(level, rgb)
    edge = rng.uniform(0.08, 0.3)
    cut = int(size * edge)
    wall = _pick(rng, (205, 202, 196), (160, 170, 176), (120, 112, 104), (214, 200, 180))
    ground[:cut] = _tinted(1 + noise(noises, size, cut, 3, 2) * 0.08, wall) if cut > 1 else ground[:cut]
    ground[cut : cut + max(1, size // 90)] *= 0.7
    return ground


def _carpet(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (150, 142, 132), (128, 52, 50), (66, 78, 100), (188, 172, 148), (86, 96, 82))
    fuzz = (
        noises.normal(0, 0.09, (size, size)).astype(np.float32) + noise(noises, size, size, size / 5, size / 5) * 0.12
    )
    ground = _tinted(1 + fuzz + noise(noises, size, size, 4, 4) * 0.06, rgb)
    if rng.random() < 0.55:
        accent = np.array(_pick(rng, (210, 190, 140), (60, 50, 60), (170, 70, 60), (90, 120, 140)), np.float32)
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
        figure = np.sin(x * rng.uniform(14, 34)) + np.sin(y * rng.uniform(14, 34)) > 0.9
        ground[figure] = ground[figure] * 0.4 + accent * 0.6 * (1 + fuzz[figure][:, None])
    return ground


def _sheet(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (232, 230, 226), (206, 214, 224), (226, 208, 200), (178, 190, 178), (120, 128, 150))
    folds = noise(noises, size, size, 5, 3) + noise(noises, size, size, 10, 8) * 0.5
    slope = np.gradient(folds, axis=1) + np.gradient(folds, axis=0) * 0.6
    level = 1 + np.clip(slope * size / 48, -0.22, 0.1)
    ground = _tinted(level.astype(np.float32), rgb)
    if rng.random() < 0.4:
        stripe = (np.arange(size) * rng.randint(5, 14) // size % 2).astype(np.float32)
        ground *= 1 - 0.16 * stripe[None, :, None]
    return ground


def _grass(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (88, 132, 58), (110, 140, 66), (74, 110, 60))
    blades = noise(noises, size, size, size / 3, size / 9) * 0.4 + noise(noises, size, size, size / 6, size / 14) * 0.3
    return _tinted(1 + blades + noise(noises, size, size, 5, 5) * 0.15, rgb)


def _tiles(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(rng, (214, 210, 204), (176, 180, 184), (186, 160, 136), (96, 104, 112))
    count = rng.uniform(2.5, 6)
    axis = (np.arange(size, dtype=np.float32) * count / size + rng.random()) % 1
    line = (axis < 0.03).astype(np.float32)
    joint = np.maximum(line[None, :], line[:, None])
    veins = np.abs(noise(noises, size, size, 6, 6)) * 0.08
    return _tinted(1 - veins - 0.25 * joint + noise(noises, size, size, 3, 3) * 0.04, rgb)


def _shelf(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    wall = _pick(rng, (206, 200, 190), (150, 160, 164), (90, 96, 104), (196, 182, 160))
    ground = _tinted(1 + noise(noises, size, size, 4, 4) * 0.08, wall)
    board = _pick(rng, (164, 118, 76), (230, 228, 222), (86, 60, 44))
    top = int(size * rng.uniform(0.74, 0.86))
    ground[top:] = _tinted(1 + noise(noises, size, size - top, 4, 12) * 0.06, board)
    ground[top + (size - top) // 2 :] *= 0.6
    upper = int(size * rng.uniform(0.02, 0.1))
    ground[:upper] = np.array(board, np.float32) * 0.7
    return ground


def _wall(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    rgb = _pick(
        rng, (220, 216, 210), (180, 190, 196), (200, 180, 160), (130, 136, 140), (176, 150, 156), (150, 168, 150)
    )
    slope = np.linspace(rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12), size, dtype=np.float32)
    return _tinted(1 + noise(noises, size, size, 3, 3) * 0.06 + slope[:, None], rgb)


def _backdrop(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    """Any even colour, as of a paper roll: teaches that the ground says nothing about the product."""
    rgb = tuple(rng.uniform(30, 250) for _ in range(3))
    return _tinted(1 + noise(noises, size, size, 2, 2) * 0.08, (rgb[0], rgb[1], rgb[2]))


def _studio(noises: np.random.Generator, rng: random.Random, size: int) -> Field:
    level = rng.uniform(0.86, 1.0) - np.linspace(0, rng.uniform(0, 0.08), size, dtype=np.float32)[:, None]
    return _tinted(
        level + noise(noises, size, size, 2, 2) * 0.01, (252.0, rng.uniform(248, 252), rng.uniform(244, 253))
    )


CLUTTERED: dict[str, Ground] = {
    "planks": _planks,
    "table": _table,
    "carpet": _carpet,
    "sheet": _sheet,
    "grass": _grass,
    "tiles": _tiles,
    "shelf": _shelf,
    "wall": _wall,
}
EVEN: dict[str, Ground] = {"studio": _studio, "backdrop": _backdrop}


def ground_named(name: str, seed: int, size: int) -> Field:
    """A ground by name, shape (size, size, 3), 0..255, deterministic from the seed."""
    make = CLUTTERED.get(name) or EVEN[name]
    return np.ascontiguousarray(make(np.random.default_rng(seed), random.Random(seed), size), np.float32)


def uneven_light(seed: int, size: int, strength: float) -> Field:
    """A light that falls off across the frame, about 1 in the middle, shape (size, size)."""
    noises = np.random.default_rng(seed)
    coarse = 1 + noises.uniform(-strength, strength, (3, 3)).astype(np.float32)
    return resized(coarse, size, size)
