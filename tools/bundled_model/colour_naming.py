"""Names of the colours in a photo, measured from its pixels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xsearch.training.photos import lab

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

#: sRGB anchors of each colour name: what shops call by that name, in good and in poor light.
ANCHORS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((12, 12, 12), (30, 28, 29), (42, 40, 42)),
    "white": ((252, 252, 252), (236, 236, 238), (228, 228, 226)),
    "grey": ((128, 128, 128), (95, 95, 98), (165, 165, 167), (195, 195, 197), (70, 71, 75)),
    "red": ((203, 36, 42), (160, 22, 30), (230, 55, 55), (110, 20, 32), (190, 60, 60)),
    "orange": ((240, 126, 34), (225, 100, 25), (250, 160, 70), (205, 95, 50)),
    "yellow": ((248, 208, 58), (255, 240, 110), (225, 180, 50), (250, 225, 140), (200, 160, 40)),
    "green": ((40, 140, 70), (20, 75, 45), (120, 190, 80), (95, 110, 55), (150, 200, 155),
              (60, 85, 60), (160, 210, 40)),
    "blue": ((40, 90, 200), (30, 45, 105), (28, 32, 62), (75, 135, 205),
             (155, 190, 230), (90, 110, 145), (60, 180, 215)),
    "purple": ((112, 56, 152), (70, 32, 95), (172, 125, 202), (80, 40, 75), (200, 175, 220)),
    "pink": ((242, 150, 182), (250, 195, 208), (225, 80, 140), (235, 130, 140), (250, 105, 170)),
    "brown": ((115, 72, 44), (82, 54, 38), (150, 102, 65), (62, 44, 36), (125, 90, 70)),
    "beige": ((222, 200, 168), (236, 222, 196), (200, 180, 148), (190, 170, 142), (245, 235, 215)),
}  # fmt: skip
NAMES = tuple(ANCHORS)

_LEVELS = 32
_SOFTNESS = 60.0  # squared CIELAB units over which one name fades into the next


@lru_cache(maxsize=1)
def name_table() -> Floats:
    """Return how far each of 32³ sRGB cells bears each name, shape (32768, len(NAMES)), rows sum to 1."""
    axis = (np.arange(_LEVELS) + 0.5) * 256 / _LEVELS
    cells = lab(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3))
    nearest = np.stack([_distance(cells, lab(np.array(anchors))) for anchors in ANCHORS.values()], axis=1)
    weights = np.exp(-(nearest - nearest.min(axis=1, keepdims=True)) / _SOFTNESS)
    table: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return table


def _distance(cells: Floats, anchors: Floats) -> Floats:
    """Smallest squared distance to the anchors; lightness counts less than hue."""
    difference = cells[:, None, :] - anchors[None]
    difference[..., 0] *= 0.6
    nearest: Floats = (difference**2).sum(axis=-1).min(axis=1)
    return nearest


def cell_index(rgb: Bytes) -> NDArray[np.int64]:
    """Return the row of ``name_table`` for sRGB bytes, shape (..., 3) → (...)."""
    level = rgb.astype(np.int64) * _LEVELS // 256
    return (level[..., 0] * _LEVELS + level[..., 1]) * _LEVELS + level[..., 2]


def colour_shares(rgb: Bytes, mask: Floats) -> Floats:
    """Return the share of each colour name among the pixels under ``mask``, shape (len(NAMES),)."""
    weights = mask.reshape(-1) / max(float(mask.sum()), 1e-6)
    return np.asarray(weights @ name_table()[cell_index(rgb.reshape(-1, 3))], np.float32)
