"""Bags: backpack, handbag, tote, suitcase."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, mirrored, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off


_BRASS = (205, 172, 104)


def _zip_line(c: Canvas, line: np.ndarray) -> None:
    c.line(line, 0.036, dark=0.4)
    c.stitches(line, (190, 190, 186), width=0.014, length=0.014)


@product("backpack", "backpack", "背包", "bags", patterns=FABRIC_PATTERNS, materials=("canvas", "leather", "cotton"))
def draw_backpack(c: Canvas, d: Design) -> None:
    width, top, bottom = d.between(0.47, 0.56), -0.68, 0.74
    trim = (
        d.made_of((120, 78, 48), "leather") if d.chance(0.4) and d.main.rgb != (122, 77, 46) else d.plain.tinted(0.75)
    )
    for side in (-1, 1):
        strap = open_path([
            (side * 0.28, top + 0.04), (side * (width + 0.1), -0.3), (side * (width + 0.13), 0.2),
            (side * (width - 0.02), 0.62),
        ])
        c.part(tube(strap, 0.11), d.plain, depth=0.04, shade=0.75)
    c.part(
        tube(open_path([(-0.13, top + 0.05), (-0.11, top - 0.13), (0.11, top - 0.13), (0.13, top + 0.05)]), 0.05),
        trim, depth=0.02,
    )
    body = mirrored([
        (0, top), (width * 0.6, top + 0.03), (width * 0.94, top + 0.26), (width, 0.1),
        (width * 1.02, bottom - 0.16), (width * 0.86, bottom), (0, bottom + 0.015),
    ])
    region = c.part(body, d.main, depth=0.22, lift=0.012)
    zip_y = d.between(-0.28, -0.2)
    _zip_line(
        c,
        open_path([
            (-width * 0.86, zip_y + 0.12), (-width * 0.72, zip_y - 0.16), (0, zip_y - 0.3),
            (width * 0.72, zip_y - 0.16), (width * 0.86, zip_y + 0.12),
        ]),
    )
    if d.chance(0.4):
        _flap(c, d, width, top, trim)
    front = mirrored([
        (0, 0.1), (width * 0.66, 0.11), (width * 0.78, 0.2), (width * 0.8, bottom - 0.14),
        (width * 0.68, bottom - 0.06), (0, bottom - 0.045),
    ])
    pocket = d.second.of(d.main.material.key) if d.pattern == "plain" and d.chance(0.3) else d.main
    c.part(front, pocket, depth=0.1, lift=0.025, folds=0.5)
    _zip_line(c, open_path([(-width * 0.68, 0.2), (0, 0.175), (width * 0.68, 0.2)]))
    c.part(
        rectangle(width * 0.5, 0.19, width * 0.5 + 0.035, 0.3, 0.015), d.made_of(_BRASS, "metal"),
        depth=0.012, lift=0.01,
    )
    c.part(rectangle(-0.09, 0.34, 0.09, 0.44, 0.015), trim, depth=0.012, lift=0.008)
    c.line(
        open_path([(-width, bottom - 0.2), (0, bottom - 0.17), (width, bottom - 0.2)]), 0.01, dark=0.0, within=region
    )


def _flap(c: Canvas, d: Design, width: float, top: float, trim) -> None:  # type: ignore[no-untyped-def]
    flap = mirrored([
        (0, top - 0.01), (width * 0.62, top + 0.03), (width * 0.96, top + 0.28), (width * 0.93, -0.05),
        (width * 0.6, 0.06), (0, 0.08),
    ])
    c.part(flap, d.main, depth=0.12, lift=0.03)
    for x in (-0.2, 0.2):
        c.part(rectangle(x - 0.035, -0.12, x + 0.035, 0.26, 0.02), trim, depth=0.015, lift=0.012)
        c.part(
            rectangle(x - 0.05, 0.06, x + 0.05, 0.15, 0.02), d.made_of(_BRASS, "metal"), depth=0.012,
            lift=0.01, holes=[rectangle(x - 0.03, 0.08, x + 0.03, 0.13, 0.01)],
        )


@product(
    "handbag", "handbag", "手提包", "bags",
    patterns=("plain", "plain", "plain", "colour_block", "checked", "floral", "dotted"),
    materials=("leather", "leather", "satin", "wicker"),
)
def draw_handbag(c: Canvas, d: Design) -> None:
    wide, top, bottom = d.between(0.56, 0.74), d.between(-0.2, -0.02), 0.62
    narrow = wide * d.between(0.78, 1.0)
    rise = d.between(0.4, 0.62)
    handle = open_path([
        (-narrow * 0.5, top + 0.12), (-narrow * 0.46, top - rise * 0.6), (0, top - rise),
        (narrow * 0.46, top - rise * 0.6), (narrow * 0.5, top + 0.12),
    ])
    c.part(tube(handle - (0, 0.05), 0.055), d.plain, depth=0.03, shade=0.65)
    half = [
        (0, top + 0.02), (narrow * 0.95, top, 1), (wide * 1.0, (top + bottom) / 2 + 0.1),
        (wide * 0.97, bottom - 0.06), (wide * 0.86, bottom, 1), (0, bottom + 0.01),
    ]
    c.part(mirrored(half), d.main, depth=0.2, lift=0.012)
    edge = open_path([(-wide * 0.9, bottom - 0.05), (0, bottom - 0.04), (wide * 0.9, bottom - 0.05)])
    c.stitches(edge, d.thread, width=0.007)
    gold = d.made_of(_BRASS if d.chance(0.7) else (200, 200, 205), "metal")
    if d.chance(0.6):
        fall = d.between(0.3, 0.42)
        flap = mirrored([
            (0, top - 0.01), (narrow * 0.96, top - 0.005, 1), (wide * 0.93, top + fall * 0.5),
            (wide * 0.55, top + fall), (0, top + fall * 1.12),
        ])
        c.part(flap, d.plain if d.pattern == "colour_block" else d.main, depth=0.07, lift=0.03)
        c.stitches(
            open_path([
                (-wide * 0.9, top + fall * 0.45), (-wide * 0.54, top + fall * 0.93),
                (0, top + fall * 1.04), (wide * 0.54, top + fall * 0.93), (wide * 0.9, top + fall * 0.45),
            ]),
            d.thread, width=0.006,
        )
        c.part(rectangle(-0.07, top + fall * 0.95, 0.07, top + fall * 1.3, 0.03), gold, depth=0.02, lift=0.014)
        c.marks([ellipse(0, top + fall * 1.13, 0.014, 0.014)], dark=0.6)
    else:
        c.part(rectangle(-narrow * 0.96, top - 0.02, narrow * 0.96, top + 0.05, 0.03), d.trim, depth=0.03, lift=0.012)
        c.part(
            tube(open_path([(0.0, top + 0.04), (0.03, top + 0.14), (0.02, top + 0.26)]), 0.03),
            d.plain.tinted(0.8), depth=0.015, lift=0.01,
        )
    c.part(tube(handle, 0.06), d.plain if d.chance(0.7) else d.trim, depth=0.03, lift=0.014)
    for side in (-1, 1):
        c.part(
            ellipse(side * narrow * 0.5, top + 0.13, 0.055, 0.055), gold, depth=0.02, lift=0.01,
            holes=[ellipse(side * narrow * 0.5, top + 0.13, 0.03, 0.03)],
        )


@product("tote", "tote bag", "托特包", "bags", patterns=FABRIC_PATTERNS, materials=("canvas", "cotton", "wicker"))
def draw_tote(c: Canvas, d: Design) -> None:
    wide, narrow, top, bottom = d.between(0.5, 0.62), d.between(0.46, 0.56), -0.26, 0.76
    rise = d.between(0.38, 0.58)
    strap = open_path([
        (-narrow * 0.52, top + 0.1), (-narrow * 0.46, top - rise * 0.55), (-narrow * 0.2, top - rise),
        (narrow * 0.2, top - rise), (narrow * 0.46, top - rise * 0.55), (narrow * 0.52, top + 0.1),
    ])
    web = d.trim if d.chance(0.5) else d.plain
    c.part(tube(strap * (0.96, 1) - (0, 0.04), 0.065), web, depth=0.02, shade=0.68)
    c.part(
        mirrored([(0, top - 0.03), (narrow * 0.96, top, 1), (narrow * 0.96, top + 0.08, 1), (0, top + 0.08)]),
        d.plain, shade=0.55, folds=0,
    )
    half = [
        (0, top + 0.02), (narrow, top, 1), ((wide + narrow) / 2 + 0.015, 0.2), (wide, bottom - 0.03),
        (wide * 0.95, bottom, 1), (0, bottom + 0.015),
    ]
    region = c.part(mirrored(half), d.main, depth=0.14)
    c.creases(
        [
            open_path([(-0.3, top + 0.2), (-0.22, 0.2), (-0.28, bottom)]),
            open_path([(0.25, 0.1), (0.3, 0.4), (0.22, bottom)]),
            open_path([(0.0, 0.3), (0.05, 0.5), (0.0, bottom)]),
        ],
        0.07, 0.35, region,
    )
    c.stitches(open_path([(-narrow, top + 0.075), (0, top + 0.095), (narrow, top + 0.075)]), d.thread, width=0.006)
    c.part(tube(strap, 0.068), web, depth=0.02, lift=0.012)
    for side in (-1, 1):
        c.part(
            rectangle(side * narrow * 0.52 - 0.035, top + 0.02, side * narrow * 0.52 + 0.035, top + 0.18),
            web, depth=0.015, lift=0.006,
        )
        c.stitches(
            rectangle(side * narrow * 0.52 - 0.025, top + 0.09, side * narrow * 0.52 + 0.025, top + 0.17),
            d.thread, width=0.005, length=0.02,
        )
    if d.pattern == "plain" and d.chance(0.4):
        c.part(ellipse(0, 0.28, 0.17, 0.17), d.second.of("cotton"), form="flat", folds=0)


@product(
    "suitcase", "suitcase", "行李箱", "bags",
    patterns=("plain", "plain", "striped", "dotted", "colour_block", "stars"),
    materials=("plastic", "leather", "metal"),
)
def draw_suitcase(c: Canvas, d: Design) -> None:
    width, top, bottom = d.between(0.42, 0.52), d.between(-0.5, -0.36), 0.72
    grey = d.made_of((168, 170, 174), "metal")
    tall = d.between(0.2, 0.36)
    for side in (-1, 1):
        c.part(rectangle(side * 0.2 - 0.02, top - tall, side * 0.2 + 0.02, top + 0.05), grey, depth=0.015)
        c.part(ellipse(side * (width - 0.1), bottom + 0.07, 0.06, 0.07), d.made_of((50, 50, 54), "rubber"), depth=0.04)
        c.part(
            rectangle(side * (width - 0.1) - 0.05, bottom - 0.02, side * (width - 0.1) + 0.05, bottom + 0.05, 0.02),
            d.made_of((70, 70, 74), "plastic"), depth=0.02,
        )
    c.part(
        rectangle(-0.24, top - tall - 0.05, 0.24, top - tall + 0.03, 0.035),
        d.made_of((56, 56, 60), "rubber"), depth=0.03,
    )
    shell = rectangle(-width, top, width, bottom, 0.11)
    region = c.part(shell, d.main, depth=0.09)
    ribs = [
        np.array([(x, top + 0.08), (x, bottom - 0.08)])
        for x in np.linspace(-width * 0.72, width * 0.72, int(d.between(5, 9)))
    ]
    if d.main.material.key != "leather":
        c.creases(ribs, 0.035, 0.55, region)
    else:
        for side in (-1, 1):
            c.part(
                rectangle(side * width * 0.55 - 0.04, top, side * width * 0.55 + 0.04, bottom),
                d.made_of((96, 62, 40), "leather").tinted(0.8), depth=0.015, lift=0.01, within=region,
            )
            c.part(
                rectangle(side * width * 0.55 - 0.06, 0.0, side * width * 0.55 + 0.06, 0.12, 0.015),
                d.made_of(_BRASS, "metal"), depth=0.012, lift=0.01,
            )
    for x in (-width, width):
        for y in (top, bottom):
            c.part(ellipse(x, y, 0.15, 0.15), d.trim.tinted(0.8), depth=0.04, within=region, lift=0.01)
    c.part(
        closed_path([
            (-0.16, top + 0.1), (-0.12, top + 0.05), (0.12, top + 0.05), (0.16, top + 0.1),
            (0.12, top + 0.12), (-0.12, top + 0.12),
        ]),
        d.made_of((60, 60, 64), "rubber"), depth=0.03, lift=0.015,
    )
    c.part(rectangle(width * 0.78, 0.06, width * 0.96, 0.2, 0.02), grey, depth=0.02, lift=0.008)
