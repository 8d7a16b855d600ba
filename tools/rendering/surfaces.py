"""Surfaces of parts, and where on the canvas the parts are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.rendering.fields import Field
from tools.rendering.prints import Print
from tools.rendering.vocabulary import MATERIALS, RGB, Material


@dataclass(frozen=True)
class Surface:
    """What a part is covered with."""

    rgb: RGB
    material: Material
    print: Print | None = None

    def of(self, material: str) -> Surface:
        """The same colour in another material."""
        return replace(self, material=MATERIALS[material])

    def tinted(self, factor: float) -> Surface:
        """The same surface, darker (factor < 1) or lighter (> 1)."""
        if factor <= 1:
            red, green, blue = (int(channel * factor) for channel in self.rgb)
        else:
            red, green, blue = (int(channel + (255 - channel) * (factor - 1)) for channel in self.rgb)
        return replace(self, rgb=(red, green, blue))


@dataclass(frozen=True)
class Region:
    """Where a part landed: its box in pixels and its antialiased coverage there."""

    box: tuple[int, int, int, int]
    mask: Field

    @property
    def window(self) -> tuple[slice, slice]:
        x0, y0, x1, y1 = self.box
        return slice(y0, y1), slice(x0, x1)
