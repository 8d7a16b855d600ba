"""The two towers of the bundled model, sharing one space of named blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Space:
    """Sizes of the blocks of a vector, and the share of each in the squared length of an image vector.

    Texts fill ``kind``, ``style`` and ``colour``; ``instance`` tells single products apart.
    """

    kind: int = 72
    style: int = 40
    colour: int = 32
    instance: int = 112
    shares: tuple[float, float, float, float] = (0.22, 0.08, 0.20, 0.50)

    @property
    def sizes(self) -> list[int]:
        """Sizes of the blocks in order."""
        return [self.kind, self.style, self.colour, self.instance]

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return sum(self.sizes)


class Excitation(nn.Module):
    """Channels weighed by what the whole picture shows (squeeze and excitation: Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        hidden = channels // reduction
        self.gate = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape, (n, channels, h, w)."""
        weights: Tensor = self.gate(features.mean(dim=(2, 3)))
        return features * weights[:, :, None, None]


class Residual(nn.Module):
    """Two 3x3 convolutions and an excitation beside a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), Excitation(outputs),
        )  # fmt: skip
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Return features, shape (n, outputs, h / stride, w / stride)."""
        return functional.relu(self.body(features) + self.shortcut(features))


def _stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(inputs if i == 0 else outputs, outputs, 2 if i == 0 else 1) for i in range(depth)))


class Palette(nn.Module):
    """Soft colour histogram under a mask: every pixel is shared out among learned colours."""

    def __init__(self, colours: int = 64, sharpness: float = 60.0) -> None:
        super().__init__()
        level = torch.tensor([0.08, 0.36, 0.64, 0.92])
        centres = torch.cartesian_prod(level, level, level)[:colours]
        self.centres = nn.Parameter(centres)
        self.log_sharpness = nn.Parameter(torch.tensor(sharpness).log())

    def forward(self, pixels: Tensor, mask: Tensor) -> Tensor:
        """Return the square roots of the shares under ``mask`` and outside, shape (n, 2 * colours)."""
        sharpness = self.log_sharpness.exp()
        kernel = (2 * sharpness * self.centres)[:, :, None, None]
        shares = functional.conv2d(pixels, kernel, -sharpness * (self.centres**2).sum(dim=1)).softmax(dim=1)
        layers = torch.cat([mask, 1.04 - mask], dim=1).flatten(2)
        weights = layers / layers.sum(dim=2, keepdim=True)
        histograms = torch.bmm(weights, shares.flatten(2).transpose(1, 2))
        return (histograms.flatten(1) + 1e-6).sqrt()


class ImageTower(nn.Module):
    """Residual CNN whose mask says where the product is, and a palette of its colours."""

    widths = (24, 48, 96, 160, 256)

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space = space
        stem, low, middle, high, top = self.widths
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True))
        self.low, self.middle = _stage(stem, low, 1), _stage(low, middle, 2)
        self.high, self.top = _stage(middle, high, 2), _stage(high, top, 2)
        self.mask_low, self.mask_middle, self.mask_top = (nn.Conv2d(width, 1, 1) for width in (low, middle, top))
        self.palette = Palette()
        pooled = middle + high + top
        self.to_kind = nn.Sequential(nn.Dropout(0.2), nn.Linear(pooled, space.kind))
        self.to_style = nn.Sequential(nn.Dropout(0.2), nn.Linear(pooled, space.style))
        self.to_colour = nn.Sequential(nn.Linear(128, 96), nn.ReLU(), nn.Linear(96, space.colour))
        self.to_instance = nn.Linear(pooled + 128, space.instance, bias=False)
        self.scale: Tensor
        self.register_buffer("scale", torch.tensor(space.shares).sqrt())

    def forward(self, pixels: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the unit blocks of each picture and the logits of its mask; pixels are (n, 3, h, w) in 0..1."""
        return self.read(pixels, self.features(pixels))

    def features(self, pixels: Tensor) -> list[Tensor]:
        """Return the maps of the last four stages, each half as wide as the one before."""
        maps = [self.low(self.stem((pixels - 0.5) * 4))]
        for stage in (self.middle, self.high, self.top):
            maps.append(stage(maps[-1]))
        return maps

    def read(self, pixels: Tensor, maps: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return blocks and mask as ``forward`` does, from what ``features`` returned."""
        low, middle, high, top = maps
        logits = self._mask(low, middle, top)
        mask = logits.sigmoid() + 0.02
        colours = self.palette(functional.avg_pool2d(pixels.contiguous(), 4), mask)
        shape = torch.cat([_generalised_mean(part) for part in (middle, high, top)], dim=1)
        everything = torch.cat([functional.normalize(shape, dim=1), colours[:, :64], colours[:, 64:] * 0.5], dim=1)
        blocks = [self.to_kind(shape), self.to_style(shape), self.to_colour(colours), self.to_instance(everything)]
        return [functional.normalize(block, dim=1) for block in blocks], logits

    def _mask(self, low: Tensor, middle: Tensor, top: Tensor) -> Tensor:
        logits: Tensor = self.mask_low(low)
        for convolution, features in ((self.mask_middle, middle), (self.mask_top, top)):
            coarse = convolution(features)
            logits = logits + functional.interpolate(coarse, size=low.shape[-2:], mode="bilinear", align_corners=False)
        return logits

    def vector(self, blocks: Sequence[Tensor]) -> Tensor:
        """Return the unit vectors that the blocks make, shape (n, space.dimension)."""
        return torch.cat([block * self.scale[i] for i, block in enumerate(blocks)], dim=1)


def _generalised_mean(features: Tensor, power: float = 3.0) -> Tensor:
    """Pool (n, c, h, w) to (n, c): between the mean and the maximum (Radenović et al. 2018)."""
    return features.clamp(min=1e-4).pow(power).mean(dim=(2, 3)).pow(1 / power)


class TextTower(nn.Module):
    """Learned concept vectors, added up block by block."""

    def __init__(self, space: Space, facets: Sequence[int]) -> None:
        """Take for each concept the number of the block (0 kind, 1 style, 2 colour) it lives in."""
        super().__init__()
        self.space = space
        self.table = nn.Parameter(torch.randn(len(facets) + 1, space.dimension) * 0.3)
        starts = [0, *torch.tensor(space.sizes).cumsum(0).tolist()]
        home = torch.zeros(len(facets) + 1, space.dimension)
        for number, facet in enumerate(facets, start=1):
            home[number, starts[facet] : starts[facet + 1]] = 1
        self.home: Tensor
        self.register_buffer("home", home)
        self.log_weights = nn.Parameter(torch.tensor([0.0, -0.4, 0.0]))

    def concepts(self) -> Tensor:
        """Return the vectors of the concepts, shape (concepts + 1, dimension); row 0 is padding."""
        return self.table * self.home

    def forward(self, numbers: Tensor) -> Tensor:
        """Return unit vectors, shape (n, dimension), of concept numbers, shape (n, k), 0 where there is none."""
        return self.combine(functional.embedding(numbers, self.concepts()).sum(dim=1))

    def combine(self, sums: Tensor) -> Tensor:
        """Return unit vectors of added concept vectors, shape (n, dimension); zeros stay zero."""
        parts = torch.split(sums, self.space.sizes, dim=1)
        weights = self.log_weights.exp()
        blocks = [functional.normalize(part, dim=1) * weights[i] for i, part in enumerate(parts[:3])]
        return functional.normalize(torch.cat([*blocks, parts[3]], dim=1), dim=1)
