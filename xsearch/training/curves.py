"""The log of a run as pictures: its losses and its figures over the steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xsearch.plot import Axis, Curve, as_svg


def draw_curves(folder: Path, log: Iterable[Mapping[str, Any]]) -> None:
    """Write ``losses.svg`` and ``figures.svg`` into ``folder``, as far as the lines of ``log`` have any."""
    lines = list(log)
    for name in ("losses", "figures"):
        curves: dict[str, Curve] = defaultdict(dict)
        for line in lines:
            for curve, value in line.get(name, {}).items():
                curves[curve][line["step"]] = value
        if curves:
            picture = as_svg(curves, x=Axis("steps", is_linear=True), y=Axis(is_linear=True))
            (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
