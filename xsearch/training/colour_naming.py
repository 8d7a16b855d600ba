"""Names of colours, and which pixels of a photo belong to the product, measured from the pixels alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

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


def lab(rgb: NDArray[np.floating] | Bytes) -> Floats:
    """Return CIELAB (D65) of sRGB 0..255, shape (..., 3); source: IEC 61966-2-1 and CIE 15."""
    scaled = np.asarray(rgb, np.float64) / 255
    linear = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


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


def balanced(rgb: Bytes) -> Bytes:
    """Return the photo, shape (h, w, 3), as bright as good light makes it and with part of its cast removed."""
    exposure = np.clip(245 / (np.percentile(rgb.max(axis=-1), 97) + 1), 1.0, 1.45)
    pixels = lab(rgb)
    neutral = (np.hypot(pixels[..., 1], pixels[..., 2]) < 12) & (pixels[..., 0] > 50)
    means = rgb[neutral].mean(axis=0) + 1 if neutral.mean() > 0.1 else np.ones(3)
    gains = exposure * np.clip((means.mean() / means) ** 0.4, 0.9, 1.1)
    lit: Bytes = np.clip(rgb * gains, 0, 255).astype(np.uint8)
    return lit


def product_mask(rgb: Bytes) -> Floats:
    """Return how likely each pixel shows the product, shape (h, w), from contrast to the borders.

    Where the product does not stand out from what is at the borders, the middle is taken.
    """
    pixels = lab(rgb)
    height, width = pixels.shape[:2]
    ring = max(2, height // 16)
    border = np.concatenate([pixels[:ring].reshape(-1, 3), pixels[-ring:].reshape(-1, 3),
                             pixels[:, :ring].reshape(-1, 3), pixels[:, -ring:].reshape(-1, 3)])  # fmt: skip
    centres = _clusters(border, 4)
    distance = np.sqrt(((pixels[:, :, None] - centres) ** 2).sum(axis=-1).min(axis=-1))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    middle = np.exp(-((x / 0.75) ** 4) - (y / 0.8) ** 4)
    mask = middle / (1 + np.exp(-(distance - 14) / 3))
    if mask.mean() < 0.06:
        mask = (x**2 + y**2 < 0.2).astype(np.float32)
    return np.asarray(mask, np.float32)


def _clusters(points: Floats, count: int, rounds: int = 8) -> Floats:
    """Centres of k-means, without the smallest; started at evenly spaced points in order of lightness."""
    ordered = points[np.argsort(points[:, 0])]
    centres = ordered[np.linspace(len(points) // 10, len(points) * 9 // 10, count).astype(int)]
    for _ in range(rounds):
        owner = ((points[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
        for index in range(count):
            if (owner == index).any():
                centres[index] = points[owner == index].mean(axis=0)
    share = np.bincount(owner, minlength=count) / len(points)
    return np.asarray(centres[share >= min(0.14, share.max())])
