"""A look: everything that makes one product differ from another."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from PIL import Image

from tools.rendering.canvas import Canvas
from tools.rendering.kinds import KINDS
from tools.rendering.prints import Print
from tools.rendering.registry import Design
from tools.rendering.silhouette import Silhouette
from tools.rendering.surfaces import Surface
from tools.rendering.vocabulary import COLOURS, MATERIALS, RGB

_FILL, _MAX_ZOOM = 0.84, 1.4

# Materials whose motifs are bold: knit cannot carry small dots.
_PRINT_SCALE = {"knit": 1.35, "wool": 1.2, "plush": 1.3}


@dataclass(frozen=True)
class Look:
    """One product; the same look is the same product, whatever the view."""

    kind: str
    colour: str
    second_colour: str
    pattern: str
    material: str
    shape_seed: int

    @property
    def product(self) -> str:
        """An id that all views of this look share."""
        text = "/".join(
            map(str, (self.kind, self.colour, self.second_colour, self.pattern, self.material, self.shape_seed))
        )
        return f"{self.kind}-{blake2b(text.encode(), digest_size=6).hexdigest()}"


def random_look(rng: random.Random, kind: str | None = None, colour: str | None = None) -> Look:
    """A sensible product, of the given kind and colour where given."""
    chosen = KINDS[kind or rng.choice(list(KINDS))]
    first = colour or rng.choice(chosen.colours)
    second = rng.choice([key for key in COLOURS if _contrast(first, key) > 90])
    return Look(
        kind=chosen.key,
        colour=first,
        second_colour=second,
        pattern=rng.choice(chosen.patterns),
        material=rng.choice(chosen.materials),
        shape_seed=rng.randrange(1 << 30),
    )


def _contrast(first: str, second: str) -> float:
    weights = (0.55, 0.95, 0.45)
    pairs = zip(weights, COLOURS[first].rgb, COLOURS[second].rgb, strict=True)
    return float(sum((weight * (a - b)) ** 2 for weight, a, b in pairs) ** 0.5) if first != second else 0.0


def _shaded(rgb: RGB, rng: random.Random) -> RGB:
    """A shade of a colour: a little lighter or darker, warmer or cooler, still of that name."""
    level = rng.uniform(-13, 13)
    if sum(rgb) < 140:
        level = rng.uniform(-8, 10)
    if sum(rgb) > 700:
        level = rng.uniform(-8, 6)
    tint = 3 if max(rgb) - min(rgb) < 12 else 8
    red, green, blue = (max(8, min(250, round(channel + level + rng.uniform(-tint, tint)))) for channel in rgb)
    return red, green, blue


def design_of(look: Look) -> Design:
    """The surfaces and the shape source of a look."""
    rng = random.Random(f"{look.kind}:{look.shape_seed}")
    rgb, second = _shaded(COLOURS[look.colour].rgb, rng), _shaded(COLOURS[look.second_colour].rgb, rng)
    material = MATERIALS[look.material]
    pattern = None
    if look.pattern != "plain":
        scale = _PRINT_SCALE.get(look.material, 1.0) * rng.uniform(0.9, 1.15)
        pattern = Print(look.pattern, second, rng.randrange(1 << 20), scale)
    return Design(rng, Surface(rgb, material, pattern), Surface(second, material), look.pattern)


@lru_cache(maxsize=512)
def _framing(look: Look) -> tuple[float, tuple[float, float]]:
    """Zoom and centre that let the product fill the frame well: most of it, with air around."""
    small = Silhouette(72, zoom=0.8)
    KINDS[look.kind].draw(small, design_of(look))
    columns, rows = (np.flatnonzero(small.alpha.max(axis=axis) > 0.4) / 36 - 1 for axis in (0, 1))
    x0, x1, y0, y1 = columns[0] / 0.8, columns[-1] / 0.8, rows[0] / 0.8, rows[-1] / 0.8
    zoom = _FILL * 2 / max(x1 - x0, y1 - y0)
    return min(zoom, _MAX_ZOOM), ((x0 + x1) / 2, (y0 + y1) / 2)


@lru_cache(maxsize=12)
def cut_out(look: Look, size: int, zoom: float = 1.0, focus: tuple[float, float] = (0.0, 0.0)) -> Image.Image:
    """The product alone, RGBA, on a transparent square of `size` pixels; do not change it.

    `zoom` and `focus` (in frame units from its middle) show a detail.
    """
    fit, (x, y) = _framing(look)
    canvas = Canvas(size, zoom=fit * zoom, centre=(x + focus[0], y + focus[1]), seed=look.shape_seed)
    KINDS[look.kind].draw(canvas, design_of(look))
    return canvas.developed()


def recoloured(look: Look, colour: str) -> Look:
    """The same product in another colour."""
    return replace(look, colour=colour)
