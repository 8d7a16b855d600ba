"""Curves as a picture: SVG, so that no plotting library is needed for a figure or two."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 720, 420, 60, 50, 30, 190
_COLOURS = ("#1b6ca8", "#c2571a", "#2e8540", "#8a3ffc", "#b5179e", "#5c677d")
_TICKS = 6  # about so many, where they are not the values themselves

Curve = dict[int, float]
Scale = Callable[[float], float]


@dataclass(frozen=True)
class Axis:
    """What an axis is called, the unit behind its values, and whether it is linear or logarithmic."""

    title: str = ""
    unit: str = ""
    is_linear: bool = False


def as_svg(curves: Mapping[str, Curve], x: Axis, y: Axis) -> str:
    """Draw ``curves``; positive values only, unless the axis is linear."""
    across = sorted({at for curve in curves.values() for at in curve})
    up = [value for curve in curves.values() for value in curve.values()]
    x_ticks = _linear_ticks(across[0], across[-1]) if x.is_linear else [float(at) for at in across]
    y_ticks = _linear_ticks(min(up), max(up)) if y.is_linear else _decades(min(up), max(up))
    along = _scale(x_ticks, _LEFT, _WIDTH - _RIGHT, x)
    rising = _scale(y_ticks, _HEIGHT - _BOTTOM, _TOP, y)
    parts = [*_grid(x_ticks, y_ticks, along, rising, x, y)]
    for number, (name, curve) in enumerate(curves.items()):
        parts += _curve(name, sorted(curve.items()), _COLOURS[number % len(_COLOURS)], along, rising, row=number)
    style = "<style>text{font:12px sans-serif}</style>"
    header = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
    return "\n".join([header, style, f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>', *parts, "</svg>\n"])


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high)) + 1
    return [float(f"1e{power}") for power in range(first, last + 1)]


def _linear_ticks(low: float, high: float) -> list[float]:
    """Return round values that reach from under ``low`` to over ``high``."""
    rough = (high - low or abs(high) or 1.0) / _TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [number * step for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _scale(ticks: list[float], start: float, end: float, axis: Axis) -> Scale:
    measure: Scale = float if axis.is_linear else math.log10
    low = measure(ticks[0])
    span = measure(ticks[-1]) - low or 1.0
    return lambda value: start + (end - start) * (measure(value) - low) / span


def _grid(
    x_ticks: Iterable[float], y_ticks: Iterable[float], along: Scale, rising: Scale, x: Axis, y: Axis
) -> Iterator[str]:
    for tick in x_ticks:
        yield f'<text x="{along(tick):.0f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{tick:,.10g}</text>'
    for tick in y_ticks:
        height, label = rising(tick), f"{tick:g} {y.unit}".strip()
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.0f}" y2="{height:.0f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{height + 4:.0f}" text-anchor="end">{label}</text>'
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">{x.title}</text>'


def _curve(
    name: str, points: list[tuple[int, float]], colour: str, along: Scale, rising: Scale, *, row: int
) -> Iterator[str]:
    path = " ".join(f"{along(at):.1f},{rising(value):.1f}" for at, value in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for at, value in points:
        yield f'<circle cx="{along(at):.1f}" cy="{rising(value):.1f}" r="3" fill="{colour}"/>'
    left, top = _WIDTH - _RIGHT + 12, _TOP + 18 * row
    yield f'<rect x="{left}" y="{top}" width="10" height="10" fill="{colour}"/>'
    yield f'<text x="{left + 15}" y="{top + 9}">{escape(name)}</text>'
