"""Random views of pictures for whole batches at once, as customers' cameras and crops make them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Strength:
    """Bounds of the random changes: crop as shares of the side, rotation in degrees."""

    crop: tuple[float, float] = (0.5, 1.05)
    degrees: float = 20.0
    light: float = 0.35
    cast: float = 0.10
    noise: float = 0.04
    flip: float = 0.5
    tilt: float = 0.25  # how much longer one side of the picture may be than the opposite one
    ground: float = 0.5  # share of products put before another background
    hands: float = 0.25  # share of views with something in front of the product


SHOP = Strength(crop=(0.8, 1.15), degrees=5.0, light=0.12, cast=0.03, noise=0.01, tilt=0.05, ground=0.25, hands=0.0)
CAMERA = Strength()


def random_views(
    images: Tensor, masks: Tensor, size: int, strength: Strength, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return views, shape (n, 3, size, size) in 0..1, and their masks, shape (n, 1, size, size).

    ``images`` is uint8 of shape (n, 3, h, w), ``masks`` uint8 of shape (n, 1, h', w').
    """
    pictures, cover = images.float() / 255, masks.float() / 255
    grid, outside = _random_grid(len(images), size, strength, rng)
    views = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    cover = functional.grid_sample(cover, grid, padding_mode="zeros", align_corners=False)
    views = _lit(views, strength, rng)
    views = _backdrop(views, cover, strength, rng)
    fill = _fill(views, rng)
    views = torch.where(outside, fill, views)
    cover = torch.where(outside, torch.zeros_like(cover), cover)
    views, cover = _held(views, cover, strength, rng)
    return _degraded(views, strength, rng), cover


def uniform(shape: tuple[int, ...], low: float, high: float, rng: torch.Generator) -> Tensor:
    """Return random numbers between ``low`` and ``high``."""
    return torch.rand(shape, generator=rng) * (high - low) + low


def _random_grid(count: int, size: int, strength: Strength, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the source of each output pixel, (n, size, size, 2) in -1..1, and which are outside the crop."""
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    angle = uniform((count,), -strength.degrees, strength.degrees, rng) * math.pi / 180
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    turned = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
    lean = uniform((count, 1, 1, 2), -strength.tilt, strength.tilt, rng) / 2
    turned = turned / (1 + (turned * lean).sum(dim=-1, keepdim=True))
    # A turned photo either keeps its frame and shows fill in the corners, or was taken at that angle.
    outside = (turned.abs().amax(dim=-1) > 1) & (torch.rand((count, 1, 1), generator=rng) < 0.6)
    extent = uniform((count, 1, 1, 2), *strength.crop, rng)
    shared = torch.rand((count, 1, 1, 1), generator=rng) < 0.6
    extent = torch.where(shared, extent[..., :1], extent)
    offset = uniform((count, 1, 1, 2), -1, 1, rng) * (1 - extent).abs()
    mirror = torch.where(torch.rand((count, 1, 1, 1), generator=rng) < strength.flip, -1.0, 1.0)
    grid = turned * extent + offset
    return torch.cat([grid[..., :1] * mirror, grid[..., 1:]], dim=-1), outside[:, None]


def _lit(views: Tensor, strength: Strength, rng: torch.Generator) -> Tensor:
    """Change exposure, contrast and the colour of the light."""
    count = len(views)
    gain = 1 + uniform((count, 1, 1, 1), -strength.light, strength.light, rng)
    cast = 1 + uniform((count, 3, 1, 1), -strength.cast, strength.cast, rng)
    gamma = 1 + uniform((count, 1, 1, 1), -strength.light, strength.light, rng) * 0.6
    return (views.clamp(1e-4, 1) ** gamma * gain * cast).clamp(0, 1)


def _backdrop(views: Tensor, cover: Tensor, strength: Strength, rng: torch.Generator) -> Tensor:
    """Put some products before another background: plain, graded, or another picture's."""
    count = len(views)
    plain = uniform((count, 3, 1, 1), 0, 1, rng)
    near_white = 1 - uniform((count, 1, 1, 1), 0, 0.15, rng).expand(-1, 3, -1, -1)
    plain = torch.where(torch.rand((count, 1, 1, 1), generator=rng) < 0.6, near_white, plain)
    slope = torch.linspace(-1, 1, views.shape[-1]) * uniform((count, 1, 1, 1), -0.12, 0.12, rng)
    graded = (plain + slope.transpose(-1, -2).reshape(count, 1, -1, 1)).clamp(0, 1)
    other = views[torch.randperm(count, generator=rng)].flip(-2)
    pick = torch.rand((count, 1, 1, 1), generator=rng)
    ground = torch.where(pick < 0.7, graded.expand_as(views), other)
    enough = cover.mean(dim=(1, 2, 3), keepdim=True) > 0.08
    swap = (torch.rand((count, 1, 1, 1), generator=rng) < strength.ground) & enough
    solid = ((cover - 0.25) * 2.5).clamp(0, 1)
    return torch.where(swap, views * solid + ground * (1 - solid), views)


def _fill(views: Tensor, rng: torch.Generator) -> Tensor:
    """Return the colour of the corners after rotation: mostly white, sometimes black or the border's colour."""
    count = len(views)
    border = torch.cat([views[:, :, 0], views[:, :, -1]], dim=-1).mean(dim=-1)[..., None, None]
    pick = torch.rand((count, 1, 1, 1), generator=rng)
    plain = torch.where(pick < 0.55, 1.0, 0.0).expand(-1, 3, -1, -1)
    return torch.where(pick < 0.7, plain, border)


def _held(views: Tensor, cover: Tensor, strength: Strength, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cover part of some views with a long blob from the border, like fingers, a sleeve or the edge of a table."""
    count, size = len(views), views.shape[-1]
    axis = torch.linspace(-1, 1, size)
    angle, turn = (uniform((count, 1, 1), 0, 2 * math.pi, rng) for _ in range(2))
    x, y = axis[None, None, :] - 1.1 * angle.cos(), axis[None, :, None] - 1.1 * angle.sin()
    along, across = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    length, width = uniform((count, 1, 1), 0.4, 0.9, rng), uniform((count, 1, 1), 0.12, 0.4, rng)
    blob = (along / length) ** 2 + (across / width) ** 2 < 1
    blob &= torch.rand((count, 1, 1), generator=rng) < strength.hands
    light = uniform((count, 1, 1, 1), 0.25, 1.0, rng)
    skin = light * torch.tensor([1.0, 0.76, 0.64])[None, :, None, None]
    plain = torch.rand((count, 3, 1, 1), generator=rng)
    tone = torch.where(torch.rand((count, 1, 1, 1), generator=rng) < 0.6, skin, plain)
    return torch.where(blob[:, None], tone, views), cover.masked_fill(blob[:, None], 0)


def _degraded(views: Tensor, strength: Strength, rng: torch.Generator) -> Tensor:
    """Blur and add noise as small sensors and JPEG do."""
    count, size = len(views), views.shape[-1]
    soft = functional.interpolate(
        functional.avg_pool2d(views, 2), size=(size, size), mode="bilinear", align_corners=False
    )
    blend = uniform((count, 1, 1, 1), -0.6, 1, rng).clamp(0, 1)
    noise = torch.randn(views.shape, generator=rng) * uniform((count, 1, 1, 1), 0, strength.noise, rng)
    return (views * (1 - blend) + soft * blend + noise).clamp(0, 1)
