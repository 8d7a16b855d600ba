"""Form shading: how much light each pixel of a part reflects, derived from its silhouette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.rendering.fields import Field, blurred, noise
from tools.rendering.vocabulary import Material


def _unit(x: float, y: float, z: float) -> np.ndarray:
    vector = np.array([x, y, z], np.float32)
    return vector / np.linalg.norm(vector)


_KEY_LIGHT = _unit(-0.45, -0.62, 0.85)
_HALF_WAY = _unit(*(_KEY_LIGHT + np.array((0, 0, 1))))
_FILL_HALF_WAY = _unit(0.52, -0.1, 1.0)
_FLAT_LAMBERT = float(_KEY_LIGHT[2])


@dataclass(frozen=True)
class Normals:
    """Surface normals at low resolution, and the coordinate around a turned body where there is one."""

    x: Field
    y: Field
    z: Field
    around: Field | None = None


def _from_slopes(slope_x: Field, slope_y: Field, around: Field | None = None) -> Normals:
    z = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    return Normals(-slope_x * z, -slope_y * z, z, around)


def inflated(mask: Field, depth_px: float, fullness: float) -> Normals:
    """Normals of a cushion: rounded within `depth_px` of the edge, flat in the middle."""
    height = np.zeros_like(mask)
    for share, weight in ((1.0, 0.6), (0.45, 0.4)):
        sigma = max(depth_px * share, 0.6)
        # A straight edge blurs to 0.5, a square corner to 0.25: both must lie on the slope.
        inside = np.clip((blurred(mask, sigma) - 0.15) / 0.85, 0, 1)
        height += weight * inside * (2 - inside)
    scale = depth_px * 1.25 * fullness
    slope_y, slope_x = np.gradient(height * scale) if min(mask.shape) > 1 else (mask * 0, mask * 0)
    return _from_slopes(slope_x, slope_y)


def turned(mask: Field, fullness: float) -> Normals:
    """Normals of a body of revolution about an upright axis, from its silhouette's rows."""
    columns = np.arange(mask.shape[1], dtype=np.float32)
    width = np.maximum(mask.sum(axis=1), 1e-3)
    centre = (mask @ columns) / width
    half = np.maximum(width / 2, 0.5)
    across = np.clip((columns[None, :] - centre[:, None]) / half[:, None], -0.985, 0.985)
    slope = np.gradient(half) if len(half) > 1 else half * 0
    slope[half < 1.0] = 0
    kernel = np.ones(3, np.float32) / 3
    slope = np.convolve(np.clip(slope, -3, 3), kernel, "same").astype(np.float32)
    z = np.sqrt(1 - across**2)
    y = np.broadcast_to(-slope[:, None], across.shape) * 0.8
    length = np.sqrt(1 + y**2)
    around = np.arcsin(across) * half[:, None]
    return Normals(across * fullness / length, y / length, z / length, around)


def creased(normals: Normals, amount: float, rng: np.random.Generator) -> Normals:
    """The normals of hanging cloth: soft, mostly upright folds added."""
    height, width = normals.x.shape
    folds = noise(rng, width, height, 7, 3) * 0.6 + noise(rng, width, height, 15, 5) * 0.35
    slope_y, slope_x = np.gradient(folds)
    x = normals.x + slope_x * amount * width / 26
    y = normals.y + slope_y * amount * height / 40
    length = np.sqrt(x**2 + y**2 + normals.z**2)
    return Normals(x / length, y / length, normals.z / length, normals.around)


def _dot(normals: Normals, direction: np.ndarray) -> Field:
    return np.clip(normals.x * direction[0] + normals.y * direction[1] + normals.z * direction[2], 0, None)


def reflect(normals: Normals, material: Material) -> tuple[Field, Field]:
    """Diffuse light (1 = facing the viewer) and highlight (added, 0..1), both low resolution."""
    lambert = _dot(normals, _KEY_LIGHT)
    light = 1 + material.contrast * (lambert / _FLAT_LAMBERT - 1)
    light -= 0.22 * (1 - normals.z) ** 2
    # The bright studio fills the shadows.
    light = np.where(light < 1, 1 - (1 - light) * 0.74, light)
    if material.key == "metal":
        light *= 1 + 0.32 * np.sin(4.2 * normals.y + 5.2 * normals.x + 0.6)
    shine = np.zeros_like(light)
    if material.gloss:
        shine = material.gloss * _dot(normals, _HALF_WAY) ** (material.sharpness * 2)
        shine += 0.3 * material.gloss * _dot(normals, _FILL_HALF_WAY) ** material.sharpness
        flat = _HALF_WAY[2] ** (material.sharpness * 2) + 0.3 * _FILL_HALF_WAY[2] ** material.sharpness
        shine = np.maximum(shine - material.gloss * flat * 0.8, 0)
    return light.astype(np.float32), shine.astype(np.float32)
