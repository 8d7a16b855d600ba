"""Tailoring of upper garments: body, sleeves, neck, collar, buttons, zip."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import Outline, band, closed_path, ellipse, flipped, mirrored, open_path, rectangle
from tools.rendering.registry import Design
from tools.rendering.surfaces import Region, Surface
from tools.rendering.vocabulary import MATERIALS

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off



@dataclass
class Cut:
    """Measures of the right half of an upper garment, in frame units."""

    neck_x: float = 0.17
    neck_y: float = -0.68
    drop: float = 0.13
    shoulder_x: float = 0.46
    shoulder_y: float = -0.57
    chest_x: float = 0.43
    armpit_y: float = -0.24
    waist_x: float = 0.41
    hem_x: float = 0.43
    hem_y: float = 0.68

    @property
    def neckline(self) -> Outline:
        return open_path([
            (-self.neck_x, self.neck_y), (-self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
            (0, self.neck_y + self.drop), (self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
            (self.neck_x, self.neck_y),
        ])

    @property
    def hem(self) -> Outline:
        return open_path([(-self.hem_x, self.hem_y), (0, self.hem_y + 0.025), (self.hem_x, self.hem_y)])

    def body(self) -> Outline:
        waist_y = (self.armpit_y + self.hem_y) / 2
        return mirrored([
            (0, self.neck_y + self.drop), (self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
            (self.neck_x, self.neck_y, 1),
            (self.shoulder_x * 0.75, (self.neck_y + self.shoulder_y) / 2 - 0.01),
            (self.shoulder_x, self.shoulder_y, 1),
            (self.chest_x * 0.985, (self.shoulder_y + self.armpit_y) / 2 + 0.03),
            (self.chest_x, self.armpit_y, 1), (self.waist_x, waist_y), (self.hem_x, self.hem_y, 1),
            (0, self.hem_y + 0.025),
        ])


def _sleeve_outline(cut: Cut, length: float, degrees: float, cuff: float) -> tuple[Outline, Outline]:
    """The right sleeve and its cuff line."""
    angle = math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    top = np.array([cut.shoulder_x, cut.shoulder_y])
    outer = top + along * length
    inner = outer + across * cuff
    pit = np.array([cut.chest_x - 0.01, cut.armpit_y + 0.015])
    bulge = top + along * length * 0.4 - across * 0.015
    under = pit * 0.55 + inner * 0.45 + across * -0.012
    outline = closed_path([
        (top[0] - 0.12, top[1] - 0.02, 1), (top[0] + 0.01, top[1] + 0.003), (bulge[0], bulge[1]),
        (outer[0], outer[1], 1), (inner[0], inner[1], 1), (under[0], under[1]), (pit[0], pit[1], 1),
        (pit[0] - 0.12, pit[1] - 0.05, 1),
    ])
    return outline, np.stack([outer, inner])


def _both(c: Canvas, outline: Outline, surface: Surface, angle: float, **form: float) -> list[Region | None]:
    return [
        c.part(outline, surface, angle=angle, **form),  # type: ignore[arg-type]
        c.part(flipped(outline), surface, angle=-angle, **form),  # type: ignore[arg-type]
    ]


def sleeves(
    c: Canvas, surface: Surface, cut: Cut, length: float, degrees: float, cuff: float, trim: Surface | None = None
) -> None:
    """Both sleeves, with a cuff of its own where `trim` is given."""
    outline, edge = _sleeve_outline(cut, length, degrees, cuff)
    regions = _both(c, outline, surface, degrees - 90 if length > 0.5 else degrees - 60, depth=0.09)
    inward = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    if length > 0.5:
        bends = [edge.mean(axis=0) - inward * length * t for t in (0.3, 0.42, 0.55)]
        lines = [open_path([(x - 0.09, y - 0.04), (x, y), (x + 0.08, y - 0.03)]) for x, y in bends]
        c.creases(lines, 0.03, 0.5, regions[0])
        c.creases([flipped(line) for line in lines], 0.03, 0.5, regions[1])
    if trim is None:
        seam = edge - inward * 0.045
        c.lines([seam, flipped(seam)], 0.006, dark=0.22)
        return
    middle = open_path([tuple(point - inward * 0.035) for point in edge])
    outline = band(np.linspace(middle[0], middle[-1], 12) * 1.0, 0.085)
    outline = outline.mean(axis=0) + (outline - outline.mean(axis=0)) * 1.06
    _both(c, outline, trim, 0, depth=0.05)


def back_of_neck(c: Canvas, surface: Surface, cut: Cut) -> None:
    """The inside of the back, seen through the neck opening."""
    outline = mirrored([
        (0, cut.neck_y + 0.015), (cut.neck_x * 0.8, cut.neck_y - 0.003),
        (cut.neck_x + 0.02, cut.neck_y - 0.01, 1), (cut.neck_x + 0.02, cut.neck_y + cut.drop + 0.06, 1),
        (0, cut.neck_y + cut.drop + 0.1),
    ])
    c.part(outline, surface, shade=0.66, depth=0.03, folds=0)


def body_of(c: Canvas, d: Design, cut: Cut) -> Region | None:
    """The body, with folds where sleeves and hem pull."""
    region = c.part(cut.body(), d.main, depth=0.13, lift=0.012)
    side = cut.chest_x
    pulls = [
        open_path(
            [(side - 0.02, cut.armpit_y + 0.03), (side - 0.14, cut.armpit_y + 0.13), (side - 0.2, cut.armpit_y + 0.3)]
        ),
        open_path([(0.25 - side, cut.hem_y - 0.05), (0.2 - side, 0.2), (0.16 - side, 0.0)]),
        open_path([(0.1, cut.hem_y - 0.02), (0.07, 0.35), (0.11, 0.1)]),
        flipped(
            open_path([
                (side - 0.02, cut.armpit_y + 0.03), (side - 0.15, cut.armpit_y + 0.1),
                (side - 0.24, cut.armpit_y + 0.22),
            ])
        ),
    ]
    c.creases(pulls, 0.05, 0.38, region)
    return region


def hem_seam(c: Canvas, d: Design, cut: Cut, inset: float = 0.045) -> None:
    """The seam along the hem."""
    c.stitches(cut.hem - (0, inset), d.thread, width=0.006)


def buttons(c: Canvas, surface: Surface, x: float, top: float, bottom: float, count: int, radius: float) -> None:
    """A row of round buttons."""
    for y in np.linspace(top, bottom, count):
        c.part(ellipse(x, float(y), radius, radius), surface, depth=radius * 0.5, lift=0.006)
        c.marks(
            [ellipse(x + dx, float(y), radius * 0.16, radius * 0.16) for dx in (-radius * 0.3, radius * 0.3)], dark=0.6
        )


def zip_fastener(c: Canvas, top: float, bottom: float, x: float = 0.0) -> None:
    """A metal zip with its puller at the top."""
    line = np.array([(x, top), (x, bottom)])
    c.line(line, 0.034, dark=0.3)
    teeth = [np.array([(x - 0.009, y), (x + 0.009, y)]) for y in np.arange(top, bottom, 0.022)]
    c.lines(teeth, 0.012, rgb=(190, 190, 186), dark=0.0)
    puller = Surface((185, 185, 180), MATERIALS["metal"])
    c.part(rectangle(x - 0.016, top + 0.02, x + 0.016, top + 0.1, 0.014), puller, depth=0.02, lift=0.01)


def collar(c: Canvas, d: Design, cut: Cut, fall: float) -> None:
    """A turned-down collar on its stand."""
    y = cut.neck_y
    wing = closed_path([
        (0.0, y + cut.drop + 0.02, 1), (cut.neck_x * 0.7, y + 0.0), (cut.neck_x - 0.01, y - 0.05, 1),
        (cut.neck_x + 0.06, y + 0.02), (cut.neck_x + 0.05, y + cut.drop + fall, 1),
    ])
    stand = mirrored([
        (0, y - 0.03), (cut.neck_x * 0.7, y - 0.045), (cut.neck_x, y - 0.05, 1),
        (cut.neck_x + 0.05, y + 0.03, 1), (0, y + 0.045),
    ])
    c.part(stand, d.plain, depth=0.03, shade=0.88, folds=0)
    for outline in (wing, flipped(wing)):
        c.part(outline, d.main, depth=0.03, lift=0.018, folds=0, angle=25)
        c.stitches(0.86 * (outline - outline.mean(axis=0)) + outline.mean(axis=0), d.thread, width=0.004)
