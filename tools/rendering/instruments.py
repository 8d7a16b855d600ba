"""Instruments: guitar, ukulele, drum, bell, xylophone, tambourine."""

from __future__ import annotations

import math

import numpy as np

from tools.rendering.accessories import GOLD, STEEL
from tools.rendering.canvas import Canvas
from tools.rendering.outlines import Outline, closed_path, ellipse, mirrored, open_path, rectangle, tube
from tools.rendering.registry import Design, product
from tools.rendering.surfaces import Surface

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


_ROSEWOOD, _MAPLE, _WALNUT = (70, 44, 32), (226, 190, 138), (104, 66, 40)


def _plucked(
    c: Canvas, d: Design, body: Outline, *, neck_top: float, neck_x: float, hole_y: float, hole: float,
    bridge_y: float, strings: int, head_x: float,
) -> None:
    dark = d.made_of(_ROSEWOOD, "wood")
    top = c.part(body, d.main, depth=0.05, fullness=1.1)
    centre = body.mean(axis=0)
    inset = centre + (body - centre) * 0.955
    c.line(
        np.vstack([inset, inset[:1]]), 0.012,
        rgb=(240, 228, 200) if sum(d.main.rgb) < 600 else (90, 60, 40), dark=0.05, within=top,
    )
    if hole:
        c.marks([ellipse(0, hole_y, hole * 1.22, hole * 1.22)], rgb=_ROSEWOOD)
        c.marks([ellipse(0, hole_y, hole * 1.14, hole * 1.14)], rgb=(226, 206, 166))
        c.marks([ellipse(0, hole_y, hole, hole)], rgb=(24, 18, 14))
    neck = mirrored(
        [(0, neck_top), (neck_x * 0.85, neck_top, 1), (neck_x, hole_y - hole, 1), (0, hole_y - hole + 0.02)]
    )
    board = c.part(neck, dark, depth=0.02, lift=0.014)
    reach = hole_y - hole - neck_top
    frets = [neck_top + reach * (1 - 2 ** (-i / 9)) * 1.35 for i in range(1, 14)]
    c.lines(
        [np.array([(-neck_x, y), (neck_x, y)]) for y in frets if y < hole_y - hole], 0.008,
        rgb=(200, 196, 186), dark=0, within=board,
    )
    _head(c, d, neck_top, head_x)
    c.part(
        rectangle(-hole * 1.3 - 0.04, bridge_y - 0.028, hole * 1.3 + 0.04, bridge_y + 0.028, 0.02), dark,
        depth=0.02, lift=0.012,
    )
    lines = [
        np.array([(x * neck_x * 0.75, neck_top), (x * neck_x * 1.15, bridge_y)]) for x in np.linspace(-1, 1, strings)
    ]
    c.lines(lines, 0.0055, rgb=(225, 222, 214), dark=0.0)


def _head(c: Canvas, d: Design, neck_top: float, head_x: float) -> None:
    pegs = d.made_of(STEEL if d.chance(0.5) else GOLD, "metal")
    for side in (-1, 1):
        for t in (0.2, 0.5, 0.8):
            c.part(
                rectangle(
                    side * (head_x + 0.035) - 0.026, neck_top - 0.2 * t - 0.026,
                    side * (head_x + 0.035) + 0.026, neck_top - 0.2 * t + 0.012, 0.012,
                ),
                pegs, depth=0.012,
            )
    head = mirrored([
        (0, neck_top - 0.215), (head_x * 0.9, neck_top - 0.225, 1), (head_x, neck_top - 0.12),
        (head_x * 0.8, neck_top, 1), (0, neck_top + 0.01),
    ])
    c.part(head, d.made_of(_ROSEWOOD, "wood").tinted(1.1), depth=0.03)


@product("guitar", "guitar", "吉他", "music", materials=("wood",))
def draw_guitar(c: Canvas, d: Design) -> None:
    lower, waist, upper = d.between(0.37, 0.43), d.between(0.22, 0.28), d.between(0.27, 0.33)
    electric = d.chance(0.35)
    if electric:
        body = closed_path([
            (0.05, 0.1), (0.14, 0.06), (0.24, -0.08), (0.29, -0.05), (0.26, 0.16), (0.24, 0.3),
            (0.35, 0.56), (0.25, 0.82), (0, 0.88), (-0.26, 0.82), (-0.37, 0.55), (-0.25, 0.28),
            (-0.3, 0.06), (-0.34, -0.14), (-0.27, -0.18), (-0.14, 0.04), (-0.05, 0.1),
        ])
        _plucked(c, d, body, neck_top=-0.7, neck_x=0.05, hole_y=0.24, hole=0.0, bridge_y=0.62, strings=6, head_x=0.085)
        _electric_parts(c, d)
        return
    body = mirrored([
        (0, 0.02), (upper * 0.7, 0.04), (upper, 0.2), (waist, 0.38), (lower * 0.98, 0.6),
        (lower * 0.8, 0.82), (0, 0.89),
    ])
    _plucked(c, d, body, neck_top=-0.7, neck_x=0.052, hole_y=0.34, hole=0.095, bridge_y=0.66, strings=6, head_x=0.085)


def _electric_parts(c: Canvas, d: Design) -> None:
    guard = closed_path(
        [(0.06, 0.2), (0.18, 0.24), (0.2, 0.46), (0.08, 0.66), (-0.1, 0.6), (-0.14, 0.34), (-0.06, 0.22)]
    )
    pale = d.made_of((240, 238, 228) if sum(d.main.rgb) < 600 else (50, 50, 52), "plastic")
    c.part(guard, pale, form="flat", lift=0.008)
    for y in (0.32, 0.44, 0.55):
        c.part(
            rectangle(-0.085, y - 0.025, 0.085, y + 0.025, 0.02), d.made_of((36, 36, 38), "plastic"),
            depth=0.015, lift=0.01,
        )
    c.part(rectangle(-0.09, 0.6, 0.09, 0.66, 0.012), d.made_of(STEEL, "metal"), depth=0.015, lift=0.01)
    for x, y in ((0.2, 0.6), (0.17, 0.72)):
        c.part(ellipse(x, y, 0.032, 0.032), d.made_of(GOLD, "metal"), depth=0.02, lift=0.01)
    c.lines(
        [np.array([(x * 0.04, -0.7), (x * 0.058, 0.63)]) for x in np.linspace(-1, 1, 6)], 0.005,
        rgb=(228, 226, 218), dark=0,
    )


@product("ukulele", "ukulele", "尤克里里", "music", materials=("wood",))
def draw_ukulele(c: Canvas, d: Design) -> None:
    lower, waist = d.between(0.42, 0.5), d.between(0.28, 0.34)
    upper = d.between(0.34, 0.4)
    if d.chance(0.3):
        body = mirrored([(0, -0.02), (lower * 0.7, 0.04), (lower, 0.34), (lower * 0.78, 0.7), (0, 0.82)])
    else:
        body = mirrored([
            (0, -0.04), (upper * 0.7, -0.03), (upper, 0.14), (waist, 0.32), (lower, 0.54),
            (lower * 0.78, 0.77), (0, 0.83),
        ])
    _plucked(
        c, d, body, neck_top=-0.58, neck_x=0.068, hole_y=0.24, hole=d.between(0.1, 0.13), bridge_y=0.6,
        strings=4, head_x=0.11,
    )


@product(
    "drum", "drum", "鼓", "music", patterns=("plain", "plain", "colour_block", "zigzag", "stars"),
    materials=("wood", "plastic", "metal"),
)
def draw_drum(c: Canvas, d: Design) -> None:
    width, top = d.between(0.52, 0.66), d.between(-0.42, -0.2)
    bottom, ry = d.between(0.42, 0.62), width * d.between(0.22, 0.28)
    lower = width * (d.between(0.62, 0.8) if d.chance(0.3) else 1.0)
    steel = d.made_of(STEEL if d.chance(0.6) else GOLD, "metal")
    shell = mirrored([
        (0, top), (width, top, 1), ((width + lower) / 2, (top + bottom) / 2), (lower, bottom, 1),
        (lower * 0.6, bottom + ry * 0.78), (0, bottom + ry),
    ])
    region = c.part(shell, d.main, form="turn")
    _drum_lacing(c, d, width, lower, top, bottom, ry, steel)
    for y, half in ((top + 0.04, width), (bottom - 0.03, lower)):
        arc = ellipse(0, y, half + 0.006, ry, 2, 178)
        c.part(
            np.vstack([arc - (0, 0.03), (arc + (0, 0.03))[::-1]]), steel if d.chance(0.6) else d.trim,
            form="turn", lift=0.014,
        )
    c.part(ellipse(0, top, width + 0.02, ry), steel, depth=0.02)
    head = c.part(
        ellipse(0, top - 0.005, width - 0.03, ry - 0.03), d.made_of((244, 238, 224), "cotton"), depth=0.03, folds=0
    )
    c.soft_shadow(ellipse(width * 0.3, top + ry * 0.5, width * 0.5, ry * 0.4), 0.08, 0.18, head)
    if d.chance(0.5):
        for dx, dy in ((-0.05, 0.03), (0.14, -0.02)):
            stick = np.array([(dx - 0.34, top - 0.02 + dy), (dx + 0.42, top - 0.34 + dy)])
            c.part(tube(stick, [0.05, 0.034]), d.made_of(_MAPLE, "wood"), depth=0.02, lift=0.03)
            c.part(ellipse(stick[0, 0], stick[0, 1], 0.045, 0.035), d.made_of(_MAPLE, "wood"), depth=0.03)
    del region


def _drum_lacing(
    c: Canvas, d: Design, width: float, lower: float, top: float, bottom: float, ry: float, steel: Surface
) -> None:
    angles = np.radians(np.linspace(12, 168, 8))
    cords = d.chance(0.5)
    uppers = [(width * math.cos(a), top + ry * math.sin(a)) for a in angles]
    lowers = [(lower * math.cos(a), bottom + ry * math.sin(a)) for a in angles]
    for i, (start, stop) in enumerate(zip(uppers, lowers, strict=True)):
        if not cords:
            c.part(tube(np.array([start, stop]), 0.022), steel, depth=0.01, lift=0.008)
            continue
        if i + 1 < len(lowers):
            c.part(
                tube(np.array([start, lowers[i + 1]]), 0.022), d.made_of((236, 226, 200), "cotton"),
                depth=0.01, lift=0.006,
            )
            c.part(
                tube(np.array([uppers[i + 1], stop]), 0.022), d.made_of((236, 226, 200), "cotton"),
                depth=0.01, lift=0.006,
            )


@product(
    "bell", "hand bell", "手摇铃", "music", materials=("metal",),
    colours=("yellow", "grey", "brown", "red", "blue", "green", "black", "pink", "orange", "purple", "white", "navy"),
)
def draw_bell(c: Canvas, d: Design) -> None:
    width, shoulder = d.between(0.46, 0.58), d.between(0.24, 0.32)
    top, rim = d.between(-0.26, -0.12), 0.6
    wooden = d.chance(0.6)
    grip = d.made_of(_WALNUT if d.chance(0.6) else (40, 38, 38), "wood") if wooden else d.plain
    c.part(ellipse(0.04, rim + 0.09, 0.1, 0.1), d.plain.tinted(0.7), depth=0.07)
    handle = mirrored([
        (0, top - 0.58), (0.07, top - 0.56), (0.1, top - 0.44), (0.06, top - 0.26), (0.085, top - 0.12),
        (0.07, top + 0.02, 1), (0, top + 0.02),
    ])
    c.part(handle, grip, form="turn")
    c.part(ellipse(0, top - 0.01, 0.12, 0.04), d.plain, depth=0.03)
    body = mirrored([
        (0, top - 0.02), (shoulder * 0.7, top + 0.01), (shoulder, top + 0.14), (shoulder + 0.06, 0.2),
        (width * 0.86, rim - 0.1), (width, rim, 1), (width * 0.6, rim + 0.085), (0, rim + 0.11),
    ])
    region = c.part(body, d.main, form="turn")
    for y, half in ((rim - 0.06, width), (0.14, shoulder * 1.3)):
        line = open_path(
            [(-half, y - 0.01), (-half * 0.5, y + 0.05), (0, y + 0.07), (half * 0.5, y + 0.05), (half, y - 0.01)]
        )
        c.line(line, 0.014, dark=0.3, within=region)
    c.glint(
        tube(open_path([(-shoulder * 0.55, top + 0.16), (-shoulder * 0.62, 0.2), (-width * 0.6, rim - 0.1)]), 0.06),
        0.5, 0.02,
    )


_RAINBOW = (
    (214, 52, 50), (240, 132, 40), (246, 206, 62), (70, 160, 84), (58, 150, 206), (60, 84, 184),
    (126, 72, 162), (238, 128, 172),
)


@product(
    "xylophone", "xylophone", "木琴", "music", patterns=("plain", "plain", "colour_block"),
    materials=("wood", "metal"), stance="lies",
)
def draw_xylophone(c: Canvas, d: Design) -> None:
    bars = int(d.between(7, 11))
    longest, shortest = d.between(0.46, 0.56), d.between(0.2, 0.28)
    frame = d.made_of(_MAPLE, "wood") if d.main.rgb[0] < 200 or d.main.rgb[2] > 150 else d.made_of(_WALNUT, "wood")
    for sign in (-1, 1):
        rail = np.array([(-0.84, sign * longest * 0.55), (0.84, sign * shortest * 0.62)])
        c.part(tube(rail, 0.09), frame, depth=0.035)
    width = 1.6 / bars
    rainbow = d.pattern == "colour_block"
    for i in range(bars):
        x = -0.8 + width * (i + 0.5)
        half = longest + (shortest - longest) * i / (bars - 1)
        surface = d.made_of(_RAINBOW[i % 8], d.main.material.key) if rainbow and i % 2 else d.plain
        c.part(rectangle(x - width * 0.42, -half, x + width * 0.42, half, 0.035), surface, depth=0.04, lift=0.022)
        for sign in (-1, 1):
            y = sign * (longest * 0.55 + (shortest * 0.62 - longest * 0.55) * (x + 0.84) / 1.68)
            c.part(ellipse(x, y, 0.022, 0.022), d.made_of(STEEL, "metal"), depth=0.015, lift=0.008)
    for x0, y0, x1, y1 in ((-0.5, 0.62, 0.3, 0.34), (-0.2, 0.74, 0.6, 0.46)):
        if d.chance(0.8):
            c.part(tube(np.array([(x0, y0), (x1, y1)]), 0.032), d.made_of(_MAPLE, "wood"), depth=0.015, lift=0.03)
            c.part(
                ellipse(x1, y1, 0.07, 0.07),
                d.trim.of("rubber") if d.pattern != "plain" else d.second.of("rubber"), depth=0.05,
                lift=0.02,
            )


@product("tambourine", "tambourine", "铃鼓", "music", materials=("wood", "plastic"), stance="lies")
def draw_tambourine(c: Canvas, d: Design) -> None:
    radius, ring = d.between(0.66, 0.74), d.between(0.13, 0.2)
    squash = d.between(0.86, 1.0)
    headed = d.chance(0.35)
    outer, inner = ellipse(0, 0, radius, radius * squash), ellipse(0, 0, radius - ring, (radius - ring) * squash)
    if headed:
        c.part(
            ellipse(0, 0, radius - ring * 0.6, (radius - ring * 0.6) * squash),
            d.made_of((240, 230, 208), "cotton"), form="flat", folds=0,
        )
        c.soft_shadow(ellipse(-0.1, -0.1, radius * 0.8, radius * 0.75), 0.2, -0.06)
    c.part(outer, d.main, depth=ring * 0.6, lift=0.02 if headed else 0.0, holes=[inner])
    jingles = int(d.between(5, 9))
    for i in range(jingles):
        angle = 2 * math.pi * (i + 0.5) / jingles
        x, y = math.cos(angle) * (radius - ring / 2), math.sin(angle) * (radius - ring / 2) * squash
        slot = tube(
            np.stack([np.array([x, y]) + np.array([-math.sin(angle), math.cos(angle)]) * t for t in (-0.1, 0.1)]),
            ring * 0.5,
        )
        c.marks([slot], rgb=(40, 32, 26), dark=0.2)
        for t in (-0.022, 0.022):
            centre = (x + math.cos(angle) * t, y + math.sin(angle) * t)
            c.part(
                ellipse(centre[0], centre[1], 0.082, 0.082 * squash),
                d.made_of(STEEL if i % 2 else GOLD, "metal"), depth=0.035, lift=0.008,
            )
        c.part(
            ellipse(x + math.cos(angle) * 0.022, y + math.sin(angle) * 0.022, 0.024, 0.024),
            d.made_of(STEEL, "metal").tinted(0.75), depth=0.015,
        )
