"""Outerwear, laid flat: jacket and coat."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, flipped, open_path, rectangle, tube
from tools.rendering.registry import Design, product
from tools.rendering.surfaces import Region
from tools.rendering.tailoring import Cut, back_of_neck, body_of, buttons, collar, sleeves, zip_fastener

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


@product(
    "jacket", "jacket", "夹克", "clothing", patterns=("plain", "plain", "plain", "colour_block", "checked"),
    materials=("leather", "denim", "canvas"), stance="lies",
)
def draw_jacket(c: Canvas, d: Design) -> None:
    cut = Cut(neck_x=0.16, drop=0.16, waist_x=d.between(0.4, 0.45), hem_y=d.between(0.46, 0.6))
    cut.hem_x = cut.waist_x - 0.02
    lining = d.made_of(d.second.rgb, "satin").tinted(0.7)
    back_of_neck(c, lining, cut)
    sleeves(
        c, d.second.of(d.main.material.key) if d.pattern == "colour_block" else d.main, cut,
        d.between(0.96, 1.04), d.between(67, 72), 0.16, d.plain.tinted(0.85),
    )
    body = body_of(c, d, cut)
    _lower_band(c, d, cut)
    denim = d.main.material.key == "denim"
    _jacket_front(c, d, cut, denim, body)
    collar(c, d, cut, d.between(0.1, 0.16))


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
    "coat", "coat", "大衣", "clothing", patterns=("plain", "plain", "checked", "zigzag"),
    materials=("wool", "cotton"), stance="lies",
)
def draw_coat(c: Canvas, d: Design) -> None:
    cut = Cut(
        neck_x=0.14, neck_y=-0.8, drop=0.2, shoulder_x=0.38, shoulder_y=-0.71, chest_x=0.36, armpit_y=-0.42,
        waist_x=d.between(0.31, 0.38), hem_y=d.between(0.74, 0.86),
    )
    cut.hem_x = cut.waist_x + d.between(0.04, 0.14)
    back_of_neck(c, d.made_of(d.second.rgb, "satin").tinted(0.6), cut)
    sleeves(c, d.main, cut, d.between(0.9, 0.98), d.between(72, 77), 0.14)
    body = body_of(c, d, cut)
    double = d.chance(0.5)
    c.line(
        open_path([(0.03 + 0.06 * double, -0.45), (0.03 + 0.06 * double, 0.2), (0.05, cut.hem_y + 0.02)]),
        0.012, dark=0.35, within=body,
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
        rectangle(-0.05, -0.055, 0.05, 0.055, 0.02), d.made_of((180, 160, 120), "metal"), depth=0.015,
        lift=0.01, holes=[rectangle(-0.03, -0.035, 0.03, 0.035, 0.01)],
    )


def _lapels(c: Canvas, d: Design, cut: Cut) -> None:
    y = cut.neck_y
    wing = closed_path([
        (0.02, y + 0.42, 1), (0.1, y + 0.16), (cut.neck_x, y - 0.03, 1),
        (cut.neck_x + 0.07, y + 0.06, 1), (0.21, y + 0.2, 1), (0.25, y + 0.24, 1), (0.12, y + 0.38),
    ])
    for outline in (flipped(wing), wing):
        c.part(outline, d.main, depth=0.03, lift=0.02, folds=0.3, angle=20)
