"""Dresses and lower garments, laid flat: dress, skirt, trousers, jeans, shorts."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, flipped, mirrored, open_path, rectangle
from tools.rendering.registry import FABRIC_PATTERNS, Design, product
from tools.rendering.surfaces import Region
from tools.rendering.tailoring import Cut, back_of_neck, sleeves

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


def _pleats(
    c: Canvas, region: Region | None, top: float, bottom: float, top_x: float, bottom_x: float, count: int
) -> None:
    shares = np.linspace(-0.88, 0.88, count)
    lines = [
        open_path(
            [(s * top_x, top), (s * (top_x * 0.45 + bottom_x * 0.55), (top + bottom) / 2), (s * bottom_x, bottom)]
        )
        for s in shares
    ]
    c.creases(lines, 0.2 * bottom_x / count * 2.2, 0.5, region)


@product(
    "dress", "dress", "连衣裙", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton", "satin", "denim"),
    stance="lies",
)
def draw_dress(c: Canvas, d: Design) -> None:
    waist, hem, hem_y = d.between(0.22, 0.27), d.between(0.38, 0.62), d.between(0.55, 0.86)
    straps = d.chance(0.4)
    cut = Cut(
        neck_x=0.15, neck_y=-0.82, drop=d.between(0.12, 0.26), shoulder_x=0.31, shoulder_y=-0.76,
        chest_x=0.3, armpit_y=-0.48,
    )
    if straps:
        _strap_top(c, d)
    else:
        back_of_neck(c, d.plain, cut)
        long = d.chance(0.3)
        sleeves(
            c, d.main, cut, 0.85 if long else d.between(0.16, 0.34), 74 if long else d.between(45, 62),
            0.12 if long else 0.2,
        )
    waist_y = d.between(-0.2, -0.05)
    top = [
        (0, cut.neck_y + cut.drop), (0.11, cut.neck_y + cut.drop * 0.75), (cut.neck_x, cut.neck_y, 1),
        (cut.shoulder_x, cut.shoulder_y, 1), (0.285, -0.62),
    ]
    if straps:
        top = [(0, -0.52), (0.13, -0.6), (0.24, -0.63, 1)]
    skirt = [
        (waist + 0.05, waist_y + 0.12), (hem * 0.85, hem_y * 0.6), (hem, hem_y, 1),
        (hem * 0.5, hem_y + 0.035), (0, hem_y + 0.045),
    ]
    body = c.part(
        mirrored([*top, (cut.chest_x, -0.48, 1), (waist + 0.01, waist_y - 0.07), (waist, waist_y), *skirt]),
        d.main, depth=0.12, lift=0.01,
    )
    _pleats(c, body, waist_y + 0.03, hem_y, waist, hem, int(d.between(5, 10)))
    sash = open_path([(-waist - 0.02, waist_y), (0, waist_y + 0.025), (waist + 0.02, waist_y)])
    if d.chance(0.5):
        c.part(
            np.vstack([sash - (0, 0.032), (sash + (0, 0.032))[::-1]]), d.trim, depth=0.02, lift=0.01,
            folds=0, within=body,
        )
    else:
        c.line(sash, 0.008, dark=0.3, within=body)
    if not straps:
        c.line(cut.neckline + (0, 0.022), 0.006, dark=0.2, within=body)


def _strap_top(c: Canvas, d: Design) -> None:
    for side in (-1, 1):
        strap = open_path([(side * 0.2, -0.58), (side * 0.17, -0.72), (side * 0.14, -0.86)])
        c.part(np.vstack([strap - (0.022, 0), (strap + (0.022, 0))[::-1]]), d.plain, depth=0.015)
    back = mirrored([(0, -0.56), (0.2, -0.58, 1), (0.2, -0.45, 1), (0, -0.45)])
    c.part(back, d.plain, shade=0.65, folds=0)


@product(
    "skirt", "skirt", "半身裙", "clothing", patterns=FABRIC_PATTERNS,
    materials=("cotton", "denim", "wool", "satin", "leather"), stance="lies",
)
def draw_skirt(c: Canvas, d: Design) -> None:
    waist, hem = d.between(0.27, 0.36), d.between(0.42, 0.8)
    top, bottom = -0.58, d.between(0.35, 0.7)
    half = [
        (0, top), (waist, top, 1), (waist + (hem - waist) * 0.42, top + (bottom - top) * 0.3),
        (hem * 0.97, bottom * 0.85), (hem, bottom, 1), (hem * 0.5, bottom + 0.06), (0, bottom + 0.08),
    ]
    back = mirrored(
        [(0, top - 0.035), (waist * 0.7, top - 0.025), (waist, top, 1), (waist, top + 0.05, 1), (0, top + 0.05)]
    )
    c.part(back, d.plain, shade=0.6, folds=0)
    body = c.part(mirrored(half), d.main, depth=0.12)
    flared = hem - waist > 0.2
    _pleats(c, body, top + 0.12, bottom + 0.03, waist, hem, int(d.between(7, 13)) if flared else 3)
    line = open_path([(-waist - 0.005, top), (0, top + 0.035), (waist + 0.005, top)])
    c.part(
        np.vstack([line, (line + (0, 0.085))[::-1]]), d.trim if d.chance(0.4) else d.plain, depth=0.03,
        lift=0.01, folds=0,
    )
    c.stitches(line + (0, 0.072), d.thread, width=0.005)
    c.stitches(
        open_path(
            [(-hem, bottom), (-hem * 0.5, bottom + 0.06), (0, bottom + 0.08), (hem * 0.5, bottom + 0.06), (hem, bottom)]
        )
        - (0, 0.035),
        d.thread, width=0.005,
    )
    if not flared:
        c.part(ellipse(0, top + 0.078, 0.026, 0.026), d.made_of((200, 170, 110), "metal"), depth=0.02, lift=0.008)


def _trousers(c: Canvas, d: Design, *, length: float, hem: float, hip: float, stretch: float = 1.0) -> Region | None:
    waist, top = hip * 0.82, -0.8 if length > 1 else -0.5
    crotch = top + 0.5
    bottom = top + length
    gap = 0.035
    leg = [
        (hip * 1.02, crotch), (gap + hem * 2 + (hip - hem * 2) * 0.35, (crotch + bottom) / 2),
        (gap + 0.01 + hem * 2, bottom, 1),
    ]
    inner = [
        (gap + hem * 0.9, bottom + 0.018), (gap + 0.02, bottom, 1), (gap * 0.7, (crotch + bottom) / 2),
        (0.0, crotch + 0.02, 1),
    ]
    back = mirrored(
        [(0, top - 0.03), (waist * 0.7, top - 0.02), (waist, top, 1), (waist, top + 0.06, 1), (0, top + 0.06)]
    )
    c.part(back, d.plain, shade=0.6, folds=0)
    region = c.part(
        mirrored(
            [(0, top + 0.03), (waist * 0.6, top + 0.018), (waist, top, 1), (hip * 0.97, top + 0.25), *leg, *inner]
        ),
        d.main, depth=0.1 * stretch,
    )
    creases = []
    for side in (-1, 1):
        knee = (crotch + bottom) / 2
        creases += [
            open_path([(side * 0.02, crotch - 0.03), (side * 0.14, crotch - 0.02), (side * 0.26, crotch - 0.08)]),
            open_path([(side * 0.03, crotch + 0.04), (side * 0.13, crotch + 0.1), (side * 0.22, crotch + 0.13)]),
            open_path([(side * 0.1, knee), (side * 0.2, knee + 0.03), (side * 0.28, knee - 0.02)]),
            open_path([(side * (gap + hem), crotch + 0.15), (side * (gap + hem), knee), (side * (gap + hem), bottom)]),
        ]
    c.creases(creases, 0.04, 0.4, region)
    c.line(open_path([(0, top + 0.05), (0.006, crotch - 0.1), (0, crotch + 0.01)]), 0.008, dark=0.4, within=region)
    return region


def _waistband(c: Canvas, d: Design, hip: float, top: float, button: tuple[int, int, int]) -> None:
    waist = hip * 0.82
    line = open_path([(-waist - 0.005, top), (0, top + 0.03), (waist + 0.005, top)])
    c.part(np.vstack([line, (line + (0, 0.07))[::-1]]), d.plain, depth=0.025, lift=0.008, folds=0)
    for x in (-0.7, -0.3, 0.3, 0.7):
        c.part(rectangle(x * waist - 0.014, top + 0.01, x * waist + 0.014, top + 0.1), d.plain, depth=0.01, lift=0.006)
    c.part(ellipse(0, top + 0.066, 0.022, 0.022), d.made_of(button, "metal"), depth=0.015, lift=0.006)


@product(
    "trousers", "trousers", "长裤", "clothing", patterns=("plain", "plain", "plain", "checked", "striped"),
    materials=("cotton", "wool", "canvas"), stance="lies",
)
def draw_trousers(c: Canvas, d: Design) -> None:
    hip = d.between(0.32, 0.37)
    _trousers(c, d, length=d.between(1.5, 1.66), hem=d.between(0.085, 0.19), hip=hip)
    _waistband(c, d, hip, -0.8, (160, 150, 130))
    for side in (-1, 1):
        c.line(np.array([(side * hip * 0.62, -0.71), (side * hip * 0.93, -0.5)]), 0.012, dark=0.35)


@product(
    "jeans", "jeans", "牛仔裤", "clothing", materials=("denim",),
    colours=("blue", "navy", "black", "grey", "white", "brown"), stance="lies",
)
def draw_jeans(c: Canvas, d: Design) -> None:
    hip = d.between(0.32, 0.37)
    hem = d.between(0.09, 0.17)
    region = _trousers(c, d, length=d.between(1.48, 1.66), hem=hem, hip=hip)
    copper = (214, 158, 86)
    for side in (-1, 1):
        faded = ellipse(side * (0.035 + hem), 0.02, hem * 0.55, 0.42)
        c.soft_shadow(faded, 0.07, -0.3 if sum(d.main.rgb) > 150 else -0.6, region)
        pocket = open_path([(side * hip * 0.36, -0.71), (side * hip * 0.5, -0.6), (side * hip * 0.92, -0.55)])
        c.line(pocket, 0.008, dark=0.3, within=region)
        c.stitches(pocket + (0, 0.018), copper, width=0.006)
        c.stitches(
            open_path([(side * (hip * 0.99), -0.5), (side * (hip * 0.93), -0.2), (side * (0.02 + hem * 2), 0.65)])
            - (side * 0.025, 0),
            copper, width=0.005,
        )
        c.marks([ellipse(side * hip * 0.38, -0.69, 0.011, 0.011)], rgb=(200, 140, 80))
    c.stitches(open_path([(0.07, -0.7), (0.07, -0.45), (0.0, -0.34)]), copper, width=0.006)
    _waistband(c, d, hip, -0.8, (196, 140, 84))


@product(
    "shorts", "shorts", "短裤", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton", "denim", "canvas"),
    stance="lies",
)
def draw_shorts(c: Canvas, d: Design) -> None:
    hip = d.between(0.5, 0.56)
    length = d.between(0.82, 1.05)
    top, gap = -0.5, 0.04
    waist, hem = hip * 0.8, d.between(0.5, 0.56)
    crotch, bottom = top + 0.55, top + length
    back = mirrored(
        [(0, top - 0.04), (waist * 0.7, top - 0.03), (waist, top, 1), (waist, top + 0.06, 1), (0, top + 0.06)]
    )
    c.part(back, d.plain, shade=0.6, folds=0)
    half = [
        (0, top + 0.03), (waist, top, 1), (hip, top + 0.3), (gap + hem, bottom, 1),
        (gap + hem * 0.5, bottom + 0.03), (gap, bottom + 0.01, 1), (0, crotch, 1),
    ]
    region = c.part(mirrored(half), d.main, depth=0.12)
    creases = [
        open_path([(0.02 * s, crotch - 0.02), (0.2 * s, crotch - 0.02), (0.36 * s, crotch - 0.12)]) for s in (-1, 1)
    ]
    creases += [open_path([(0.3 * s, -0.2), (0.32 * s, 0.1), (0.3 * s, bottom)]) for s in (-1, 1)]
    c.creases(creases, 0.06, 0.45, region)
    c.line(open_path([(0, top + 0.1), (0.008, crotch - 0.1), (0, crotch)]), 0.01, dark=0.4, within=region)
    _shorts_details(c, d, waist, hip, top, bottom, gap, hem)


def _shorts_details(
    c: Canvas, d: Design, waist: float, hip: float, top: float, bottom: float, gap: float, hem: float
) -> None:
    for side in (-1, 1):
        c.line(np.array([(side * waist * 0.62, top + 0.1), (side * hip * 0.94, top + 0.32)]), 0.014, dark=0.3)
        cuff = open_path(
            [(side * gap, bottom + 0.01), (side * (gap + hem * 0.5), bottom + 0.03), (side * (gap + hem), bottom)]
        )
        c.stitches(cuff - (0, 0.05), d.thread, width=0.006)
    line = open_path([(-waist - 0.01, top), (0, top + 0.035), (waist + 0.01, top)])
    c.part(
        np.vstack([line, (line + (0, 0.1))[::-1]]), d.trim if d.chance(0.3) else d.plain, depth=0.03, lift=0.01, folds=0
    )
    if d.chance(0.5):
        ribs = [np.array([(x, top + 0.0), (x, top + 0.13)]) for x in np.arange(-waist, waist, 0.035)]
        c.lines(ribs, 0.01, dark=0.2)
        for side in (-1, 1):
            cord = open_path([(side * 0.02, top + 0.08), (side * 0.06, top + 0.2), (side * 0.04, top + 0.34)])
            c.part(
                closed_path([*map(tuple, cord[::6] - (0.012, 0)), *map(tuple, (cord[::6] + (0.012, 0))[::-1])]),
                d.made_of((238, 236, 230), "cotton"), depth=0.01, lift=0.01,
            )
    else:
        c.part(ellipse(0, top + 0.085, 0.03, 0.03), d.made_of((170, 160, 140), "metal"), depth=0.02, lift=0.008)
    c.stitches(flipped(line) + (0, 0.085), d.thread, width=0.005)
