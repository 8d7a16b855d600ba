"""Photos as customers take them, and the pixels of a photo that show the product. Needs no torch."""

from __future__ import annotations

import io
import random
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

Pixels = NDArray[np.uint8]
Fill = Literal["white", "edge"]


def hard_photo(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return a photo as bad as customers take them: cropped, rotated, in odd light, soft and small."""
    share = rng.uniform(0.55, 0.95)
    width, height = round(image.width * share), round(image.height * share)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    view = image.crop((left, top, left + width, top + height))
    view = rotated(view, rng.uniform(-20, 20), rng.choice(("white", "edge")))
    view = ImageEnhance.Brightness(view).enhance(rng.uniform(0.65, 1.3))
    view = ImageEnhance.Contrast(view).enhance(rng.uniform(0.7, 1.2))
    cast = np.array([rng.uniform(0.88, 1.12) for _ in range(3)])
    view = Image.fromarray(np.clip(np.asarray(view) * cast, 0, 255).astype(np.uint8))
    view = view.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.008) * max(view.size)))
    return recoded(view, rng.randint(30, 70))


def rotated(image: Image.Image, degrees: float, fill: Fill) -> Image.Image:
    """Return the image rotated in its frame; the corners get white, or the colours at the edges."""
    if fill == "white":
        return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    margin = max(image.size) // 4
    wide = np.pad(np.asarray(image), ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    turned = Image.fromarray(wide).rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((margin, margin, margin + image.width, margin + image.height))


def recoded(image: Image.Image, quality: int) -> Image.Image:
    """Return the image written as JPEG and read again."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def lab(rgb: NDArray[np.floating] | Pixels) -> NDArray[np.float32]:
    """Return CIELAB (D65) of sRGB 0..255, shape (..., 3); source: IEC 61966-2-1 and CIE 15."""
    scaled = np.asarray(rgb, np.float64) / 255
    linear = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def balanced(rgb: Pixels) -> Pixels:
    """Return the photo, shape (h, w, 3), as bright as in good light, with part of its colour cast removed."""
    exposure = np.clip(245 / (np.percentile(rgb.max(axis=-1), 97) + 1), 1.0, 1.45)
    pixels = lab(rgb)
    neutral = (np.hypot(pixels[..., 1], pixels[..., 2]) < 12) & (pixels[..., 0] > 50)
    means = rgb[neutral].mean(axis=0) + 1 if neutral.mean() > 0.1 else np.ones(3)
    gains = exposure * np.clip((means.mean() / means) ** 0.4, 0.9, 1.1)
    lit: Pixels = np.clip(rgb * gains, 0, 255).astype(np.uint8)
    return lit


def product_mask(rgb: Pixels) -> NDArray[np.float32]:
    """Return the probability that each pixel shows the product, shape (h, w), from contrast to the borders.

    Falls back to the middle of the photo when the product does not stand out from what is at the borders.
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


def _clusters(points: NDArray[np.float32], count: int, rounds: int = 8) -> NDArray[np.float32]:
    """Return the centres of k-means without the small clusters; starts at evenly spaced points by lightness."""
    ordered = points[np.argsort(points[:, 0])]
    centres = ordered[np.linspace(len(points) // 10, len(points) * 9 // 10, count).astype(int)]
    for _ in range(rounds):
        owner = ((points[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
        for index in range(count):
            if (owner == index).any():
                centres[index] = points[owner == index].mean(axis=0)
    share = np.bincount(owner, minlength=count) / len(points)
    return np.asarray(centres[share >= min(0.14, share.max())])
