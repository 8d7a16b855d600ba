"""Tops, laid flat: T-shirt, shirt, sweater, hoodie."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import band, mirrored, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product
from tools.rendering.surfaces import Surface
from tools.rendering.tailoring import Cut, back_of_neck, body_of, buttons, collar, hem_seam, sleeves, zip_fastener

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


@product("tshirt", "T-shirt", "T恤", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton",), stance="lies")
def draw_tshirt(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=d.between(0.14, 0.19),
        drop=d.between(0.09, 0.26) if d.chance(0.7) else d.between(0.26, 0.34),
        shoulder_x=d.between(0.43, 0.49), waist_x=d.between(0.37, 0.44), hem_y=d.between(0.56, 0.74),
    )
    cut.hem_x = cut.waist_x + d.between(0.0, 0.04)
    length, cuff = d.between(0.24, 0.42), d.between(0.24, 0.3)
    contrast = d.trim if d.chance(0.35) else d.plain
    back_of_neck(c, d.plain, cut)
    sleeve = d.second if d.pattern == "plain" and d.chance(0.1) else d.main
    sleeves(c, sleeve, cut, length, d.between(42, 58), cuff)
    body_of(c, d, cut)
    c.part(band(cut.neckline, 0.05), contrast, depth=0.012, lift=0.006, folds=0)
    c.line(cut.neckline + (0, 0.027), 0.005, dark=0.2)
    hem_seam(c, d, cut)


@product(
    "shirt", "shirt", "衬衫", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton", "denim", "satin"),
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
    body = body_of(c, d, cut)
    c.part(
        rectangle(-0.04, cut.neck_y + cut.drop - 0.02, 0.04, cut.hem_y + 0.02), d.main, form="flat",
        within=body, lift=0.006,
    )
    for x in (-0.028, 0.028):
        c.stitches(np.array([(x, cut.neck_y + 0.14), (x, cut.hem_y)]), d.thread, width=0.005)
    collar(c, d, cut, d.between(0.12, 0.2))
    bright = d.made_of((240, 238, 230) if sum(d.main.rgb) < 600 else (120, 110, 100), "plastic")
    buttons(c, bright, 0, -0.46, cut.hem_y - 0.12, 6, 0.02)
    if d.chance(0.6):
        _chest_pocket(c, d)
    hem_seam(c, d, cut, 0.03)


def _chest_pocket(c: Canvas, d: Design) -> None:
    pocket = mirrored([(0, 0.0), (0.09, 0, 1), (0.09, 0.16, 1), (0, 0.21, 1)]) + (0.22, -0.24)
    c.part(pocket, d.main, depth=0.015, lift=0.006, folds=0)
    c.line(np.array([(0.13, -0.205), (0.31, -0.205)]), 0.005, dark=0.2)


@product(
    "sweater", "sweater", "毛衣", "clothing",
    patterns=("plain", "striped", "zigzag", "colour_block", "stars"), materials=("knit", "wool"),
    stance="lies",
)
def draw_sweater(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=d.between(0.14, 0.18), drop=d.between(0.08, 0.2), waist_x=d.between(0.4, 0.46),
        hem_y=d.between(0.52, 0.66),
    )
    cut.hem_x = cut.waist_x - 0.03
    rib = d.trim if d.chance(0.4) else d.plain
    back_of_neck(c, d.plain, cut)
    sleeves(c, d.main, cut, d.between(0.98, 1.08), d.between(66, 73), 0.15, rib)
    body_of(c, d, cut)
    _ribbed_hem(c, rib, cut)
    width = d.between(0.06, 0.09)
    c.part(band(cut.neckline - (0, 0.01), width), rib, depth=0.025, lift=0.01, folds=0)


def _ribbed_hem(c: Canvas, surface: Surface, cut: Cut) -> None:
    outline = np.vstack([cut.hem - (0, 0.085), (cut.hem + (0, 0.005))[::-1]])
    region = c.part(outline, surface, depth=0.05, lift=0.008, folds=0)
    ribs = [np.array([(x, cut.hem_y - 0.09), (x, cut.hem_y + 0.04)]) for x in np.arange(-cut.hem_x, cut.hem_x, 0.032)]
    c.lines(ribs, 0.009, dark=0.22, within=region)


@product(
    "hoodie", "hoodie", "连帽衫", "clothing", patterns=("plain", "plain", "colour_block", "striped", "stars"),
    materials=("cotton",), stance="lies",
)
def draw_hoodie(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=0.19, neck_y=-0.56, drop=0.17, shoulder_x=0.46, shoulder_y=-0.46, armpit_y=-0.12,
        waist_x=d.between(0.42, 0.47), hem_y=d.between(0.64, 0.72),
    )
    cut.hem_x = cut.waist_x - 0.03
    hood = d.between(0.25, 0.31)
    shell = mirrored([(0, -0.56 - hood), (0.2, -0.52 - hood), (0.29, -0.56), (0.2, -0.4), (0, -0.34)])
    c.part(shell, d.main, depth=0.1)
    opening = mirrored([(0, -0.5 - hood * 0.8), (0.135, -0.48 - hood * 0.7), (0.19, -0.52), (0.1, -0.4), (0, -0.36)])
    c.part(opening, d.plain, shade=0.5, depth=0.05, folds=0.5)
    rib = d.trim if d.chance(0.4) else d.plain
    sleeves(c, d.main, cut, d.between(0.94, 1.04), d.between(68, 73), 0.16, rib)
    body = body_of(c, d, cut)
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
