"""Upper garments, laid flat: T-shirt, shirt, sweater, hoodie, jacket, coat."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shop.rendering.canvas import Canvas, Region, Surface
from shop.rendering.outlines import Outline, closed_path, ellipse, flipped, mirrored, open_path, rectangle, tube
from shop.rendering.registry import FABRIC_PATTERNS, Design, product


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
        return open_path(
            [
                (-self.neck_x, self.neck_y),
                (-self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
                (0, self.neck_y + self.drop),
                (self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
                (self.neck_x, self.neck_y),
            ]
        )

    @property
    def hem(self) -> Outline:
        return open_path([(-self.hem_x, self.hem_y), (0, self.hem_y + 0.025), (self.hem_x, self.hem_y)])

    def body(self) -> Outline:
        waist_y = (self.armpit_y + self.hem_y) / 2
        return mirrored(
            [
                (0, self.neck_y + self.drop),
                (self.neck_x * 0.72, self.neck_y + self.drop * 0.72),
                (self.neck_x, self.neck_y, 1),
                (self.shoulder_x * 0.75, (self.neck_y + self.shoulder_y) / 2 - 0.01),
                (self.shoulder_x, self.shoulder_y, 1),
                (self.chest_x * 0.985, (self.shoulder_y + self.armpit_y) / 2 + 0.03),
                (self.chest_x, self.armpit_y, 1),
                (self.waist_x, waist_y),
                (self.hem_x, self.hem_y, 1),
                (0, self.hem_y + 0.025),
            ]
        )


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
    outline = closed_path(
        [
            (top[0] - 0.12, top[1] - 0.02, 1),
            (top[0] + 0.01, top[1] + 0.003),
            (bulge[0], bulge[1]),
            (outer[0], outer[1], 1),
            (inner[0], inner[1], 1),
            (under[0], under[1]),
            (pit[0], pit[1], 1),
            (pit[0] - 0.12, pit[1] - 0.05, 1),
        ]
    )
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
    outline = tube(np.linspace(middle[0], middle[-1], 12), 0.085)
    _both(c, outline, trim, 0, depth=0.05)


def back_of_neck(c: Canvas, surface: Surface, cut: Cut) -> None:
    """The inside of the back, seen through the neck opening."""
    outline = mirrored(
        [
            (0, cut.neck_y + 0.015),
            (cut.neck_x * 0.8, cut.neck_y - 0.003),
            (cut.neck_x + 0.02, cut.neck_y - 0.01, 1),
            (cut.neck_x + 0.02, cut.neck_y + cut.drop + 0.06, 1),
            (0, cut.neck_y + cut.drop + 0.1),
        ]
    )
    c.part(outline, surface, shade=0.66, depth=0.03, folds=0)


def _body(c: Canvas, d: Design, cut: Cut) -> Region | None:
    region = c.part(cut.body(), d.main, depth=0.13, lift=0.012)
    side = cut.chest_x
    pulls = [
        open_path(
            [(side - 0.02, cut.armpit_y + 0.03), (side - 0.14, cut.armpit_y + 0.13), (side - 0.2, cut.armpit_y + 0.3)]
        ),
        open_path([(0.25 - side, cut.hem_y - 0.05), (0.2 - side, 0.2), (0.16 - side, 0.0)]),
        open_path([(0.1, cut.hem_y - 0.02), (0.07, 0.35), (0.11, 0.1)]),
        flipped(
            open_path(
                [
                    (side - 0.02, cut.armpit_y + 0.03),
                    (side - 0.15, cut.armpit_y + 0.1),
                    (side - 0.24, cut.armpit_y + 0.22),
                ]
            )
        ),
    ]
    c.creases(pulls, 0.05, 0.38, region)
    return region


def _hem_seam(c: Canvas, d: Design, cut: Cut, inset: float = 0.045) -> None:
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
    puller = Surface((185, 185, 180), _METAL)
    c.part(rectangle(x - 0.016, top + 0.02, x + 0.016, top + 0.1, 0.014), puller, depth=0.02, lift=0.01)


@product("tshirt", "T-shirt", "T恤", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton",), stance="lies")
def draw_tshirt(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=d.between(0.14, 0.19),
        drop=d.between(0.09, 0.26) if d.chance(0.7) else d.between(0.26, 0.34),
        shoulder_x=d.between(0.43, 0.49),
        waist_x=d.between(0.37, 0.44),
        hem_y=d.between(0.56, 0.74),
    )
    cut.hem_x = cut.waist_x + d.between(0.0, 0.04)
    length, cuff = d.between(0.24, 0.42), d.between(0.24, 0.3)
    contrast = d.trim if d.chance(0.35) else d.plain
    back_of_neck(c, d.plain, cut)
    sleeve = d.second if d.pattern == "plain" and d.chance(0.1) else d.main
    sleeves(c, sleeve, cut, length, d.between(42, 58), cuff)
    _body(c, d, cut)
    c.part(tube(cut.neckline, 0.042), contrast, depth=0.02, lift=0.006)
    _hem_seam(c, d, cut)


@product(
    "shirt",
    "shirt",
    "衬衫",
    "clothing",
    patterns=FABRIC_PATTERNS,
    materials=("cotton", "denim", "satin"),
    stance="lies",
)
def draw_shirt(c: Canvas, d: Design) -> None:
    cut = Cut(neck_x=0.13, drop=0.1, neck_y=-0.66, waist_x=d.between(0.36, 0.42), hem_y=d.between(0.62, 0.76))
    cut.hem_x = cut.waist_x + 0.02
    long = d.chance(0.6)
    back_of_neck(c, d.plain, cut)
    if long:
        sleeves(c, d.main, cut, d.between(0.98, 1.08), d.between(68, 74), 0.15, d.plain)
    else:
        sleeves(c, d.main, cut, d.between(0.34, 0.44), d.between(46, 58), 0.27)
    body = _body(c, d, cut)
    c.part(
        rectangle(-0.04, cut.neck_y + cut.drop - 0.02, 0.04, cut.hem_y + 0.02),
        d.main,
        form="flat",
        within=body,
        lift=0.006,
    )
    for x in (-0.028, 0.028):
        c.stitches(np.array([(x, cut.neck_y + 0.14), (x, cut.hem_y)]), d.thread, width=0.005)
    _collar(c, d, cut, d.between(0.12, 0.2))
    bright = d.made_of((240, 238, 230) if sum(d.main.rgb) < 600 else (120, 110, 100), "plastic")
    buttons(c, bright, 0, -0.46, cut.hem_y - 0.12, 6, 0.02)
    if d.chance(0.6):
        _chest_pocket(c, d)
    _hem_seam(c, d, cut, 0.03)


def _collar(c: Canvas, d: Design, cut: Cut, fall: float) -> None:
    y = cut.neck_y
    wing = closed_path(
        [
            (0.0, y + cut.drop + 0.02, 1),
            (cut.neck_x * 0.7, y + 0.0),
            (cut.neck_x - 0.01, y - 0.05, 1),
            (cut.neck_x + 0.06, y + 0.02),
            (cut.neck_x + 0.05, y + cut.drop + fall, 1),
        ]
    )
    for outline in (wing, flipped(wing)):
        c.part(outline, d.main, depth=0.03, lift=0.018, folds=0, angle=25)
        c.stitches(0.86 * (outline - outline.mean(axis=0)) + outline.mean(axis=0), d.thread, width=0.004)


def _chest_pocket(c: Canvas, d: Design) -> None:
    pocket = mirrored([(0, 0.0), (0.09, 0, 1), (0.09, 0.16, 1), (0, 0.21, 1)]) + (0.22, -0.24)
    c.part(pocket, d.main, depth=0.015, lift=0.006, folds=0)
    c.line(np.array([(0.13, -0.205), (0.31, -0.205)]), 0.005, dark=0.2)


@product(
    "sweater",
    "sweater",
    "毛衣",
    "clothing",
    patterns=("plain", "striped", "zigzag", "colour_block", "stars"),
    materials=("knit", "wool"),
    stance="lies",
)
def draw_sweater(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=d.between(0.14, 0.18),
        drop=d.between(0.08, 0.2),
        waist_x=d.between(0.4, 0.46),
        hem_y=d.between(0.52, 0.66),
    )
    cut.hem_x = cut.waist_x - 0.03
    rib = d.trim if d.chance(0.4) else d.plain
    back_of_neck(c, d.plain, cut)
    sleeves(c, d.main, cut, d.between(0.98, 1.08), d.between(66, 73), 0.15, rib)
    _body(c, d, cut)
    _ribbed_hem(c, rib, cut)
    width = d.between(0.06, 0.09)
    c.part(tube(cut.neckline - (0, 0.01), width), rib, depth=0.03, lift=0.01)


def _ribbed_hem(c: Canvas, surface: Surface, cut: Cut) -> None:
    outline = np.vstack([cut.hem - (0, 0.085), (cut.hem + (0, 0.005))[::-1]])
    region = c.part(outline, surface, depth=0.05, lift=0.008, folds=0)
    ribs = [np.array([(x, cut.hem_y - 0.09), (x, cut.hem_y + 0.04)]) for x in np.arange(-cut.hem_x, cut.hem_x, 0.032)]
    c.lines(ribs, 0.009, dark=0.22, within=region)


@product(
    "hoodie",
    "hoodie",
    "连帽衫",
    "clothing",
    patterns=("plain", "plain", "colour_block", "striped", "stars"),
    materials=("cotton",),
    stance="lies",
)
def draw_hoodie(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=0.19,
        neck_y=-0.56,
        drop=0.17,
        shoulder_x=0.46,
        shoulder_y=-0.46,
        armpit_y=-0.12,
        waist_x=d.between(0.42, 0.47),
        hem_y=d.between(0.64, 0.72),
    )
    cut.hem_x = cut.waist_x - 0.03
    hood = d.between(0.25, 0.31)
    shell = mirrored([(0, -0.56 - hood), (0.2, -0.52 - hood), (0.29, -0.56), (0.2, -0.4), (0, -0.34)])
    c.part(shell, d.main, depth=0.1)
    opening = mirrored([(0, -0.5 - hood * 0.8), (0.135, -0.48 - hood * 0.7), (0.19, -0.52), (0.1, -0.4), (0, -0.36)])
    c.part(opening, d.plain, shade=0.5, depth=0.05, folds=0.5)
    rib = d.trim if d.chance(0.4) else d.plain
    sleeves(c, d.main, cut, d.between(0.94, 1.04), d.between(68, 73), 0.16, rib)
    body = _body(c, d, cut)
    _ribbed_hem(c, rib, cut)
    _kangaroo_pocket(c, d, cut)
    if d.chance(0.45):
        zip_fastener(c, cut.neck_y + cut.drop + 0.02, cut.hem_y - 0.02)
    c.part(tube(cut.neckline + (0, 0.012), 0.05), d.plain, depth=0.03, lift=0.012)
    cord = (235, 235, 230) if sum(d.main.rgb) < 560 else (60, 60, 66)
    for side in (-1, 1):
        line = open_path([(side * 0.07, -0.42), (side * 0.085, -0.3), (side * 0.075, -0.17)])
        c.part(tube(line, 0.02), d.made_of(cord, "cotton"), depth=0.01, lift=0.012, within=None)
    del body


def _kangaroo_pocket(c: Canvas, d: Design, cut: Cut) -> None:
    y = cut.hem_y - 0.09
    pocket = mirrored([(0, y - 0.3), (0.17, y - 0.3, 1), (0.27, y - 0.12), (0.28, y, 1), (0, y + 0.01)])
    c.part(pocket, d.main, depth=0.03, lift=0.014, folds=0.4)
    for side in (-1, 1):
        edge = open_path([(side * 0.16, y - 0.285), (side * 0.245, y - 0.12), (side * 0.258, y)])
        c.stitches(edge, d.thread, width=0.005)


@product(
    "jacket",
    "jacket",
    "夹克",
    "clothing",
    patterns=("plain", "plain", "plain", "colour_block", "checked"),
    materials=("leather", "denim", "canvas"),
    stance="lies",
)
def draw_jacket(c: Canvas, d: Design) -> None:
    cut = Cut(neck_x=0.16, drop=0.16, waist_x=d.between(0.4, 0.45), hem_y=d.between(0.46, 0.6))
    cut.hem_x = cut.waist_x - 0.02
    lining = d.made_of(d.second.rgb, "satin").tinted(0.7)
    back_of_neck(c, lining, cut)
    sleeves(
        c,
        d.second.of(d.main.material.key) if d.pattern == "colour_block" else d.main,
        cut,
        d.between(0.96, 1.04),
        d.between(67, 72),
        0.16,
        d.plain.tinted(0.85),
    )
    body = _body(c, d, cut)
    _lower_band(c, d, cut)
    denim = d.main.material.key == "denim"
    _jacket_front(c, d, cut, denim, body)
    _collar(c, d, cut, d.between(0.1, 0.16))


def _lower_band(c: Canvas, d: Design, cut: Cut) -> None:
    outline = np.vstack([cut.hem - (0, 0.1), (cut.hem + (0, 0.005))[::-1]])
    c.part(outline, d.plain.tinted(0.88), depth=0.03, lift=0.008, folds=0)
    c.stitches(cut.hem - (0, 0.085), d.thread, width=0.005)


def _jacket_front(c: Canvas, d: Design, cut: Cut, denim: bool, body: Region | None) -> None:
    thread = (205, 150, 80) if denim else d.thread
    for side in (-1, 1):
        yoke = open_path([(side * 0.05, -0.28), (side * 0.25, -0.27), (side * cut.chest_x, -0.29)])
        c.line(yoke, 0.008, dark=0.3, within=body)
        c.stitches(yoke + (0, 0.016), thread, width=0.005)
        pocket = open_path([(side * 0.16, 0.12), (side * 0.3, 0.28 + 0.05 * denim)])
        c.line(pocket, 0.022, dark=0.35, within=body)
        c.stitches(pocket + (0.02, -0.008), thread, width=0.005)
    if denim:
        c.line(np.array([(0.03, -0.5), (0.03, cut.hem_y)]), 0.01, dark=0.3, within=body)
        c.stitches(np.array([(-0.03, -0.5), (-0.03, cut.hem_y)]), thread, width=0.005)
        buttons(c, d.made_of((190, 150, 90), "metal"), 0, -0.44, cut.hem_y - 0.06, 6, 0.024)
    else:
        zip_fastener(c, cut.neck_y + cut.drop, cut.hem_y + 0.02)


@product(
    "coat",
    "coat",
    "大衣",
    "clothing",
    patterns=("plain", "plain", "checked", "zigzag"),
    materials=("wool", "cotton"),
    stance="lies",
)
def draw_coat(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=0.14,
        neck_y=-0.8,
        drop=0.2,
        shoulder_x=0.38,
        shoulder_y=-0.71,
        chest_x=0.36,
        armpit_y=-0.42,
        waist_x=d.between(0.31, 0.38),
        hem_y=d.between(0.74, 0.86),
    )
    cut.hem_x = cut.waist_x + d.between(0.04, 0.14)
    back_of_neck(c, d.made_of(d.second.rgb, "satin").tinted(0.6), cut)
    sleeves(c, d.main, cut, d.between(0.9, 0.98), d.between(72, 77), 0.14)
    body = _body(c, d, cut)
    double = d.chance(0.5)
    c.line(
        open_path([(0.03 + 0.06 * double, -0.45), (0.03 + 0.06 * double, 0.2), (0.05, cut.hem_y + 0.02)]),
        0.012,
        dark=0.35,
        within=body,
    )
    if d.chance(0.5):
        _belt(c, d, cut)
    for side in (-1, 1):
        flap = rectangle(-0.09, -0.025, 0.09, 0.035, 0.01) + (side * 0.21, 0.22)
        c.part(flap, d.main, depth=0.012, lift=0.012, folds=0)
    _lapels(c, d, cut)
    studs = d.plain.tinted(0.55 if sum(d.main.rgb) > 200 else 1.3).of("plastic")
    for x in (-0.1, 0.1) if double else (0.0,):
        buttons(c, studs, x, -0.28, 0.3, 4, 0.026)


def _belt(c: Canvas, d: Design, cut: Cut) -> None:
    half = cut.waist_x + 0.01
    line = open_path([(-half, -0.02), (0, 0.0), (half, -0.02)])
    c.part(tube(line, 0.075), d.plain, depth=0.03, lift=0.014)
    c.part(
        rectangle(-0.05, -0.055, 0.05, 0.055, 0.02),
        d.made_of((180, 160, 120), "metal"),
        depth=0.015,
        lift=0.01,
        holes=[rectangle(-0.03, -0.035, 0.03, 0.035, 0.01)],
    )


def _lapels(c: Canvas, d: Design, cut: Cut) -> None:
    y = cut.neck_y
    wing = closed_path(
        [
            (0.02, y + 0.42, 1),
            (0.1, y + 0.16),
            (cut.neck_x, y - 0.03, 1),
            (cut.neck_x + 0.07, y + 0.06, 1),
            (0.21, y + 0.2, 1),
            (0.25, y + 0.24, 1),
            (0.12, y + 0.38),
        ]
    )
    for outline in (flipped(wing), wing):
        c.part(outline, d.main, depth=0.03, lift=0.02, folds=0.3, angle=20)


_METAL = Design.metal()
