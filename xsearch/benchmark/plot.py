"""Growth as a picture: SVG, both axes logarithmic, so that no plotting library is needed for one figure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 720, 420, 60, 50, 30, 190
_COLOURS = ("#1b6ca8", "#c2571a", "#2e8540", "#8a3ffc", "#b5179e", "#5c677d")

Curve = dict[int, float]


def growth_curves(figures: Mapping[str, Any]) -> dict[str, Curve]:
    """Return p95 in milliseconds by size: whole photo queries by encoder, and the database's share by filter."""
    curves: dict[str, Curve] = {}
    for encoder, sizes in figures.get("photo_query", {}).items():
        curves[f"photo query, {encoder}"] = {int(size): found["search"]["p95_ms"] for size, found in sizes.items()}
    for size, shares in figures.get("walk", {}).items():
        for share, found in shares.items():
            curves.setdefault(f"SQL, filter passes {share}", {})[int(size)] = found["p95_ms"]
    return curves


def as_svg(curves: Mapping[str, Curve]) -> str:
    """Draw milliseconds (p95) over products."""
    sizes = [size for curve in curves.values() for size in curve]
    times = [time for curve in curves.values() for time in curve.values()]
    x = _scale(min(sizes), max(sizes), _LEFT, _WIDTH - _RIGHT)
    y = _scale(_floor10(min(times)), 10 * _floor10(max(times)), _HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid(sorted(set(sizes)), times, x, y)]
    for number, (name, curve) in enumerate(curves.items()):
        parts += _curve(name, sorted(curve.items()), _COLOURS[number % len(_COLOURS)], x, y, row=number)
    style = "<style>text{font:12px sans-serif}</style>"
    header = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
    return "\n".join([header, style, f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>', *parts, "</svg>\n"])


def _floor10(value: float) -> float:
    return float(10 ** math.floor(math.log10(value)))


def _scale(low: float, high: float, start: float, end: float) -> Any:
    span = math.log10(high / low) or 1.0
    return lambda value: start + (end - start) * math.log10(value / low) / span


def _grid(sizes: list[int], times: list[float], x: Any, y: Any) -> Iterator[str]:
    for size in sizes:
        yield f'<text x="{x(size):.0f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{size:,}</text>'
    mark = _floor10(min(times))
    while mark <= 10 * _floor10(max(times)):
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(mark):.0f}" y2="{y(mark):.0f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{y(mark) + 4:.0f}" text-anchor="end">{mark:g} ms</text>'
        mark *= 10
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">products</text>'


def _curve(name: str, points: list[tuple[int, float]], colour: str, x: Any, y: Any, *, row: int) -> Iterator[str]:
    path = " ".join(f"{x(size):.1f},{y(time):.1f}" for size, time in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x(size):.1f}" cy="{y(time):.1f}" r="3" fill="{colour}"/>' for size, time in points)
    left, top = _WIDTH - _RIGHT + 12, _TOP + 18 * row
    yield f'<rect x="{left}" y="{top}" width="10" height="10" fill="{colour}"/>'
    yield f'<text x="{left + 15}" y="{top + 9}">{escape(name)}</text>'
