"""Smooth scalar fields: noise and Gaussian blur, float32, shape (height, width)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]


def resized(field: Field, width: int, height: int) -> Field:
    """The field at another resolution, bicubic."""
    if field.shape == (height, width):
        return field
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def resized_box(field: Field, width: int, height: int | None = None) -> Field:
    """The field averaged down to `width` x `height` (a square where only `width` is given)."""
    return np.asarray(Image.fromarray(field).resize((width, height or width), Image.Resampling.BOX))


def noise(rng: np.random.Generator, width: int, height: int, cells_x: float, cells_y: float) -> Field:
    """Smooth noise of about unit range with the given number of cells across and down."""
    coarse = rng.uniform(-1, 1, (max(2, round(cells_y)) + 1, max(2, round(cells_x)) + 1))
    return resized(coarse.astype(np.float32), width, height)


@lru_cache(maxsize=96)
def _blur_matrix(length: int, sigma: float) -> Field:
    index = np.arange(length, dtype=np.float32)
    weights = np.exp(-0.5 * ((index[:, None] - index[None, :]) / sigma) ** 2)
    # Not normalised per row: what lies beyond the edge counts as zero, as it should for masks.
    return (weights / (sigma * np.sqrt(2 * np.pi))).astype(np.float32)


def blurred(field: Field, sigma: float) -> Field:
    """The field under a Gaussian of `sigma` pixels, zero outside; two small matrix products."""
    if sigma < 0.4:
        return field
    sigma = round(sigma * 4) / 4
    height, width = field.shape
    return _blur_matrix(height, sigma) @ field @ _blur_matrix(width, sigma)


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def shifted(field: Field, rows: int, columns: int) -> Field:
    """The field moved down and to the right; what leaves the frame is gone, what enters is zero."""
    moved = np.roll(field, (rows, columns), (0, 1))
    if rows:
        moved[: rows if rows > 0 else 0] = 0
        moved[rows if rows < 0 else len(moved) :] = 0
    if columns:
        moved[:, : columns if columns > 0 else 0] = 0
        moved[:, columns if columns < 0 else moved.shape[1] :] = 0
    return moved
