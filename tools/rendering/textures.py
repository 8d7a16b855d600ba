"""Material textures: zero-mean fields that are multiplied into the light."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from tools.rendering.fields import Field, blurred, noise

# Below this many pixels a thread cannot be drawn, only alias.
_MIN_PERIOD_PX = 2.6


def _waves(period: float, scale: float) -> float:
    """Angular frequency per pixel of a thread `period` frame units wide, never finer than pixels allow."""
    return 2 * np.pi / max(period * scale, _MIN_PERIOD_PX)


def _grid(size: int) -> tuple[Field, Field]:
    axis = np.arange(size, dtype=np.float32)
    return axis[None, :], axis[:, None]


def _fine(rng: np.random.Generator, size: int, _scale: float) -> Field:
    return rng.normal(0, 0.7, (size, size)).astype(np.float32) + noise(rng, size, size, 40, 40)


def _twill(rng: np.random.Generator, size: int, scale: float) -> Field:
    x, y = _grid(size)
    lines = np.sin((x + y) * _waves(0.016, scale)) * 0.5
    return lines + rng.normal(0, 0.6, (size, size)).astype(np.float32) + noise(rng, size, size, 9, 9) * 0.6


def _knit(rng: np.random.Generator, size: int, scale: float) -> Field:
    x, y = _grid(size)
    period = max(0.042 * scale, 4.0)
    column = np.abs((x / period) % 1 - 0.5) * 2
    rows = np.sin((y / (period * 0.8) + column * 0.55) * 2 * np.pi)
    return rows * 0.55 + (column - 0.5) * 0.9 + rng.normal(0, 0.25, (size, size)).astype(np.float32)


def _weave(rng: np.random.Generator, size: int, scale: float) -> Field:
    x, y = _grid(size)
    threads = np.sin(x * _waves(0.014, scale)) + np.sin(y * _waves(0.014, scale))
    return threads * 0.4 + rng.normal(0, 0.5, (size, size)).astype(np.float32)


def _pebble(rng: np.random.Generator, size: int, scale: float) -> Field:
    cells = 2 * scale / 3.2 / max(1.0, scale / 200)
    grain = noise(rng, size, size, min(cells, size / 2), min(cells, size / 2))
    return np.clip(grain * 1.4, -0.9, 0.6) + noise(rng, size, size, 7, 7) * 0.25


def _felt(rng: np.random.Generator, size: int, _scale: float) -> Field:
    raw = rng.normal(0, 1.0, (size, size)).astype(np.float32)
    return (raw + np.roll(raw, 1, 0) + np.roll(raw, 1, 1)) * 0.6 + noise(rng, size, size, 24, 24) * 0.5


def _plush(rng: np.random.Generator, size: int, _scale: float) -> Field:
    tufts = noise(rng, size, size, 42, 60) + noise(rng, size, size, 90, 120) * 0.8
    return tufts * 0.7 + rng.normal(0, 0.35, (size, size)).astype(np.float32)


def _wood(rng: np.random.Generator, size: int, scale: float) -> Field:
    x, _ = _grid(size)
    bend = noise(rng, size, size, 4, 2) * 0.09 * scale
    rings = np.sin((x + bend) * _waves(0.115, scale)) * 0.6
    return rings + noise(rng, size, size, min(110, size // 2), 3) * 0.8


def _brushed(rng: np.random.Generator, size: int, _scale: float) -> Field:
    return noise(rng, size, size, 3, min(size, 220)) + noise(rng, size, size, 5, 5) * 0.4


def _wicker(rng: np.random.Generator, size: int, scale: float) -> Field:
    x, y = _grid(size)
    fx, fy = _waves(0.11, scale), _waves(0.055, scale)
    over = np.sign(np.sin(y * fy / 2)) * np.sin(x * fx)
    return over * np.abs(np.sin(y * fy / 2)) * 0.8 - 0.35 * np.abs(np.cos(y * fy / 2)) + _felt(rng, size, scale) * 0.15


_TEXTURES: dict[str, Callable[[np.random.Generator, int, float], Field]] = {
    "fine": _fine,
    "twill": _twill,
    "knit": _knit,
    "weave": _weave,
    "pebble": _pebble,
    "felt": _felt,
    "plush": _plush,
    "wood": _wood,
    "brushed": _brushed,
    "wicker": _wicker,
}


@lru_cache(maxsize=48)
def texture(name: str, size: int, scale: float) -> Field | None:
    """The texture over a whole square frame of `size` pixels with `scale` pixels to a frame unit."""
    if name == "none":
        return None
    rng = np.random.default_rng(sum(name.encode()))
    field = _TEXTURES[name](rng, size, scale)
    if name in {"felt", "fine"} and size > 400:
        field = blurred(field, 0.6) * 1.6
    # Seen from far away, texture averages out.
    visibility = min(1.0, max(0.25, scale / 260))
    return np.ascontiguousarray(field * visibility, np.float32)
