"""Kinds of product and the functions that draw them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tools.rendering.canvas import Canvas
from tools.rendering.surfaces import Surface
from tools.rendering.vocabulary import COLOURS, MATERIALS, RGB

Stance = Literal["lies", "stands"]
Draw = Callable[["Canvas", "Design"], None]

ALL_COLOURS = tuple(COLOURS)
FABRIC_PATTERNS = ("plain", "striped", "checked", "dotted", "floral", "colour_block", "zigzag", "stars")


@dataclass(frozen=True)
class Kind:
    """A kind of product: its names and the combinations that make sense for it."""

    key: str
    title_en: str
    title_zh: str
    group: str
    patterns: tuple[str, ...] = ("plain",)
    materials: tuple[str, ...] = ("plastic",)
    colours: tuple[str, ...] = ALL_COLOURS
    stance: Stance = "stands"
    draw: Draw = field(repr=False, compare=False, default=lambda _canvas, _design: None)


@dataclass
class Design:
    """One product's choices: its surfaces, and a random source that fixes its shape."""

    rng: random.Random
    main: Surface
    second: Surface
    pattern: str

    @property
    def plain(self) -> Surface:
        """The main colour and material without the pattern."""
        return Surface(self.main.rgb, self.main.material)

    @property
    def trim(self) -> Surface:
        """What edges and details are made of: the second colour where the product has one."""
        return self.plain if self.pattern == "plain" else self.second

    def made_of(self, rgb: RGB, material: str) -> Surface:
        """A plain surface of another colour and material."""
        return Surface(rgb, MATERIALS[material])

    def between(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    @property
    def thread(self) -> RGB:
        """A colour for stitches that shows on the main colour."""
        shift = 48 if sum(self.main.rgb) < 380 else -42
        red, green, blue = (max(0, min(255, channel + shift)) for channel in self.main.rgb)
        return red, green, blue


_registered: dict[str, Kind] = {}


def product(
    key: str,
    title_en: str,
    title_zh: str,
    group: str,
    *,
    patterns: tuple[str, ...] = ("plain",),
    materials: tuple[str, ...] = ("plastic",),
    colours: tuple[str, ...] = ALL_COLOURS,
    stance: Stance = "stands",
) -> Callable[[Draw], Draw]:
    """Register the decorated function as the drawing of a kind."""

    def register(draw: Draw) -> Draw:
        _registered[key] = Kind(key, title_en, title_zh, group, patterns, materials, colours, stance, draw)
        return draw

    return register


def registered() -> dict[str, Kind]:
    """All kinds registered so far, in order."""
    return dict(_registered)
