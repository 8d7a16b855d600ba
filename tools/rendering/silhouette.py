"""A canvas that records only where the parts are: a cheap way to frame a product before drawing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import Outline
from tools.rendering.surfaces import Region, Surface


class Silhouette(Canvas):
    """Takes the same calls as a canvas and keeps coverage alone."""

    def part(  # type: ignore[override]
        self,
        outline: Outline,
        _surface: Surface,
        *,
        holes: Sequence[Outline] = (),
        within: Region | None = None,
        **_form: Any,
    ) -> Region | None:
        """Cover a part."""
        region = self._covered([outline], holes)
        if region is None or within is not None:
            return region
        self.alpha[region.window] = 1 - (1 - self.alpha[region.window]) * (1 - region.mask)
        return region

    def marks(self, *_arguments: Any, **_options: Any) -> None:
        """Paint covers nothing new."""

    def lines(self, *_arguments: Any, **_options: Any) -> None:
        """Nor do lines,"""

    def creases(self, *_arguments: Any, **_options: Any) -> None:
        """folds,"""

    def soft_shadow(self, *_arguments: Any, **_options: Any) -> None:
        """shadows"""

    def glint(self, *_arguments: Any, **_options: Any) -> None:
        """and highlights."""
