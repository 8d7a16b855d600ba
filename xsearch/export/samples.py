"""Pictures, texts and sounds that an export is tried on: made up, the same everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from xsearch.media import Waveform
from xsearch.media.audio import RATE_HZ

TEXTS = (
    "a red dress for the summer", "black leather shoes", "Wooden chair, hand-made; for the kitchen",
    "红色的连衣裙", "黑色皮鞋 42码", "适合孩子的木制玩具", "T-shirt 白色 XL 🙂",
    "a very long description of a bag with many pockets, two handles and a strap " * 12,
)  # fmt: skip

_SIZES = ((640, 480), (300, 700), (224, 224), (97, 61), (900, 310), (33, 40))
_COLOURS = ("firebrick", "navy", "gold", "seagreen", "black", "orchid")


def samples(modality: str) -> list[Any]:
    """Return six or more different items of one modality."""
    if modality == "text":
        return list(TEXTS)
    return pictures() if modality == "image" else sounds()


def pictures() -> list[Image.Image]:
    """Return things of several colours on lit, grainy grounds, in odd sizes."""
    return [_picture(size, colour, seed) for seed, (size, colour) in enumerate(zip(_SIZES, _COLOURS, strict=True))]


def _picture(size: tuple[int, int], colour: str, seed: int) -> Image.Image:
    width, height = size
    rng = np.random.default_rng(seed)
    light = np.linspace(150, 240, width)[None, :, None] + rng.normal(scale=12, size=(height, width, 3))
    image = Image.fromarray(light.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    corners = [(rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height) for _ in range(5)]
    draw.polygon(corners, fill=colour, outline="white")
    draw.ellipse((width * 0.3, height * 0.3, width * 0.6, height * 0.7), outline=colour, width=max(1, width // 40))
    return image


def sounds() -> list[Waveform]:
    """Return tones that die away, chords and noise, from a fraction of a second to longer than models listen."""
    made = []
    for seed, seconds in enumerate((0.4, 1.0, 2.5, 5.0, 9.0, 13.0)):
        t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        rng = np.random.default_rng(seed)
        pitches = rng.uniform(150, 3000, size=1 + seed % 3)
        tone = sum(np.sin(2 * np.pi * hz * t) * np.exp(-t * rng.uniform(0.2, 3)) for hz in pitches)
        made.append(Waveform((0.2 * tone + rng.normal(scale=0.02 * seed, size=len(t))).clip(-1, 1).astype(np.float32)))
    return made
