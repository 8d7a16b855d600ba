"""Shoes, seen from the side: sneaker, boot, sandal."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, open_path, rectangle, tube
from tools.rendering.registry import Design, product

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off


@product(
    "sneaker", "sneaker", "运动鞋", "footwear",
    patterns=("plain", "plain", "plain", "colour_block", "checked", "stars"),
    materials=("canvas", "leather"),
)
def draw_sneaker(c: Canvas, d: Design) -> None:
    high = d.between(0.12, 0.36) if d.chance(0.4) else 0.0
    sole = d.between(0.12, 0.19)
    ground = 0.46
    white = d.made_of((240, 240, 236), "rubber") if d.chance(0.75) else d.second.of("rubber")
    top = -0.26 - high
    tongue = closed_path(
        [(-0.3, top + 0.12, 1), (-0.22, top - 0.1), (-0.08, top - 0.13), (0.0, top - 0.02), (0.1, 0.05, 1)]
    )
    c.part(tongue, d.trim.tinted(0.9), depth=0.04, folds=0)
    upper = closed_path([
        (-0.74, ground - sole, 1), (-0.77, 0.08), (-0.71, top + 0.1), (-0.68, top - 0.03, 1),
        (-0.5, top + 0.07), (-0.3, top + 0.06), (-0.2, top, 1), (-0.03, -0.05 - high * 0.3),
        (0.22, 0.06), (0.5, 0.11), (0.74, 0.22), (0.82, ground - sole, 1),
    ])
    body = c.part(upper, d.main, depth=0.2, lift=0.012, fullness=1.1)
    opening = closed_path(
        [(-0.685, top - 0.01), (-0.5, top + 0.05), (-0.3, top + 0.045), (-0.2, top - 0.01), (-0.42, top - 0.04)]
    )
    c.part(opening, d.plain, shade=0.45, folds=0)
    accent = d.second if d.chance(0.5) else d.plain.tinted(0.82)
    heel = closed_path([(-0.85, ground, 1), (-0.85, -0.02), (-0.66, 0.02), (-0.56, 0.16), (-0.52, ground, 1)])
    c.part(heel, accent, depth=0.05, within=body, lift=0.008, folds=0)
    toe = closed_path([(0.42, ground, 1), (0.47, 0.22), (0.6, 0.1), (0.95, 0.1, 1), (0.95, ground, 1)])
    c.part(toe, white if d.chance(0.4) else accent, depth=0.07, within=body, lift=0.008, folds=0)
    eyelets = closed_path([
        (-0.33, top + 0.0, 1), (-0.2, top - 0.04, 1), (0.0, -0.1 - high * 0.3), (0.27, 0.03, 1),
        (0.24, 0.13, 1), (-0.1, 0.03 - high * 0.3),
    ])
    c.part(eyelets, d.plain.tinted(0.88), depth=0.02, within=body, lift=0.008, folds=0)
    if d.chance(0.6):
        swoosh = closed_path([(-0.46, 0.24), (-0.2, 0.13), (0.1, 0.15, 1), (-0.1, 0.24), (-0.3, 0.31)])
        c.part(swoosh, d.second, depth=0.02, within=body, lift=0.006, folds=0)
    _laces(c, d, top, high)
    y = ground - sole
    outline = closed_path([
        (-0.8, y - 0.01), (-0.4, y + 0.012), (0.2, y + 0.012), (0.78, y - 0.03), (0.89, y + 0.0),
        (0.86, ground - 0.02), (0.62, ground + 0.01), (-0.6, ground + 0.01), (-0.81, ground - 0.01),
    ])
    c.part(outline, white, depth=0.06, lift=0.01)
    stripe = open_path([(-0.82, ground - sole * 0.38), (0.0, ground - sole * 0.36), (0.87, ground - sole * 0.46)])
    c.line(stripe, 0.016, rgb=d.second.rgb, dark=0.1)


def _laces(c: Canvas, d: Design, top: float, high: float) -> None:
    cord = d.made_of((246, 246, 242) if sum(d.main.rgb) < 640 else (70, 72, 80), "cotton")
    for t in np.linspace(0.08, 0.9, 5 + int(high * 8)):
        x, y = -0.2 + 0.45 * t, top * (1 - t) + 0.04 * t - 0.07 * np.sin(t * 3.1) * (1 + high)
        lace = open_path([(x - 0.1, y + 0.1), (x - 0.03, y + 0.01), (x + 0.045, y + 0.0)])
        c.part(tube(lace, 0.036), cord, depth=0.018, lift=0.01)
        c.marks([ellipse(x - 0.11, y + 0.115, 0.014, 0.014)], dark=0.6)


@product("boot", "boot", "靴子", "footwear", patterns=("plain",), materials=("leather", "rubber", "leather"))
def draw_boot(c: Canvas, d: Design) -> None:
    top = d.between(-0.78, -0.35)
    heel = d.between(0.1, 0.2)
    ground, width = 0.66, d.between(0.46, 0.54)
    rubber = d.main.material.key == "rubber"
    back = -0.42
    front = back + width
    shaft = closed_path([
        (back - 0.04, top, 1), (front + 0.02, top + 0.02, 1), (front - 0.01, 0.0), (front + 0.1, 0.2),
        (0.42, 0.28), (0.62, 0.38), (0.68, ground - 0.1, 1), (back - 0.03, ground - 0.1, 1),
        (back - 0.04, 0.35), (back, 0.1),
    ])
    inside = closed_path([
        (back - 0.04, top), ((back + front) / 2, top - 0.035), (front + 0.02, top + 0.02),
        ((back + front) / 2, top + 0.06),
    ])
    c.part(inside, d.plain, shade=0.4, folds=0)
    region = c.part(shaft, d.main, depth=0.18, fullness=1.15)
    ankle = [open_path([(back, 0.12 + t), (-0.18, 0.2 + t), (front, 0.05 + t * 0.8)]) for t in (-0.06, 0.05, 0.14)]
    c.creases(ankle, 0.06, 0.45, region)
    sole_surface = d.plain.tinted(0.6).of("rubber") if rubber else d.made_of((58, 44, 36), "rubber")
    block = closed_path([
        (back - 0.06, ground - 0.115, 1), (0.3, ground - 0.1), (0.7, ground - 0.12, 1),
        (0.72, ground - 0.02), (0.66, ground, 1), (0.05, ground, 1), (-0.02, ground - 0.05, 1),
        (-0.08, ground + heel - 0.1, 1), (back - 0.04, ground + heel - 0.1, 1),
    ])
    c.part(block, sole_surface, depth=0.04, lift=0.012)
    if rubber:
        c.part(
            tube(np.array([(back - 0.03, top + 0.05), (front + 0.01, top + 0.07)]), 0.08),
            d.trim if d.chance(0.4) else d.second, depth=0.04, within=region,
        )
        return
    _boot_fastening(c, d, top, back, front)
    c.stitches(
        open_path([(back, ground - 0.135), (0.3, ground - 0.125), (0.67, ground - 0.145)]), (225, 190, 120), width=0.008
    )


def _boot_fastening(c: Canvas, d: Design, top: float, back: float, front: float) -> None:
    if d.chance(0.55):
        cord = d.made_of((70, 52, 36) if sum(d.main.rgb) > 330 else (205, 170, 100), "cotton")
        for t in np.linspace(0.04, 0.95, 7):
            y = top + 0.06 + (0.2 - top) * t
            x = front + (0.14 * max(0, t - 0.72) * 3)
            c.part(
                tube(open_path([(x - 0.13, y + 0.03), (x - 0.05, y - 0.01), (x + 0.01, y + 0.01)]), 0.028),
                cord, depth=0.014, lift=0.008,
            )
            c.part(ellipse(x - 0.14, y + 0.035, 0.017, 0.017), d.made_of((190, 160, 100), "metal"), depth=0.01)
        return
    strap = open_path([(back - 0.03, 0.1), ((back + front) / 2, 0.16), (front + 0.02, 0.06)])
    c.part(tube(strap, 0.08), d.plain.tinted(0.8), depth=0.03, lift=0.012)
    c.part(
        rectangle(-0.24, 0.085, -0.12, 0.215, 0.02), d.made_of((200, 180, 130), "metal"),
        holes=[rectangle(-0.215, 0.11, -0.145, 0.19, 0.01)], depth=0.012, lift=0.01,
    )
    c.line(np.array([((back + front) / 2, top + 0.03), ((back + front) / 2 + 0.02, 0.05)]), 0.012, dark=0.3)


@product(
    "sandal", "sandal", "凉鞋", "footwear", patterns=("plain", "plain", "striped", "zigzag"),
    materials=("leather", "rubber", "canvas"),
)
def draw_sandal(c: Canvas, d: Design) -> None:
    lift, ground = d.between(0.0, 0.2), 0.3
    leather = d.main.material.key == "leather"
    sole = d.made_of((196, 154, 106), "leather") if leather else d.plain.tinted(0.75).of("rubber")
    heel_y = 0.12 - lift
    ankle_y = heel_y - d.between(0.3, 0.44)
    loop = ellipse(-0.52, ankle_y, 0.2, 0.07)
    c.part(tube(loop[24:], 0.085), d.plain, shade=0.6, depth=0.03)
    footbed = closed_path([
        (-0.78, heel_y, 1), (-0.5, heel_y + 0.02), (-0.1, heel_y * 0.5 + 0.09), (0.3, 0.15),
        (0.74, 0.1, 1), (0.8, 0.18), (0.76, ground, 1), (-0.1, ground, 1), (-0.3, ground - lift * 0.6),
        (-0.42, ground, 1), (-0.76, ground, 1), (-0.81, heel_y + 0.08),
    ])
    c.part(footbed, sole, depth=0.05)
    c.line(
        open_path([(-0.78, heel_y + 0.06), (-0.4, heel_y + 0.08), (0.0, 0.18), (0.4, 0.21), (0.78, 0.17)]),
        0.012, dark=0.3,
    )
    quarter = closed_path([
        (-0.79, heel_y + 0.06, 1), (-0.75, ankle_y + 0.12), (-0.72, ankle_y, 1),
        (-0.62, ankle_y + 0.02, 1), (-0.58, ankle_y + 0.16), (-0.44, heel_y - 0.02),
        (-0.36, heel_y + 0.08, 1),
    ])
    c.part(quarter, d.main, depth=0.05, lift=0.012)
    c.part(tube(loop[:25], 0.09), d.main, depth=0.035, lift=0.014)
    hole = rectangle(-0.375, ankle_y + 0.02, -0.315, ankle_y + 0.09, 0.01)
    c.part(
        rectangle(-0.4, ankle_y - 0.005, -0.29, ankle_y + 0.115, 0.02), d.made_of((205, 180, 120), "metal"),
        depth=0.012, lift=0.01, holes=[hole],
    )
    for x in (0.2, 0.52) if d.chance(0.6) else (0.34,):
        _vamp(c, d, x, d.between(0.11, 0.15) if x != 0.34 else d.between(0.2, 0.26))


def _vamp(c: Canvas, d: Design, x: float, half: float) -> None:
    """A strap over the foot: its near side, rising to where it turns over."""
    top = -0.06 - 0.16 * (0.6 - x)
    strap = closed_path([
        (x - half - 0.06, 0.22, 1), (x - half * 0.7, 0.04), (x - half * 0.15, top, 1),
        (x + half * 0.8, top + 0.04, 1), (x + half * 1.05, 0.08), (x + half * 0.95, 0.22, 1),
    ])
    far = closed_path([
        (x - half * 0.15, top), (x + half * 0.3, top - 0.035), (x + half * 0.85, top + 0.03),
        (x + half * 0.4, top + 0.04),
    ])
    c.part(far, d.plain, shade=0.62, depth=0.02)
    region = c.part(strap, d.main, depth=0.09, lift=0.018, angle=70)
    c.stitches(
        open_path([(x - half - 0.03, 0.2), (x - half * 0.6, 0.05), (x - half * 0.08, top + 0.02)]),
        d.thread, width=0.006,
    )
    c.line(
        open_path([(x + half * 0.75, top + 0.06), (x + half * 0.97, 0.1), (x + half * 0.88, 0.21)]), 0.006,
        dark=0.2, within=region,
    )
