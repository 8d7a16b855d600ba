"""Shoes, seen from the side: sneaker, boot, sandal."""

from __future__ import annotations

import numpy as np

from shop.rendering.canvas import Canvas
from shop.rendering.outlines import closed_path, ellipse, open_path, rectangle, tube
from shop.rendering.registry import Design, product


@product(
    "sneaker",
    "sneaker",
    "运动鞋",
    "footwear",
    patterns=("plain", "plain", "plain", "colour_block", "checked", "stars"),
    materials=("canvas", "leather"),
)
def draw_sneaker(c: Canvas, d: Design) -> None:
    high = d.between(0.1, 0.34) if d.chance(0.4) else 0.0
    sole = d.between(0.1, 0.17)
    ground = 0.42
    white = d.made_of((240, 240, 236), "rubber") if d.chance(0.75) else d.second.of("rubber")
    top = -0.12 - high
    tongue = closed_path(
        [(-0.22, top + 0.1, 1), (-0.16, top - 0.1), (0.0, top - 0.08), (0.12, top + 0.12), (0.06, 0.1, 1)]
    )
    c.part(tongue, d.trim.tinted(0.9), depth=0.06)
    upper = closed_path(
        [
            (-0.74, ground - sole, 1),
            (-0.76, 0.1),
            (-0.7, top + 0.08),
            (-0.66, top - 0.02, 1),
            (-0.5, top + 0.06),
            (-0.28, top + 0.05),
            (-0.2, top, 1),
            (-0.02, 0.02 - high * 0.25),
            (0.24, 0.13),
            (0.52, 0.17),
            (0.74, 0.26),
            (0.8, ground - sole, 1),
        ]
    )
    body = c.part(upper, d.main, depth=0.16, lift=0.012, fullness=1.1)
    opening = closed_path(
        [(-0.67, top - 0.0), (-0.5, top + 0.035), (-0.28, top + 0.03), (-0.2, top - 0.01), (-0.4, top - 0.03)]
    )
    c.part(opening, d.plain, shade=0.45, folds=0)
    accent = d.second if d.chance(0.5) else d.plain.tinted(0.82)
    c.part(
        closed_path([(-0.8, ground, 1), (-0.8, 0.0), (-0.64, 0.05), (-0.56, ground, 1)]),
        accent,
        depth=0.05,
        within=body,
        lift=0.008,
        folds=0,
    )
    toe = closed_path([(0.46, ground, 1), (0.5, 0.24), (0.62, 0.15), (0.9, 0.2, 1), (0.9, ground, 1)])
    c.part(toe, white if d.chance(0.4) else accent, depth=0.07, within=body, lift=0.008, folds=0)
    if d.chance(0.6):
        swoosh = closed_path([(-0.44, 0.24), (-0.2, 0.14), (0.08, 0.16, 1), (-0.1, 0.24), (-0.3, 0.3)])
        c.part(swoosh, d.second, depth=0.02, within=body, lift=0.006, folds=0)
    _laces(c, d, top, high)
    outline = closed_path(
        [
            (-0.79, ground - sole - 0.005),
            (-0.4, ground - sole + 0.01),
            (0.2, ground - sole + 0.012),
            (0.76, ground - sole - 0.02),
            (0.85, ground - sole + 0.02),
            (0.82, ground - 0.01),
            (0.6, ground + 0.01),
            (-0.6, ground + 0.01),
            (-0.8, ground - 0.01),
        ]
    )
    c.part(outline, white, depth=0.05, lift=0.01)
    c.line(
        open_path([(-0.8, ground - sole * 0.4), (0.0, ground - sole * 0.36), (0.83, ground - sole * 0.42)]),
        0.014,
        rgb=d.second.rgb,
        dark=0.1,
    )


def _laces(c: Canvas, d: Design, top: float, high: float) -> None:
    cord = d.made_of((246, 246, 242) if sum(d.main.rgb) < 640 else (70, 72, 80), "cotton")
    count = 5 + int(high * 8)
    for t in np.linspace(0.1, 0.92, count):
        x, y = -0.2 + 0.44 * t, top * (1 - t) + 0.125 * t + 0.02 - 0.02 * np.sin(t * 3)
        lace = open_path([(x - 0.13, y + 0.07), (x - 0.04, y), (x + 0.045, y + 0.005)])
        c.part(tube(lace, 0.032), cord, depth=0.016, lift=0.01)
        c.marks([ellipse(x - 0.14, y + 0.08, 0.013, 0.013)], dark=0.6)


@product("boot", "boot", "靴子", "footwear", patterns=("plain",), materials=("leather", "rubber", "leather"))
def draw_boot(c: Canvas, d: Design) -> None:
    top = d.between(-0.78, -0.35)
    heel = d.between(0.1, 0.2)
    ground, width = 0.66, d.between(0.46, 0.54)
    rubber = d.main.material.key == "rubber"
    back = -0.42
    front = back + width
    shaft = closed_path(
        [
            (back - 0.04, top, 1),
            (front + 0.02, top + 0.02, 1),
            (front - 0.01, 0.0),
            (front + 0.1, 0.2),
            (0.42, 0.28),
            (0.62, 0.38),
            (0.68, ground - 0.1, 1),
            (back - 0.03, ground - 0.1, 1),
            (back - 0.04, 0.35),
            (back, 0.1),
        ]
    )
    inside = closed_path(
        [
            (back - 0.04, top),
            ((back + front) / 2, top - 0.035),
            (front + 0.02, top + 0.02),
            ((back + front) / 2, top + 0.06),
        ]
    )
    c.part(inside, d.plain, shade=0.4, folds=0)
    region = c.part(shaft, d.main, depth=0.18, fullness=1.15)
    ankle = [open_path([(back, 0.12 + t), (-0.18, 0.2 + t), (front, 0.05 + t * 0.8)]) for t in (-0.06, 0.05, 0.14)]
    c.creases(ankle, 0.06, 0.45, region)
    sole_surface = d.plain.tinted(0.6).of("rubber") if rubber else d.made_of((58, 44, 36), "rubber")
    block = closed_path(
        [
            (back - 0.06, ground - 0.115, 1),
            (0.3, ground - 0.1),
            (0.7, ground - 0.12, 1),
            (0.72, ground - 0.02),
            (0.66, ground, 1),
            (0.05, ground, 1),
            (-0.02, ground - 0.05, 1),
            (-0.08, ground + heel - 0.1, 1),
            (back - 0.04, ground + heel - 0.1, 1),
        ]
    )
    c.part(block, sole_surface, depth=0.04, lift=0.012)
    if rubber:
        c.part(
            tube(np.array([(back - 0.03, top + 0.05), (front + 0.01, top + 0.07)]), 0.08),
            d.trim if d.chance(0.4) else d.second,
            depth=0.04,
            within=region,
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
                cord,
                depth=0.014,
                lift=0.008,
            )
            c.part(ellipse(x - 0.14, y + 0.035, 0.017, 0.017), d.made_of((190, 160, 100), "metal"), depth=0.01)
        return
    strap = open_path([(back - 0.03, 0.1), ((back + front) / 2, 0.16), (front + 0.02, 0.06)])
    c.part(tube(strap, 0.08), d.plain.tinted(0.8), depth=0.03, lift=0.012)
    c.part(
        rectangle(-0.24, 0.085, -0.12, 0.215, 0.02),
        d.made_of((200, 180, 130), "metal"),
        holes=[rectangle(-0.215, 0.11, -0.145, 0.19, 0.01)],
        depth=0.012,
        lift=0.01,
    )
    c.line(np.array([((back + front) / 2, top + 0.03), ((back + front) / 2 + 0.02, 0.05)]), 0.012, dark=0.3)


@product(
    "sandal",
    "sandal",
    "凉鞋",
    "footwear",
    patterns=("plain", "plain", "striped", "zigzag"),
    materials=("leather", "rubber", "canvas"),
)
def draw_sandal(c: Canvas, d: Design) -> None:
    lift, ground = d.between(0.0, 0.2), 0.3
    sole = (
        d.made_of((196, 154, 106), "leather") if d.main.material.key == "leather" else d.plain.tinted(0.75).of("rubber")
    )
    heel_y = 0.12 - lift
    footbed = closed_path(
        [
            (-0.78, heel_y, 1),
            (-0.5, heel_y + 0.02),
            (-0.1, heel_y * 0.5 + 0.09),
            (0.3, 0.15),
            (0.74, 0.1, 1),
            (0.8, 0.18),
            (0.76, ground, 1),
            (-0.1, ground, 1),
            (-0.3, ground - lift * 0.6),
            (-0.42, ground, 1),
            (-0.76, ground, 1),
            (-0.81, heel_y + 0.08),
        ]
    )
    straps = [open_path([(0.12, 0.13), (0.22, -0.1), (0.42, -0.12), (0.56, 0.12)])]
    if d.chance(0.6):
        straps.append(open_path([(0.34, 0.14), (0.44, -0.02), (0.58, -0.02), (0.66, 0.12)]))
    ankle_y = heel_y - d.between(0.26, 0.4)
    back = [
        open_path([(-0.72, heel_y), (-0.74, ankle_y + 0.1), (-0.66, ankle_y)]),
        open_path([(-0.36, heel_y + 0.04), (-0.32, ankle_y + 0.12), (-0.36, ankle_y)]),
    ]
    width = d.between(0.11, 0.17)
    c.part(
        tube(open_path([(-0.68, ankle_y), (-0.52, ankle_y - 0.04), (-0.34, ankle_y + 0.02)]), 0.08),
        d.plain,
        shade=0.6,
        depth=0.03,
    )
    c.part(footbed, sole, depth=0.05)
    c.line(
        open_path([(-0.78, heel_y + 0.06), (-0.4, heel_y + 0.08), (0.0, 0.18), (0.4, 0.21), (0.78, 0.17)]),
        0.012,
        dark=0.3,
    )
    for line in back:
        c.part(tube(line, 0.085), d.main, depth=0.035, lift=0.012)
    c.part(
        tube(open_path([(-0.69, ankle_y + 0.01), (-0.52, ankle_y + 0.06), (-0.33, ankle_y + 0.03)]), 0.09),
        d.main,
        depth=0.035,
        lift=0.014,
    )
    c.part(
        rectangle(-0.4, ankle_y - 0.02, -0.29, ankle_y + 0.1, 0.02),
        d.made_of((205, 180, 120), "metal"),
        depth=0.012,
        lift=0.01,
        holes=[rectangle(-0.375, ankle_y + 0.005, -0.315, ankle_y + 0.075, 0.01)],
    )
    for line in straps:
        region = c.part(tube(line, width), d.main, depth=0.05, lift=0.02, angle=60)
        c.line(line, 0.006, dark=0.2, within=region)
