"""Pictures as a customer's phone takes them: tilted, cluttered, oddly lit, blurred, noisy."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image, ImageFilter

from tools.rendering.fields import Field, blurred, resized_box, shifted, smoothstep
from tools.rendering.grounds import CLUTTERED, ground_named, uneven_light
from tools.rendering.kinds import KINDS
from tools.rendering.look import Look, cut_out, random_look
from tools.rendering.studio import composed, placed, shadow_of


def in_perspective(cut: Image.Image, size: int, rng: random.Random, tilt: float) -> Image.Image:
    """The cut-out seen from a little off its axis: its corners pulled in by up to `tilt`."""
    corners = [
        (x + rng.uniform(-tilt, tilt), y + rng.uniform(-tilt, tilt)) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    target = [(x * size, y * size) for x, y in corners]
    source = [(0, 0), (cut.width, 0), (cut.width, cut.height), (0, cut.height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    coefficients = np.linalg.solve(np.array(rows, float), np.array(values, float))
    return cut.transform((size, size), Image.Transform.PERSPECTIVE, coefficients.tolist(), Image.Resampling.BICUBIC)


def under_light(image: Image.Image, rng: random.Random, strength: float) -> Image.Image:
    """The picture under warm, cold, dim, uneven or hard light; `strength` 0..1."""
    size = image.width
    warmth = rng.uniform(-0.1, 0.12) * strength
    gains = np.array([1 + warmth, 1 + warmth * 0.15, 1 - warmth], np.float32) * (
        1 + rng.uniform(-0.24, 0.12) * strength
    )
    light = uneven_light(rng.randrange(1 << 30), size, 0.2 * strength)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    light = light * (1 - rng.uniform(0, 0.22) * strength * (axis[None, :] ** 2 + axis[:, None] ** 2))
    if rng.random() < 0.35 * strength:
        angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.1, 0.7)
        side = axis[None, :] * math.cos(angle) + axis[:, None] * math.sin(angle) - offset
        light = light * (1 - rng.uniform(0.2, 0.42) * smoothstep(-0.02, rng.uniform(0.03, 0.2), side))
    pixels = np.asarray(image, np.float32) * light[..., None] * gains
    gamma = rng.uniform(0.92, 1.08) if strength > 0.5 else 1.0
    pixels = 255 * (np.clip(pixels, 0, 255) / 255) ** gamma
    return Image.fromarray(pixels.astype(np.uint8))


def through_lens(image: Image.Image, rng: random.Random, strength: float) -> Image.Image:
    """Blur, sensor noise and JPEG, as small cameras add."""
    sigma = rng.uniform(0.2, 1.15) * strength * image.width / 480
    if sigma > 0.15:
        image = image.filter(ImageFilter.GaussianBlur(sigma))
    noises = np.random.default_rng(rng.randrange(1 << 30))
    pixels = np.asarray(image, np.float32) + noises.normal(
        0, rng.uniform(0.5, 6) * strength, (image.height, image.width, 1)
    )
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=rng.randint(62, 88))
    return Image.open(buffer).convert("RGB")


def _cast_shadow(alpha: Field, rng: random.Random) -> Field:
    """A directed shadow of a thing that lies on the ground."""
    size = alpha.shape[0]
    low = size // 4
    small = resized_box(alpha, low)
    reach = rng.uniform(0.01, 0.05)
    angle = rng.uniform(0, 2 * math.pi)
    thrown = shifted(small, round(math.sin(angle) * reach * low), round(math.cos(angle) * reach * low))
    soft = blurred(thrown, low * rng.uniform(0.008, 0.03)) * rng.uniform(0.4, 0.75) + blurred(small, low * 0.012) * 0.25
    return np.asarray(Image.fromarray(soft).resize((size, size), Image.Resampling.BILINEAR)).clip(0, 0.9)


def _with_clutter(picture: Image.Image, rng: random.Random, shunned: str) -> Image.Image:
    """Other things lying about, cut by the frame's edge."""
    size = picture.width
    angles = [rng.uniform(0, 2 * math.pi)]
    if rng.random() < 0.75:
        angles.append(angles[0] + rng.uniform(1.6, 4.6))
    for angle in angles:
        other = random_look(rng, kind=rng.choice([key for key in KINDS if key != shunned]))
        cut = cut_out(other, size // 2)
        scale, reach = rng.uniform(0.42, 0.7), rng.uniform(0.5, 0.58)
        there = placed(cut, size, rng.uniform(0, 360), scale, scale, math.cos(angle) * reach, math.sin(angle) * reach)
        alpha = np.asarray(there.getchannel("A"), np.float32) / 255
        picture = composed(there, np.asarray(picture, np.float32), _cast_shadow(alpha, rng))
    return picture


def render_customer_photo(look: Look, *, seed: int, size: int = 480) -> Image.Image:
    """The product as a customer's phone would take it."""
    rng = random.Random(f"photo:{seed}:{look.product}")
    stands = KINDS[look.kind].stance == "stands"
    names = ("table", "shelf", "wall", "planks", "tiles") if stands else tuple(CLUTTERED)
    ground = ground_named(rng.choice(names), rng.randrange(1 << 30), size)
    picture = _with_clutter(Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)), rng, look.kind)
    cut = in_perspective(cut_out(look, size), size, rng, 0.07)
    turn = rng.uniform(-12, 12) if stands else rng.uniform(-32, 32)
    scale = rng.uniform(0.76, 0.94)
    cut = placed(cut, size, turn, scale, scale, rng.uniform(-0.07, 0.07), rng.uniform(-0.05, 0.06))
    alpha = np.asarray(cut.getchannel("A"), np.float32) / 255
    shadow = np.maximum(_cast_shadow(alpha, rng), shadow_of(alpha, "stands" if stands else "lies"))
    picture = composed(cut, np.asarray(picture, np.float32), shadow)
    return through_lens(under_light(picture, rng, 1.0), rng, 1.0)
