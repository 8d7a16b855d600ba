"""Furnishings: lamp, chair, sofa, cushion, clock."""

from __future__ import annotations

import numpy as np

from tools.rendering.accessories import GOLD, STEEL, hands, hour_marks
from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, mirrored, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off


_OAK, _WALNUT = (196, 148, 94), (104, 66, 40)


@product("lamp", "table lamp", "台灯", "home", patterns=FABRIC_PATTERNS, materials=("cotton", "satin", "metal"))
def draw_lamp(c: Canvas, d: Design) -> None:
    upper, lower = d.between(0.2, 0.36), d.between(0.42, 0.54)
    top, rim = -0.78, d.between(-0.16, -0.02)
    foot = (
        d.second.of("ceramic")
        if d.chance(0.4)
        else d.made_of(_OAK if d.chance(0.5) else GOLD, "wood" if d.chance(0.5) else "metal")
    )
    bottom = 0.78
    if d.chance(0.5):
        belly = d.between(0.16, 0.28)
        stem = mirrored([
            (0, rim), (0.035, rim, 1), (0.04, 0.1), (belly, 0.42), (belly * 0.7, 0.66),
            (0.2, bottom, 1), (0, bottom + 0.035),
        ])
        c.part(stem, foot, form="turn")
    else:
        c.part(ellipse(0, bottom - 0.01, 0.28, 0.06), foot, depth=0.04)
        c.part(rectangle(-0.024, rim, 0.024, bottom - 0.02), foot, form="turn")
        c.part(ellipse(0, bottom - 0.05, 0.07, 0.03), foot, depth=0.02)
    c.part(ellipse(0, rim, lower, lower * 0.12), d.plain.tinted(1.1), shade=0.8)
    shade = mirrored(
        [(0, top), (upper, top, 1), (lower, rim, 1), (lower * 0.6, rim + lower * 0.09), (0, rim + lower * 0.12)]
    )
    region = c.part(shade, d.main, form="turn", fullness=0.8, folds=0)
    c.part(ellipse(0, top, upper, upper * 0.1), d.plain, shade=0.75)
    if d.main.material.key != "metal":
        c.soft_shadow(ellipse(0, (top + rim) / 2 + 0.06, lower * 0.4, 0.2), 0.16, -0.16, region)
    edge = open_path([
        (-lower, rim), (-lower * 0.6, rim + lower * 0.09), (0, rim + lower * 0.12),
        (lower * 0.6, rim + lower * 0.09), (lower, rim),
    ])
    c.line(edge - (0, 0.025), 0.03, rgb=d.trim.tinted(0.85).rgb, dark=0.0, within=region)


@product(
    "chair", "chair", "椅子", "home",
    patterns=("plain", "plain", "striped", "checked", "floral", "colour_block"),
    materials=("wood", "plastic", "leather", "cotton"),
)
def draw_chair(c: Canvas, d: Design) -> None:
    upholstered = d.main.material.key in {"leather", "cotton"}
    wooden = d.main.material.key == "wood"
    legs = (
        d.plain if wooden else d.made_of(_OAK if d.chance(0.6) else (60, 60, 64), "wood" if d.chance(0.7) else "metal")
    )
    seat_y, width = d.between(0.04, 0.14), d.between(0.4, 0.48)
    top = d.between(-0.82, -0.68)
    for side in (-1, 1):
        c.part(
            tube(np.array([(side * width * 0.72, seat_y), (side * width * 0.8, 0.7)]), [0.06, 0.045]), legs,
            depth=0.025, shade=0.72,
        )
    back_width = width * d.between(0.84, 0.98)
    if wooden and d.chance(0.6):
        _slatted_back(c, d, back_width, top, seat_y)
    else:
        back = mirrored([
            (0, top), (back_width * 0.8, top + 0.03), (back_width, top + 0.16),
            (back_width * 0.9, -0.15), (back_width * 0.78, seat_y + 0.02, 1), (0, seat_y + 0.02),
        ])
        c.part(back, d.main, depth=0.09)
    seat = mirrored([
        (0, seat_y - 0.1), (width * 0.84, seat_y - 0.1), (width, seat_y + 0.04),
        (width * 1.06, seat_y + 0.13), (0, seat_y + 0.17),
    ])
    c.part(seat, d.main, depth=0.09 if upholstered else 0.04, lift=0.03, folds=0.5)
    edge = mirrored(
        [(0, seat_y + 0.14), (width * 1.04, seat_y + 0.1, 1), (width * 1.03, seat_y + 0.18), (0, seat_y + 0.23)]
    )
    c.part(edge, d.plain.tinted(0.8), depth=0.03)
    for side in (-1, 1):
        c.part(
            tube(np.array([(side * width * 0.9, seat_y + 0.17), (side * width * 1.06, 0.84)]), [0.075, 0.05]),
            legs, depth=0.03,
        )
    if wooden or d.chance(0.3):
        c.part(tube(np.array([(-width * 0.94, 0.52), (width * 0.94, 0.52)]), 0.04), legs, depth=0.02)


def _slatted_back(c: Canvas, d: Design, width: float, top: float, seat_y: float) -> None:
    for x in np.linspace(-0.6, 0.6, int(d.between(3, 6))):
        c.part(tube(np.array([(x * width, top + 0.08), (x * width * 0.9, seat_y)]), 0.05), d.main, depth=0.025)
    for side in (-1, 1):
        c.part(tube(np.array([(side * width, top), (side * width * 0.86, seat_y + 0.05)]), 0.075), d.main, depth=0.035)
    for y, size in ((top + 0.07, 0.15), (top + 0.36, 0.06)):
        c.part(tube(open_path([(-width, y), (0, y - 0.02), (width, y)]), size), d.main, depth=0.04, lift=0.01)


@product(
    "sofa", "sofa", "沙发", "home", patterns=("plain", "plain", "plain", "striped", "checked", "floral"),
    materials=("cotton", "leather", "wool", "satin"),
)
def draw_sofa(c: Canvas, d: Design) -> None:
    top, seats = d.between(-0.46, -0.32), 2 if d.chance(0.5) else 3
    arm_y = d.between(-0.16, -0.02)
    legs = d.made_of(_WALNUT if d.chance(0.6) else _OAK, "wood")
    for x in (-0.72, 0.72):
        c.part(tube(np.array([(x, 0.44), (x * 1.03, 0.58)]), [0.07, 0.045]), legs, depth=0.03)
    c.part(rectangle(-0.78, top, 0.78, 0.4, 0.1), d.main, depth=0.08, shade=0.9)
    span = 1.36 / seats
    for i in range(seats):
        x = -0.68 + span * i
        c.part(
            rectangle(x + 0.006, top + 0.04, x + span - 0.006, 0.16, 0.09), d.main, depth=0.12, lift=0.02, fullness=1.0
        )
    for i in range(seats):
        x = -0.68 + span * i
        c.part(
            rectangle(x + 0.004, 0.1, x + span - 0.004, 0.3, 0.06), d.main, depth=0.08, lift=0.025,
            shade=1.06, fullness=1.0,
        )
    c.part(rectangle(-0.74, 0.28, 0.74, 0.46, 0.03), d.main, depth=0.05, lift=0.012, shade=0.86)
    roll = d.between(0.05, 0.11)
    for side in (-1, 1):
        x0, x1 = sorted((side * 0.64, side * 0.88))
        c.part(rectangle(x0, arm_y, x1, 0.47, roll), d.main, depth=0.09, lift=0.025, fullness=1.0)
    if d.chance(0.6):
        pillow = closed_path([
            (-0.6, -0.14), (-0.42, -0.2), (-0.26, -0.12), (-0.3, 0.06), (-0.34, 0.2), (-0.5, 0.17),
            (-0.63, 0.16), (-0.58, 0.0),
        ])
        c.part(pillow, d.second.of("cotton"), depth=0.1, lift=0.03, fullness=1.0)


@product(
    "cushion", "cushion", "靠垫", "home", patterns=FABRIC_PATTERNS,
    materials=("cotton", "knit", "satin", "plush"), stance="lies",
)
def draw_cushion(c: Canvas, d: Design) -> None:
    width, height = d.between(0.62, 0.74), d.between(0.5, 0.7)
    pinch = d.between(0.86, 0.94)
    outline = closed_path([
        (-width, -height, 1), (0, -height * pinch), (width, -height, 1), (width * pinch, 0),
        (width, height, 1), (0, height * pinch), (-width, height, 1), (-width * pinch, 0),
    ])
    if d.chance(0.25):
        outline = ellipse(0, 0, width, width * 0.96)
    c.part(outline * 1.025, d.trim if d.chance(0.5) else d.plain.tinted(0.8), depth=0.03)
    region = c.part(outline, d.main, depth=0.34, fullness=1.0)
    creases = [
        open_path([
            (sx * width * 0.96, sy * height * 0.96), (sx * width * 0.72, sy * height * 0.7),
            (sx * width * 0.5, sy * height * 0.55),
        ])
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    c.creases(creases, 0.06, 0.4, region)
    if d.chance(0.25):
        c.soft_shadow(ellipse(0, 0, 0.08, 0.08), 0.06, 0.45, region)
        c.part(ellipse(0, 0, 0.05, 0.05), d.trim, depth=0.03)
    if d.chance(0.3):
        for sx in (-1, 1):
            for sy in (-1, 1):
                c.part(
                    tube(
                        np.array([(sx * width, sy * height), (sx * (width + 0.06), sy * (height + 0.1))]), [0.03, 0.08]
                    ),
                    d.trim, depth=0.03,
                )


@product("clock", "clock", "时钟", "home", materials=("wood", "plastic", "metal"), stance="lies")
def draw_clock(c: Canvas, d: Design) -> None:
    radius, rim = d.between(0.66, 0.76), d.between(0.12, 0.24)
    alarm = d.chance(0.4)
    y = 0.08 if alarm else 0.0
    if alarm:
        radius *= 0.86
        for side in (-1, 1):
            c.part(
                tube(
                    np.array([(side * radius * 0.5, radius * 0.7 + y), (side * radius * 0.72, radius + 0.16 + y)]), 0.09
                ),
                d.plain, depth=0.04,
            )
            c.part(ellipse(side * radius * 0.52, -radius * 0.96 + y, 0.22, 0.16), d.plain.of("metal"), depth=0.12)
        c.part(
            tube(open_path([(-0.12, -radius - 0.08 + y), (0, -radius - 0.2 + y), (0.12, -radius - 0.08 + y)]), 0.035),
            d.made_of(STEEL, "metal"), depth=0.02,
        )
    square = not alarm and d.chance(0.25)
    ring = rectangle(-radius, -radius, radius, radius, 0.14) if square else ellipse(0, y, radius, radius)
    c.part(ring, d.main, depth=rim * 0.6, lift=0.01)
    share = 1 - rim / radius
    inside = (ring - (0, y)) * share + (0, y)
    pale = d.made_of((247, 246, 240), "cotton")
    face = pale if d.chance(0.5) and sum(d.main.rgb) < 660 else d.plain.of("cotton").tinted(0.94)
    dial = c.part(inside, face, form="flat", folds=0)
    c.soft_shadow(inside - (0.0, radius * share * 1.86), 0.05, 0.3, dial)
    ink = (44, 44, 50) if sum(face.rgb) > 360 else (238, 238, 232)
    hour_marks(c, 0, y, radius * share, ink)
    hands(c, 0, y, radius * share, d.between(295, 315), d.between(45, 75), ink)
    c.line(np.array([(0.0, y + 0.1), (0.18, y - radius * share * 0.6)]), 0.012, rgb=(205, 50, 46), dark=0)
