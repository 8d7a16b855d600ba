"""Headwear, scarves, gloves and socks."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, mirrored, moved, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


KNITTED = ("plain", "striped", "zigzag", "colour_block", "checked", "stars")


@product(
    "cap", "baseball cap", "棒球帽", "clothing",
    patterns=("plain", "plain", "colour_block", "checked", "dotted", "stars"),
    materials=("cotton", "denim", "canvas"),
)
def draw_cap(c: Canvas, d: Design) -> None:
    height, reach = d.between(0.52, 0.66), d.between(0.36, 0.5)
    base = 0.22
    brim_surface = d.second if d.chance(0.35) else d.plain
    under = closed_path([
        (0.1, base - 0.06, 1), (0.45, base - 0.02), (0.44 + reach, base + 0.16),
        (0.3 + reach, base + 0.22), (0.2, base + 0.12), (-0.1, base + 0.06, 1),
    ])
    dome = closed_path([
        (-0.62, base, 1), (-0.6, base - height * 0.55), (-0.35, base - height * 0.93),
        (-0.02, base - height), (0.32, base - height * 0.8), (0.48, base - height * 0.3),
        (0.5, base + 0.0, 1), (0.0, base + 0.06),
    ])
    region = c.part(dome, d.main, depth=0.3, fullness=1.1)
    top = (-0.04, base - height)
    for x in (-0.34, 0.16):
        seam = open_path([top, (x * 0.9, base - height * 0.6), (x * 1.15, base + 0.04)])
        c.line(seam, 0.008, dark=0.3, within=region)
        c.stitches(seam + (0.018, 0), d.thread, width=0.005)
    c.marks([ellipse(x, base - height * 0.62, 0.016, 0.014) for x in (-0.16, 0.3)], dark=0.65)
    c.part(under, brim_surface, depth=0.05, lift=0.02, folds=0.2)
    for inset in (0.0, 0.035, 0.07):
        c.stitches(
            open_path([
                (0.12, base + 0.07 - inset * 0.3), (0.35 + reach * 0.7, base + 0.17 - inset),
                (0.40 + reach - inset, base + 0.145 - inset * 0.5),
            ]),
            d.thread, width=0.005,
        )
    c.part(ellipse(top[0], top[1] + 0.005, 0.05, 0.026), brim_surface, depth=0.02, lift=0.008)
    if d.chance(0.6):
        patch = moved(ellipse(0, 0, 0.12, 0.1), 0.24, base - height * 0.36, degrees=8)
        c.part(patch, d.second, depth=0.02, lift=0.006, folds=0)


@product("hat", "hat", "礼帽", "clothing", materials=("wool", "leather", "wicker"), stance="stands")
def draw_hat(c: Canvas, d: Design) -> None:
    crown, height, brim = d.between(0.36, 0.43), d.between(0.46, 0.58), d.between(0.7, 0.86)
    base = 0.2
    thick = d.between(0.13, 0.2)
    c.part(ellipse(0, base, brim, thick), d.plain, depth=0.06, folds=0)
    c.soft_shadow(ellipse(0.05, base + 0.02, crown * 1.1, thick * 0.55), 0.05, 0.5)
    dent = d.between(0.0, 0.09)
    body = mirrored([
        (0, base - height + dent), (crown * 0.45, base - height - 0.015),
        (crown * 0.78, base - height + 0.04), (crown * 0.93, base - height * 0.5), (crown, base, 1),
        (crown * 0.6, base + thick * 0.38), (0, base + thick * 0.5),
    ])
    region = c.part(body, d.main, form="turn", fullness=0.95)
    if dent > 0.03:
        c.soft_shadow(ellipse(0, base - height + dent * 0.8, crown * 0.3, dent), 0.03, 0.35, region)
    ribbon = d.second if d.second.rgb != d.main.rgb else d.made_of((40, 38, 40), "satin")
    upper = open_path([(-crown * 0.985, base - 0.14), (0, base - 0.14 + thick * 0.5), (crown * 0.985, base - 0.14)])
    lower = open_path([(-crown, base - 0.01), (0, base - 0.01 + thick * 0.5), (crown, base - 0.01)])
    c.part(np.vstack([upper, lower[::-1]]), ribbon.of("satin"), form="turn", lift=0.006, folds=0, within=region)


@product("beanie", "beanie", "毛线帽", "clothing", patterns=KNITTED, materials=("knit", "wool"), stance="lies")
def draw_beanie(c: Canvas, d: Design) -> None:
    width, height = d.between(0.5, 0.6), d.between(0.82, 1.05)
    base = 0.42
    if d.chance(0.55):
        radius = d.between(0.13, 0.18)
        c.part(_fluffy(0, base - height - radius * 0.35, radius, d), d.trim.of("plush"), depth=radius * 0.8)
    dome = mirrored([
        (0, base - height), (width * 0.45, base - height * 0.94), (width * 0.84, base - height * 0.68),
        (width, base - height * 0.25), (width * 0.98, base + 0.05, 1), (0, base + 0.08),
    ])
    region = c.part(dome, d.main, depth=0.26, lift=0.015)
    gathers = [
        open_path([(s * 0.1, base - height + 0.02), (s * width * 0.7, base - height * 0.6), (s * width * 0.9, base)])
        for s in np.linspace(-1, 1, 8)
    ]
    c.creases(gathers, 0.05, 0.3, region)
    fold = d.between(0.24, 0.32)
    cuff = mirrored([
        (0, base - fold * 0.45), (width * 1.0, base - fold * 0.6, 1), (width * 1.04, base),
        (width * 1.0, base + fold * 0.42, 1), (0, base + fold * 0.58),
    ])
    rim = c.part(cuff, d.trim if d.chance(0.4) else d.plain, depth=0.09, lift=0.025)
    ribs = [
        open_path([(x, base - fold * 0.6), (x * 1.02, base), (x, base + fold * 0.6)])
        for x in np.arange(-width, width, 0.055)
    ]
    c.lines(ribs, 0.014, dark=0.2, within=rim)


def _fluffy(x: float, y: float, radius: float, d: Design) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 70, endpoint=False)
    radii = radius * (1 + 0.07 * np.array([d.between(-1, 1) for _ in angles]))
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


@product(
    "scarf", "scarf", "围巾", "clothing", patterns=FABRIC_PATTERNS,
    materials=("knit", "wool", "satin", "cotton"), stance="lies",
)
def draw_scarf(c: Canvas, d: Design) -> None:
    width = d.between(0.24, 0.32)
    left, right = d.between(0.6, 0.8), d.between(0.45, 0.75)
    tail_right = open_path([(0.12, -0.3), (0.2, 0.0), (0.24, 0.3), (0.27, right)])
    tail_left = open_path([(-0.06, -0.25), (-0.14, 0.1), (-0.16, 0.4), (-0.2, left)])
    for tail, angle in ((tail_right, -6), (tail_left, 6)):
        fringe = [
            np.array([(tail[-1, 0] + t, tail[-1, 1] - 0.02), (tail[-1, 0] + t * 1.15, tail[-1, 1] + 0.12)])
            for t in np.linspace(-width * 0.46, width * 0.46, 11)
        ]
        for thread in fringe:
            c.part(tube(thread, 0.02), d.trim, depth=0.01, folds=0)
        region = c.part(
            np.vstack([tail - (width / 2, 0), (tail + (width / 2, 0))[::-1]]), d.main, depth=0.06,
            lift=0.02, angle=angle,
        )
        c.creases([tail + (t * width, 0) for t in (-0.25, 0.05, 0.28)], 0.05, 0.4, region)
    loop = open_path(
        [(-0.3, -0.5), (-0.42, -0.36), (-0.25, -0.2), (0.05, -0.14), (0.32, -0.26), (0.42, -0.42), (0.26, -0.56)]
    )
    back = open_path([(0.3, -0.52), (0.0, -0.62), (-0.34, -0.5)])
    c.part(tube(back, width * 0.8), d.main, depth=0.08, shade=0.72, angle=85)
    region = c.part(tube(loop, width), d.main, depth=0.1, lift=0.03, angle=80)
    c.creases([loop + (0, t * width) for t in (-0.28, 0.0, 0.25)], 0.05, 0.5, region)


@product(
    "gloves", "gloves", "手套", "clothing", patterns=("plain", "plain", "striped", "zigzag"),
    materials=("leather", "knit", "wool"), stance="lies",
)
def draw_gloves(c: Canvas, d: Design) -> None:
    length, spread = d.between(0.36, 0.46), d.between(3, 9)
    cuff = d.trim if d.chance(0.4) else d.plain
    ribbed = d.main.material.key != "leather"
    for side in (-1, 1):
        shift = (side * 0.42, 0.12)

        def place(outline: np.ndarray, side: int = side, shift: tuple[float, float] = shift) -> np.ndarray:
            return moved(outline * (side, 1), shift[0], shift[1], degrees=side * 9)

        for i, (x, reach) in enumerate(((-0.2, 0.82), (-0.075, 0.98), (0.055, 1.0), (0.18, 0.86))):
            finger = moved(
                open_path([(0, 0.1), (0, -length * reach * 0.5), (0, -length * reach)]), x, -0.14,
                degrees=(i - 1.5) * spread,
            )
            c.part(place(tube(finger, [0.15, 0.14, 0.11])), d.main, depth=0.06, folds=0.5)
        thumb = open_path([(-0.14, 0.22), (-0.3, 0.06), (-0.37, -0.12)])
        c.part(place(tube(thumb, [0.19, 0.16, 0.12])), d.main, depth=0.07, folds=0.5)
        palm = closed_path(
            [(-0.26, -0.1), (0.0, -0.2), (0.245, -0.1), (0.25, 0.15), (0.2, 0.36, 1), (-0.2, 0.36, 1), (-0.26, 0.15)]
        )
        c.part(place(palm), d.main, depth=0.12)
        wrist = c.part(place(rectangle(-0.22, 0.32, 0.22, 0.54, 0.03)), cuff, depth=0.06, lift=0.012)
        if ribbed:
            c.lines(
                [place(np.array([(x, 0.32), (x, 0.54)])) for x in np.arange(-0.2, 0.21, 0.045)], 0.012,
                dark=0.22, within=wrist,
            )
        else:
            c.lines(
                [place(open_path([(x, -0.1), (x * 0.9, 0.05), (x * 0.8, 0.2)])) for x in (-0.12, 0, 0.12)],
                0.01, dark=0.3,
            )


@product("socks", "socks", "袜子", "clothing", patterns=FABRIC_PATTERNS, materials=("cotton", "knit"), stance="lies")
def draw_socks(c: Canvas, d: Design) -> None:
    shaft, foot, width = d.between(0.55, 0.95), d.between(0.5, 0.62), d.between(0.24, 0.29)
    accent = d.trim if d.pattern != "plain" or d.chance(0.5) else d.second
    for x, y, turn in ((0.1, -0.06, 4), (-0.42, 0.06, -3)):
        top = 0.3 - shaft

        def place(outline: np.ndarray, x: float = x, y: float = y, turn: float = turn) -> np.ndarray:
            return moved(outline, x, y + shaft * 0.2 - 0.15, degrees=turn)

        outline = closed_path([
            (0, top, 1), (width, top, 1), (width * 1.02, 0.1), (width + 0.1, 0.32), (foot, 0.42),
            (foot + 0.06, 0.52), (foot - 0.02, 0.62), (width, 0.62), (0.04, 0.56), (-0.04, 0.36),
            (0.0, 0.1),
        ])
        region = c.part(place(outline), d.main, depth=0.1, lift=0.025)
        for patch in (ellipse(foot + 0.08, 0.54, 0.2, 0.22), ellipse(-0.03, 0.52, 0.17, 0.18)):
            c.part(place(patch), accent, depth=0.05, within=region, folds=0.3)
        ankle = [open_path([(0.02, 0.3 + t), (width * 0.6, 0.3 + t * 0.5), (width, 0.22 + t)]) for t in (-0.04, 0.06)]
        c.creases([place(line) for line in ankle], 0.04, 0.45, region)
        cuff = c.part(
            place(rectangle(-0.012, top - 0.02, width + 0.012, top + 0.13, 0.02)), accent, depth=0.05,
            lift=0.008, folds=0,
        )
        c.lines(
            [place(np.array([(t, top - 0.02), (t, top + 0.13)])) for t in np.arange(0.02, width, 0.035)],
            0.01, dark=0.2, within=cuff,
        )
