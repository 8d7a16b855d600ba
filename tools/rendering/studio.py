"""The studio: a seamless backdrop, soft shadows, and the views a shop shows of one product."""

from __future__ import annotations

import math
import random
from functools import lru_cache

import numpy as np
from PIL import Image

from tools.rendering.fields import Field, blurred, resized, resized_box, shifted
from tools.rendering.kinds import KINDS
from tools.rendering.look import Look, cut_out

# Views after the first: (turn in degrees, width factor, scale, mirrored); "detail" is made apart.
_VIEWS = ((4.0, 0.86, 0.96, True), (0.0, 0.0, 0.0, False), (-9.0, 0.97, 0.84, False), (7.0, 0.9, 0.9, False))
_DETAIL = 2


@lru_cache(maxsize=16)
def _backdrop(size: int, variant: int) -> Field:
    """Shape (size, size, 3), 0..255: lit from above, a soft horizon where wall meets table."""
    rng = random.Random(variant)
    tint = np.array(
        rng.choice([(1, 1, 1), (1, 0.995, 0.985), (0.985, 0.992, 1.0), (1.0, 0.985, 0.975), (0.98, 0.99, 0.985)])
    )
    y, x = np.mgrid[0:48, 0:48] / 47
    glow = 1 - 0.06 * ((x - 0.5) ** 2 + (y - 0.42) ** 2) * 2
    floor = 0.018 / (1 + np.exp(-(y - 0.78) * 22))
    level = (250 * glow - 255 * floor).astype(np.float32)
    full = resized(level, size, size)
    grain = np.random.default_rng(variant).normal(0, 0.5, (size, size)).astype(np.float32)
    return ((full + grain)[..., None] * tint).astype(np.float32)


def shadow_of(alpha: Field, stance: str) -> Field:
    """How much light the product takes from what it stands or lies on, 0..1, shape of `alpha`."""
    size = alpha.shape[0]
    low = max(24, size // 5)
    small = resized_box(alpha, low)
    if stance == "lies":
        soft = blurred(shifted(small, round(low * 0.018), round(low * 0.009)), low * 0.022)
        wide = blurred(shifted(small, round(low * 0.045), round(low * 0.02)), low * 0.06)
        return np.clip(resized(0.34 * soft + 0.26 * wide, size, size), 0, 1)
    rows = np.flatnonzero(small.max(axis=1) > 0.3)
    if not len(rows):
        return np.zeros_like(alpha)
    cast = np.zeros_like(small)
    base = int(rows[-1]) + 1
    height = max(2, round((base - rows[0]) * 0.13))
    # What is high up throws a shadow too wide and faint to draw.
    squashed = resized_box(small[rows[0] + (base - rows[0]) * 2 // 5 : base], low, height)
    middle = base - round(height * 0.45)
    top, bottom = middle - height // 2, min(low, middle - height // 2 + height)
    cast[top:bottom] = squashed[: bottom - top]
    contact = np.zeros_like(small)
    contact[max(0, base - 2) : min(low, base + 1)] = small[max(0, base - max(2, low // 30)) : base].max(axis=0)
    dark = 0.62 * blurred(cast, low * 0.03) + 0.5 * blurred(contact, low * 0.012)
    return np.clip(resized(dark, size, size), 0, 0.85)


def composed(product: Image.Image, ground: Field, shadow: Field) -> Image.Image:
    """The product (RGBA) over a ground (h, w, 3; 0..255) darkened by its shadow."""
    under = ground * (1 - 0.72 * shadow[..., None])
    picture = Image.fromarray(np.clip(under, 0, 255, out=under).astype(np.uint8))
    picture.paste(product, mask=product)
    return picture


def placed(
    cut: Image.Image, size: int, degrees: float, scale_x: float, scale_y: float, x: float = 0, y: float = 0
) -> Image.Image:
    """The cut-out turned, scaled and shifted (fractions of the frame) on a square of `size` pixels."""
    angle = math.radians(degrees)
    ratio = cut.width / size
    cos, sin = math.cos(angle), math.sin(angle)
    a, b = cos / scale_x * ratio, sin / scale_x * ratio
    d, e = -sin / scale_y * ratio, cos / scale_y * ratio
    cx, cy = size / 2 + x * size, size / 2 + y * size
    c, f = cut.width / 2 - a * cx - b * cy, cut.height / 2 - d * cx - e * cy
    return cut.transform((size, size), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC)


def render_product(look: Look, *, size: int = 640, view: int = 0) -> Image.Image:
    """A studio shot; `view` 0 is the main one, further views show the same product differently."""
    stance = KINDS[look.kind].stance
    rng = random.Random(look.shape_seed)
    variant = rng.randrange(8)
    if view and (view - 1) % len(_VIEWS) == _DETAIL - 1:
        focus = (rng.uniform(-0.12, 0.12), rng.uniform(-0.2, 0.1))
        cut = cut_out(look, size, 1.75, focus)
    else:
        cut = cut_out(look, size)
    if view and (view - 1) % len(_VIEWS) != _DETAIL - 1:
        degrees, width, scale, mirrored = _VIEWS[(view - 1) % len(_VIEWS)]
        degrees = 0.0 if stance == "stands" and abs(degrees) < 5 else degrees
        cut = placed(cut, size, degrees, -width * scale if mirrored else width * scale, scale)
        stance = "lies" if abs(degrees) > 5 else stance
    alpha = np.asarray(cut.getchannel("A"), np.float32) / 255
    return composed(cut, _backdrop(size, variant + 8 * (view % 3)), shadow_of(alpha, stance))
