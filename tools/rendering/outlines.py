"""Smooth outlines: arrays of points, shape (n, 2), x to the right, y down, the frame is [-1, 1]²."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
# (x, y) is passed smoothly; (x, y, 1) is a corner.
Knot = tuple[float, ...]

_STEPS = 10
_T = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
_BASIS = 0.5 * np.concatenate(
    [-_T + 2 * _T**2 - _T**3, 2 - 5 * _T**2 + 3 * _T**3, _T + 4 * _T**2 - 3 * _T**3, -(_T**2) + _T**3], axis=1
)


def _catmull_rom(controls: Outline) -> Outline:
    windows = np.stack([controls[i : len(controls) - 3 + i] for i in range(4)], axis=1)
    return np.einsum("tk,nkd->ntd", _BASIS, windows).reshape(-1, 2)


def open_path(knots: Sequence[Knot]) -> Outline:
    """A Catmull-Rom curve through the knots, broken at corners; ends at the last knot."""
    breaks = [i for i, knot in enumerate(knots) if len(knot) > 2 or i in (0, len(knots) - 1)]
    points = np.array([knot[:2] for knot in knots], float)
    pieces = []
    for start, stop in pairwise(breaks):
        run = points[start : stop + 1]
        if len(run) == 2:
            pieces.append(run[:1])
            continue
        pieces.append(_catmull_rom(np.vstack([2 * run[0] - run[1], run, 2 * run[-1] - run[-2]])))
    return np.vstack([*pieces, points[-1:]])


def closed_path(knots: Sequence[Knot]) -> Outline:
    """A closed Catmull-Rom curve through the knots, broken at corners."""
    corners = [i for i, knot in enumerate(knots) if len(knot) > 2]
    if corners:
        turned = [*knots[corners[0] :], *knots[: corners[0] + 1]]
        return open_path(turned)[:-1]
    points = np.array(knots, float)
    return _catmull_rom(np.vstack([points[-1:], points, points[:2]]))


def mirrored(half: Sequence[Knot]) -> Outline:
    """The closed outline whose right half, from top to bottom, is given; knots at x = 0 are shared."""
    other = [(-knot[0], *knot[1:]) for knot in reversed(half) if abs(knot[0]) > 1e-9]
    return closed_path([*half, *other])


def flipped(outline: Outline) -> Outline:
    """The outline mirrored left to right."""
    return outline * (-1.0, 1.0)


def ellipse(x: float, y: float, rx: float, ry: float, start: float = 0.0, stop: float = 360.0) -> Outline:
    """An ellipse, or its arc from start to stop degrees (clockwise on screen, 0 is to the right)."""
    angles = np.radians(np.linspace(start, stop, 49))
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def rectangle(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Outline:
    """An upright rectangle with round corners."""
    radius = max(1e-4, min(radius, (x1 - x0) / 2, (y1 - y0) / 2))
    turn = np.radians(np.linspace(0, 90, 9))
    arcs = []
    corners = [(x1 - radius, y1 - radius), (x0 + radius, y1 - radius)]
    corners += [(x0 + radius, y0 + radius), (x1 - radius, y0 + radius)]
    for i, (x, y) in enumerate(corners):
        angles = turn + math.pi / 2 * i
        arcs.append(np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1))
    return np.vstack(arcs)


def star(x: float, y: float, radius: float, points: int = 5, inner: float = 0.42) -> Outline:
    """A star with one point up."""
    angles = np.pi * np.arange(points * 2) / points - np.pi / 2
    radii = np.where(np.arange(points * 2) % 2 == 0, radius, radius * inner)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def tube(line: Outline, width: float | Iterable[float]) -> Outline:
    """The outline of a band along a line, with round ends; `width` may change along it."""
    widths = np.full(len(line), width) if isinstance(width, int | float) else np.array(list(width), float)
    if len(widths) != len(line):
        widths = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) * widths[:, None] / 2
    turn = np.radians(np.linspace(-90, 90, 7)[1:-1])[:, None]
    end = line[-1] + np.cos(turn) * tangent[-1] * widths[-1] / 2 + np.sin(turn) * normal[-1]
    start = line[0] - np.cos(turn) * tangent[0] * widths[0] / 2 - np.sin(turn) * normal[0]
    return np.vstack([line - normal, end, (line + normal)[::-1], start])


def band(line: Outline, width: float) -> Outline:
    """Like `tube`, with flat ends."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) * width / 2
    return np.vstack([line - normal, (line + normal)[::-1]])


def moved(outline: Outline, x: float = 0.0, y: float = 0.0, scale: float = 1.0, degrees: float = 0.0) -> Outline:
    """The outline scaled and turned about the origin, then shifted."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    return outline @ np.array([[cos, sin], [-sin, cos]]) + (x, y)


def dashes(line: Outline, length: float, gap: float) -> list[Outline]:
    """The line cut into dashes, for stitches."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0, travelled[-1] - length / 2, length + gap)
    ends = np.stack([starts, np.minimum(starts + length, travelled[-1])], axis=1)
    x, y = np.interp(ends, travelled, line[:, 0]), np.interp(ends, travelled, line[:, 1])
    return list(np.stack([x, y], axis=2))
