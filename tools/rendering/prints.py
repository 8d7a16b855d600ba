"""Patterns: the share of each further colour at texture coordinates (u, v)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from tools.rendering.fields import Field
from tools.rendering.outlines import star
from tools.rendering.vocabulary import RGB

Layers = list[tuple[RGB, Field]]


@dataclass(frozen=True)
class Print:
    """One product's pattern: its second colour, and a seed for its scale and arrangement."""

    pattern: str
    rgb: RGB
    seed: int
    scale: float = 1.0


def _bars(t: Field, duty: float, blur: float) -> Field:
    """Coverage of bars of relative width `duty` repeating with period 1."""
    distance = np.abs((t % 1.0) - 0.5)
    return np.clip((duty / 2 - distance) / max(blur, 1e-4) + 0.5, 0, 1)


def _striped(u: Field, v: Field, pixel: float, look: Print, rng: random.Random) -> Layers:
    frequency = rng.choice([3.2, 4.5, 6.0, 8.0]) / look.scale
    duty = rng.choice([0.28, 0.4, 0.5])
    t = u if rng.random() < 0.18 else v
    return [(look.rgb, _bars(t * frequency + 0.3, duty, pixel * frequency))]


def _checked(u: Field, v: Field, pixel: float, look: Print, rng: random.Random) -> Layers:
    frequency = rng.choice([3.0, 4.2, 5.6]) / look.scale
    duty = rng.choice([0.34, 0.5])
    across, down = (_bars(t * frequency, duty, pixel * frequency) for t in (u, v))
    layers: Layers = [(look.rgb, np.clip(0.5 * across + 0.5 * down, 0, 1))]
    if rng.random() < 0.45:
        thin = np.maximum(
            _bars(u * frequency + 0.5, 0.06, pixel * frequency), _bars(v * frequency + 0.5, 0.06, pixel * frequency)
        )
        layers.append((look.rgb, thin * 0.8))
    return layers


def _dotted(u: Field, v: Field, pixel: float, look: Print, rng: random.Random) -> Layers:
    frequency = rng.choice([4.2, 5.6, 7.6]) / look.scale
    radius = rng.uniform(0.2, 0.27)
    a, b = u * frequency, v * frequency * 1.15
    shift = np.floor(b) % 2 * 0.5
    distance = np.hypot((a + shift) % 1 - 0.5, (b % 1 - 0.5) / 1.15)
    return [(look.rgb, np.clip((radius - distance) / (pixel * frequency) + 0.5, 0, 1))]


def _zigzag(u: Field, v: Field, pixel: float, look: Print, rng: random.Random) -> Layers:
    frequency = rng.choice([3.4, 4.6]) / look.scale
    wave = np.abs((u * frequency * 1.2) % 1 - 0.5) * 0.9
    return [(look.rgb, _bars(v * frequency + wave, rng.uniform(0.35, 0.48), pixel * frequency * 1.3))]


def _colour_block(u: Field, v: Field, pixel: float, look: Print, rng: random.Random) -> Layers:
    kind = rng.randrange(4)
    if kind == 0:
        t = v - rng.uniform(0.12, 0.35)
    elif kind == 1:
        t = 0.19 - np.abs(v + rng.uniform(-0.1, 0.15))
    elif kind == 2:
        t = v + u * rng.choice([-0.7, 0.7]) - 0.18
    else:
        t = np.abs(u) - rng.uniform(0.3, 0.4)
    t = np.broadcast_to(t, np.broadcast_shapes(np.shape(u), np.shape(v)))
    return [(look.rgb, np.clip(t / pixel + 0.5, 0, 1))]


_TILE_PX = 144


def _wrapped_blobs(draw: ImageDraw.ImageDraw, outline: np.ndarray, value: int) -> None:
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            draw.polygon(((outline + np.array((dx, dy))) * _TILE_PX * 3).ravel().tolist(), fill=value)


def _flower(x: float, y: float, radius: float, petals: int, turn: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radii = radius * (0.62 + 0.38 * np.abs(np.cos((angles + turn) * petals / 2)))
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def _leaf(x: float, y: float, length: float, angle: float) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    a, b = np.cos(t) * length, np.sin(t) * length * 0.38
    return np.stack([x + a * np.cos(angle) - b * np.sin(angle), y + a * np.sin(angle) + b * np.cos(angle)], axis=1)


@lru_cache(maxsize=32)
def _tiles(motif: str, seed: int) -> tuple[Field, Field, Field]:
    """Three repeating coverage tiles: petals (or stars), leaves, flower centres."""
    rng = random.Random(seed)
    images = [Image.new("L", (_TILE_PX * 3, _TILE_PX * 3)) for _ in range(3)]
    petals, leaves, centres = (ImageDraw.Draw(image) for image in images)
    for row in range(3):
        for column in range(3):
            x = (column + 0.5 + (row % 2) * 0.5 + rng.uniform(-0.12, 0.12)) / 3
            y = (row + 0.5 + rng.uniform(-0.12, 0.12)) / 3
            if motif == "stars":
                _wrapped_blobs(petals, star(x, y, rng.uniform(0.075, 0.11)), 255)
                continue
            radius, turn = rng.uniform(0.09, 0.135), rng.uniform(0, 6)
            for _ in range(2):
                turn_leaf = rng.uniform(0, 6.28)
                leaf_x, leaf_y = x + np.cos(turn_leaf) * radius * 1.2, y + np.sin(turn_leaf) * radius * 1.2
                _wrapped_blobs(leaves, _leaf(leaf_x, leaf_y, radius * 0.6, turn_leaf), 255)
            _wrapped_blobs(petals, _flower(x, y, radius, rng.choice([5, 6]), turn), 255)
            _wrapped_blobs(centres, _flower(x, y, radius * 0.3, 1, 0), 255)
    return tuple(np.asarray(image.reduce(3), np.float32) / 255 for image in images)  # type: ignore[return-value]


def _motif(u: Field, v: Field, _pixel: float, look: Print, rng: random.Random) -> Layers:
    frequency = rng.choice([1.25, 1.7, 2.2]) / look.scale
    columns = ((u * frequency) % 1 * _TILE_PX).astype(np.int32) % _TILE_PX
    rows = ((v * frequency) % 1 * _TILE_PX).astype(np.int32) % _TILE_PX
    petals, leaves, centres = (tile[rows, columns] for tile in _tiles(look.pattern, look.seed % 16))
    if look.pattern == "stars":
        return [(look.rgb, petals)]
    red, green, blue = look.rgb
    leaf = (int(40 + red * 0.25), int(70 + green * 0.3), int(40 + blue * 0.2))
    centre = (250, 215, 110) if red + green + blue < 560 or blue > 180 else (150, 80, 40)
    return [(leaf, leaves * 0.8), (look.rgb, petals), (centre, centres)]


_PRINTS: dict[str, Callable[[Field, Field, float, Print, random.Random], Layers]] = {
    "striped": _striped,
    "checked": _checked,
    "dotted": _dotted,
    "floral": _motif,
    "colour_block": _colour_block,
    "zigzag": _zigzag,
    "stars": _motif,
}


def print_layers(look: Print, u: Field, v: Field, pixel: float) -> Layers:
    """Colours and coverages to lay over the base colour; `pixel` is the size of a pixel in u and v."""
    return _PRINTS[look.pattern](u, v, pixel, look, random.Random(look.seed))
