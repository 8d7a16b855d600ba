"""Finding a product again from a spoilt photo of it: how queries are made, and two baselines to beat."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from xsearch.encoders.base import normalise
from xsearch.training.photos import Fill, hard_photo, product_mask, recoded, rotated

Vectors = NDArray[np.float32]
Spoil = Callable[[Image.Image, random.Random], Image.Image]
Where = Literal["centre", "random"]


@dataclass(frozen=True)
class Figures:
    """How well products were found: the share found first, and the mean reciprocal rank."""

    first: float
    mrr: float


def catalogue_photos(shops: Path) -> list[Image.Image]:
    """Return the main photo of every product of the catalogues under ``shops``."""
    photos = []
    for catalogue in sorted(shops.glob("*/catalogue.jsonl")):
        for line in catalogue.read_text(encoding="utf-8").splitlines():
            with Image.open(catalogue.parent / json.loads(line)["images"][0]) as image:
                photos.append(image.convert("RGB"))
    return photos


def cropped_and_turned(where: Where, fill: Fill, degrees: float = 8, quality: int = 60) -> Spoil:
    """Return what crops a photo to 70 % of its sides, turns it and writes it as a poor JPEG."""

    def spoil(image: Image.Image, rng: random.Random) -> Image.Image:
        width, height = round(image.width * 0.7), round(image.height * 0.7)
        spare = image.width - width, image.height - height
        left, top = (spare[0] // 2, spare[1] // 2) if where == "centre" else map(rng.randint, (0, 0), spare)
        crop = image.crop((left, top, left + width, top + height))
        return recoded(rotated(crop, degrees, fill), quality)

    return spoil


def customers_photo(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return a photo as ``hard_photo`` does, taken aslant, on another ground and with a hand in the picture."""
    view = _on_other_ground(image, rng) if rng.random() < 0.5 else image
    width, height = view.size
    corners = ((0, 0), (0, height), (width, height), (width, 0))  # as Pillow orders them
    quad = [value * (1 - edge) + (size - value) * edge for x, y in corners
            for value, size in ((x, width), (y, height)) for edge in [rng.uniform(0, 0.12)]]  # fmt: skip
    view = view.transform(view.size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    return hard_photo(_with_a_hand(view, rng) if rng.random() < 0.5 else view, rng)


def _on_other_ground(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return the product, as far as it stands out from its ground, on another one of one colour in uneven light."""
    mask = product_mask(np.asarray(image.resize((72, 72), Image.Resampling.BOX)))
    shade = np.linspace(rng.uniform(0.7, 1.1), rng.uniform(0.7, 1.1), 72)[:, None, None]
    ground = np.array([rng.uniform(40, 245) for _ in range(3)]) * shade * np.ones((72, 72, 1))
    wide, cover = (
        Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
        for part in (ground, (mask - 0.2) * 400)
    )
    return Image.composite(image, wide, cover)


def _with_a_hand(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return the photo with a few fingers over its border."""
    held = image.copy()
    draw, size = ImageDraw.Draw(held), min(image.size)
    light = rng.uniform(0.4, 1)
    skin = tuple(round(channel * light) for channel in (235, 180, 150))
    x, y = rng.choice((0, image.width)), rng.randint(image.height // 4, image.height)
    for finger in range(rng.randint(2, 4)):
        top, reach = y - finger * 0.09 * size, rng.uniform(0.15, 0.3) * size
        draw.ellipse((x - reach, top - 0.05 * size, x + reach, top + 0.05 * size), fill=skin)
    return held


def find_again(
    encode: Callable[[Sequence[Image.Image]], Vectors], photos: Sequence[Image.Image], spoil: Spoil, seed: int = 0
) -> Figures:
    """Return how well each of ``photos`` is found among all by its spoilt self.

    A product that shares its photo with another counts as found when the photo is.
    """
    return ranked_again(encode(photos), encode(spoilt(photos, spoil, seed)))


def spoilt(photos: Sequence[Image.Image], spoil: Spoil, seed: int = 0) -> list[Image.Image]:
    """Return every photo spoilt."""
    rng = random.Random(seed)
    return [spoil(photo, rng) for photo in photos]


def ranked_again(catalogue: Vectors, queries: Vectors) -> Figures:
    """Return how well the vector of each product is found by the query of the same row, both of unit length."""
    scores = queries @ catalogue.T
    own = scores.diagonal()[:, None]
    twin = catalogue @ catalogue.T > 0.99999
    ranks = 1 + ((scores > own) & ~twin).sum(axis=1)
    return Figures(float((ranks == 1).mean()), float((1 / ranks).mean()))


def colour_histograms(images: Sequence[Image.Image]) -> Vectors:
    """Return 12x3x3 HSV histograms of the middle three quarters, square roots, shape (n, 108): the baseline."""
    rows = []
    for image in images:
        box = (image.width // 8, image.height // 8, image.width * 7 // 8, image.height * 7 // 8)
        hsv = np.asarray(image.crop(box).resize((96, 96)).convert("HSV")).reshape(-1, 3).astype(int)
        bins = (hsv[:, 0] * 12 // 256) * 9 + (hsv[:, 1] * 3 // 256) * 3 + hsv[:, 2] * 3 // 256
        rows.append(np.sqrt(np.bincount(bins, minlength=108)))
    return normalise(np.stack(rows))
