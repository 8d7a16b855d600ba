"""Smooth scalar fields: noise and Gaussian blur, float32, shape (height, width)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]

# Matrix products of at most this many multiplications stay on one core. Larger ones would wake a thread
# for each core, which costs more than it gains here and starves the processes beside this one.
_ONE_THREAD = 250_000


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


@lru_cache(maxsize=128)
def _kernel(sigma: float, rows: int) -> Field:
    """Gaussian weights of `rows` outputs from the `rows` + 2 * reach inputs around them."""
    reach = _reach(sigma)
    distance = np.arange(rows + 2 * reach)[None, :] - reach - np.arange(rows)[:, None]
    weights = np.exp(-0.5 * (distance / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return weights.astype(np.float32)


def _reach(sigma: float) -> int:
    return math.ceil(3.2 * sigma)


def _blurred_down(field: Field, sigma: float) -> Field:
    """The field blurred along its first axis, in strips."""
    height, width = field.shape
    reach = _reach(sigma)
    rows = 4
    while rows < 64 and 2 * rows * (2 * rows + 2 * reach) * width <= _ONE_THREAD:
        rows *= 2
    kernel, out = _kernel(sigma, rows), np.empty((height, width), np.float32)
    for start in range(0, height, rows):
        stop, first, last = min(start + rows, height), max(start - reach, 0), min(start + rows + reach, height)
        offset = first - (start - reach)
        out[start:stop] = kernel[: stop - start, offset : offset + last - first] @ field[first:last]
    return out


def blurred(field: Field, sigma: float) -> Field:
    """The field under a Gaussian of `sigma` pixels, zero outside."""
    if sigma < 0.4:
        return field
    sigma = round(sigma * 4) / 4
    return _blurred_down(np.ascontiguousarray(_blurred_down(field, sigma).T), sigma).T


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
