"""Pictures as image towers take them, by Pillow and numpy alone: same sizes, filters and scales as the original."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.encoders.pictures import MAX_ASPECT, cut_to_aspect

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Levels:
    """How bytes become what the network computes with: ``(byte * rescale - mean) / std``, by channel."""

    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, image: Image.Image) -> NDArray[np.float32]:
        """Return ``image`` as float32, shape (3, height, width)."""
        std = np.asarray(self.std, np.float32)[:, None, None]
        scale, shift = np.float32(self.rescale) / std, np.asarray(self.mean, np.float32)[:, None, None] / std
        # By planes: numpy is several times slower along an axis of three.
        planes = np.asarray(image).transpose(2, 0, 1).astype(np.float32, order="C")
        pixels: NDArray[np.float32] = planes * scale - shift
        return pixels


@dataclass(frozen=True)
class FixedPixels:
    """Pictures resized to one size: CLIP, Chinese-CLIP, SigLIP and SigLIP 2 of fixed resolution.

    Either ``shortest_edge`` is given, or ``size``, which ignores the proportions; ``crop`` is cut from the
    middle. Sizes are (height, width) in pixels, ``resample`` is Pillow's number of the filter.
    """

    levels: Levels
    resample: int
    shortest_edge: int | None = None
    size: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None

    def prepare(self, item: Image.Image) -> Arrays:
        """Return ``pixel_values``, shape (3, height, width)."""
        return {"pixel_values": self.levels.apply(self._resized(item))}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack what ``prepare`` returned."""
        return stack(prepared)

    def _resized(self, image: Image.Image) -> Image.Image:
        """Resize what the crop will leave, and no more."""
        image = image if self.shortest_edge is None else cut_to_aspect(image, MAX_ASPECT)
        height, width = self._target(image)
        crop_height, crop_width = self.crop or (height, width)
        shown_height, shown_width = min(height, crop_height), min(width, crop_width)
        top, left = (height - shown_height) // 2, (width - shown_width) // 2
        down, right = image.height / height, image.width / width  # source pixels for each pixel
        box = (left * right, top * down, (left + shown_width) * right, (top + shown_height) * down)
        shown = image.resize((shown_width, shown_height), Image.Resampling(self.resample), box=box)
        if (shown_height, shown_width) == (crop_height, crop_width):
            return shown
        canvas = Image.new("RGB", (crop_width, crop_height))
        canvas.paste(shown, ((crop_width - shown_width) // 2, (crop_height - shown_height) // 2))
        return canvas

    def _target(self, image: Image.Image) -> tuple[int, int]:
        """Return the size of the whole picture before the crop, (height, width)."""
        if self.size is not None:
            return self.size
        if self.shortest_edge is None:
            return image.height, image.width
        shorter, longer = sorted((image.height, image.width))
        long_edge = int(self.shortest_edge * longer / shorter)
        is_upright = image.height >= image.width
        return (long_edge, self.shortest_edge) if is_upright else (self.shortest_edge, long_edge)


@dataclass(frozen=True)
class PatchedPixels:
    """Pictures in their own proportions, as at most ``max_patches`` squares of ``patch`` pixels: NaFlex.

    ``grid`` is the side of the square of positions that the model learnt; positions of other grids are
    mixtures of those, which ``prepare`` gives as a matrix.
    """

    levels: Levels
    resample: int
    patch: int
    max_patches: int
    grid: int

    def prepare(self, item: Image.Image) -> Arrays:
        """Return ``pixel_values`` (patches, values), ``positions`` (patches, grid²) and ``pixel_attention_mask``."""
        rows, columns = self._shape(item)
        size = (columns * self.patch, rows * self.patch)
        pixels = self.levels.apply(item.resize(size, Image.Resampling(self.resample)))
        patches = pixels.reshape(3, rows, self.patch, columns, self.patch).transpose(1, 3, 2, 4, 0)
        mixtures = np.kron(spread(rows, self.grid), spread(columns, self.grid))
        return {
            "pixel_values": self._padded(patches.reshape(rows * columns, -1)),
            "positions": self._padded(mixtures),
            "pixel_attention_mask": self._padded(np.ones(rows * columns, np.int64)),
        }

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack what ``prepare`` returned."""
        return stack(prepared)

    def _padded(self, rows: NDArray[Any]) -> NDArray[Any]:
        missing = self.max_patches - len(rows)
        return np.pad(rows, [(0, missing)] + [(0, 0)] * (rows.ndim - 1))

    def _shape(self, image: Image.Image) -> tuple[int, int]:
        """Return rows and columns at the largest scale at which the patches are not too many."""
        low, high = 1e-6, 100.0
        while high - low >= 1e-5:  # the original's limits: the last patch depends on them
            middle = (low + high) / 2
            if math.prod(self._shape_at(middle, image)) <= self.max_patches:
                low = middle
            else:
                high = middle
        return self._shape_at(low, image)

    def _shape_at(self, scale: float, image: Image.Image) -> tuple[int, int]:
        rows, columns = (max(1, math.ceil(side * scale / self.patch)) for side in (image.height, image.width))
        return rows, columns


def spread(count: int, known: int) -> NDArray[np.float32]:
    """Return the weights, shape (count, known), of linear interpolation of ``known`` points to ``count``.

    Between pixel centres; where points become fewer, each is an average over a triangle of two steps' width.
    """
    step = known / count
    reach = max(step, 1.0)
    centres = (np.arange(count)[:, None] + 0.5) * step
    weights = np.maximum(0, 1 - np.abs(np.arange(known)[None] + 0.5 - centres) / reach)
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def stack(prepared: Sequence[Arrays]) -> Arrays:
    """Make one batch of arrays of equal shape."""
    return {name: np.stack([arrays[name] for arrays in prepared]) for name in prepared[0]}
