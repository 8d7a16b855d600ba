"""Kitchenware and other turned shapes: mug, bottle, vase, teapot, bowl, candle."""

from __future__ import annotations

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, mirrored, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product
from tools.rendering.surfaces import Surface

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


def mouth(
    c: Canvas, surface: Surface, y: float, rx: float, ry: float, wall: float = 0.03, content: Surface | None = None
) -> None:
    """The open top of a vessel: its rim and the dark inside."""
    c.part(ellipse(0, y, rx, ry), surface, depth=0.02, shade=1.08)
    inner = c.part(ellipse(0, y + 0.004, rx - wall, ry - wall * 0.45), surface, shade=0.62, depth=0.04)
    c.soft_shadow(ellipse(-rx * 0.3, y - ry * 0.2, rx * 0.6, ry * 0.7), ry * 0.4, 0.35, inner)
    if content is not None:
        c.part(ellipse(0, y + ry * 0.45, rx - wall, ry - wall * 0.4), content, form="flat", within=inner)


def window_glint(c: Canvas, x: float, top: float, bottom: float, width: float, strength: float) -> None:
    """The reflection of a tall window in glaze."""
    bend = open_path([(x, top), (x - width * 0.35, (top + bottom) / 2), (x, bottom)])
    c.glint(tube(bend, width), strength, 0.018)


@product("mug", "mug", "马克杯", "home", patterns=FABRIC_PATTERNS, materials=("ceramic", "ceramic", "metal"))
def draw_mug(c: Canvas, d: Design) -> None:
    top, bottom, upper = d.between(-0.62, -0.44), 0.56, d.between(0.42, 0.5)
    lower = upper * d.between(0.74, 1.0)
    belly = upper + d.between(-0.02, 0.05)
    ry = upper * 0.22
    reach, spread = d.between(0.3, 0.38), d.between(0.6, 0.75)
    middle = (top + bottom) / 2
    span = (bottom - top) * spread / 2
    handle = open_path([
        (upper * 0.9, middle - span), (upper + reach * 0.75, middle - span * 0.95),
        (upper + reach, middle - span * 0.1), (upper + reach * 0.6, middle + span * 0.8),
        (lower * 0.92, middle + span),
    ])
    c.part(tube(handle, d.between(0.09, 0.125)), d.trim if d.chance(0.3) else d.plain, depth=0.05)
    body = mirrored([
        (0, top + ry * 0.3), (upper, top, 1), (belly, middle), (lower, bottom - 0.1),
        (lower * 0.9, bottom + 0.0), (lower * 0.55, bottom + ry * 0.62), (0, bottom + ry * 0.75),
    ])
    region = c.part(body, d.main, form="turn")
    inside = d.made_of((246, 245, 240), "ceramic") if d.chance(0.5) and d.main.material.key == "ceramic" else d.plain
    coffee = d.made_of((72, 44, 26), "plastic") if d.chance(0.35) else None
    mouth(c, inside, top, upper, ry, 0.028, coffee)
    window_glint(c, -upper * 0.62, top + 0.2, bottom - 0.22, 0.07, 0.4 if d.main.material.key == "ceramic" else 0.2)
    c.soft_shadow(rectangle(-1, bottom + 0.04, 1, bottom + 0.3), 0.06, 0.35, region)


@product(
    "bottle", "water bottle", "水瓶", "home",
    patterns=("plain", "plain", "striped", "dotted", "floral", "colour_block", "stars"),
    materials=("glass", "metal", "plastic"),
)
def draw_bottle(c: Canvas, d: Design) -> None:
    width, neck = d.between(0.23, 0.32), d.between(0.09, 0.17)
    shoulder, top, bottom = d.between(-0.42, -0.2), -0.62, 0.8
    slim = d.between(0.9, 1.0)
    cap = d.made_of((60, 60, 66), "plastic") if d.chance(0.5) else d.second.of("plastic")
    outline = mirrored([
        (0, top), (neck, top, 1), (neck, top + 0.08), (neck + 0.02, shoulder - 0.12),
        (width * 0.95, shoulder), (width, shoulder + 0.14), (width * slim, 0.25),
        (width, bottom - 0.08), (width * 0.9, bottom + 0.0), (width * 0.5, bottom + 0.035),
        (0, bottom + 0.045),
    ])
    region = c.part(outline, d.main, form="turn")
    if d.main.material.key == "glass":
        inner = mirrored([
            (0, shoulder + 0.12), (width * 0.86, shoulder + 0.12, 1), (width * slim * 0.88, 0.25),
            (width * 0.86, bottom - 0.06), (0, bottom),
        ])
        c.part(inner, d.plain.tinted(0.9), form="turn", fullness=0.7)
        c.marks([ellipse(0, shoulder + 0.12, width * 0.86, 0.025)], rgb=d.plain.tinted(1.35).rgb)
    window_glint(c, -width * 0.55, shoulder + 0.12, bottom - 0.12, 0.055, 0.55)
    window_glint(c, width * 0.7, shoulder + 0.16, bottom - 0.16, 0.025, 0.25)
    height = d.between(0.14, 0.22)
    lid = c.part(
        mirrored([(0, top - height), (neck + 0.025, top - height, 1), (neck + 0.035, top + 0.02, 1), (0, top + 0.035)]),
        cap, form="turn", lift=0.012,
    )
    c.lines(
        [np.array([(x, top - height + 0.03), (x, top)]) for x in np.linspace(-neck, neck, 11)], 0.008,
        dark=0.25, within=lid,
    )
    if d.chance(0.4):
        c.part(
            tube(
                open_path([
                    (-neck, top - height + 0.04), (-neck * 0.6, top - height - 0.12),
                    (neck * 0.6, top - height - 0.12), (neck, top - height + 0.04),
                ]),
                0.035,
            ),
            cap, depth=0.016,
        )
    if d.pattern == "plain" and d.chance(0.4):
        c.part(rectangle(-width, 0.1, width, 0.42), d.second.of("plastic"), form="turn", within=region)


@product("vase", "vase", "花瓶", "home", patterns=FABRIC_PATTERNS, materials=("ceramic", "glass", "ceramic"))
def draw_vase(c: Canvas, d: Design) -> None:
    mouth_x, neck = d.between(0.15, 0.3), d.between(0.1, 0.2)
    belly, belly_y, foot = d.between(0.34, 0.54), d.between(-0.1, 0.35), d.between(0.16, 0.28)
    top, bottom = -0.74, 0.78
    ry = mouth_x * 0.22
    neck = min(neck, mouth_x)
    half = [
        (0, top + ry * 0.4), (mouth_x, top, 1), (neck, top + 0.24),
        (belly * 0.72, (top + 0.24 + belly_y) / 2), (belly, belly_y),
        (belly * 0.82, (belly_y + bottom) / 2 + 0.06), (foot, bottom - 0.06), (foot * 1.04, bottom, 1),
        (foot * 0.6, bottom + foot * 0.16), (0, bottom + foot * 0.2),
    ]
    region = c.part(mirrored(half), d.main, form="turn")
    mouth(c, d.plain, top, mouth_x, ry, 0.025)
    window_glint(c, -belly * 0.5, belly_y - 0.24, belly_y + 0.22, 0.08, 0.42)
    if d.chance(0.35):
        for y in (belly_y - 0.3, belly_y - 0.25):
            c.part(
                tube(open_path([(-0.7, y - 0.02), (0, y + 0.05), (0.7, y - 0.02)]), 0.02), d.trim,
                form="flat", within=region,
            )


@product("teapot", "teapot", "茶壶", "home", patterns=FABRIC_PATTERNS, materials=("ceramic", "ceramic", "metal"))
def draw_teapot(c: Canvas, d: Design) -> None:
    belly, height = d.between(0.44, 0.52), d.between(0.36, 0.46)
    y = 0.18
    spout = closed_path([
        (belly * 0.7, y + 0.2, 1), (belly + 0.13, y + 0.06), (belly + 0.22, y - 0.2),
        (belly + 0.36, y - 0.36, 1), (belly + 0.28, y - 0.38, 1), (belly + 0.12, y - 0.3),
        (belly * 0.82, y - 0.14, 1),
    ])
    c.part(spout, d.plain, depth=0.09)
    handle = open_path([
        (-belly * 0.75, y - 0.24), (-belly - 0.2, y - 0.3), (-belly - 0.32, y - 0.04),
        (-belly - 0.16, y + 0.2), (-belly * 0.85, y + 0.22),
    ])
    c.part(tube(handle, d.between(0.075, 0.1)), d.trim if d.chance(0.35) else d.plain, depth=0.045)
    body = mirrored([
        (0, y - height), (belly * 0.5, y - height * 0.93), (belly * 0.92, y - height * 0.45),
        (belly, y + 0.03), (belly * 0.86, y + height * 0.66), (belly * 0.56, y + height * 0.97, 1),
        (belly * 0.3, y + height * 1.05), (0, y + height * 1.07),
    ])
    region = c.part(body, d.main, form="turn", lift=0.012)
    window_glint(c, -belly * 0.52, y - 0.22, y + 0.12, 0.09, 0.5)
    lid = mirrored([
        (0, y - height - 0.13), (belly * 0.3, y - height - 0.1), (belly * 0.52, y - height + 0.03),
        (belly * 0.5, y - height + 0.075), (0, y - height + 0.11),
    ])
    c.part(lid, d.plain if d.chance(0.6) else d.trim, form="turn", lift=0.015)
    c.part(ellipse(0, y - height - 0.17, 0.07, 0.065), d.trim, depth=0.05, lift=0.01)
    c.soft_shadow(rectangle(-1, y + height * 0.85, 1, y + height * 1.3), 0.06, 0.35, region)


@product("bowl", "bowl", "碗", "home", patterns=FABRIC_PATTERNS, materials=("ceramic", "wood", "metal", "glass"))
def draw_bowl(c: Canvas, d: Design) -> None:
    width, depth, top = d.between(0.68, 0.82), d.between(0.42, 0.66), -0.22
    ry, foot = width * d.between(0.2, 0.28), d.between(0.24, 0.34)
    bottom = top + depth + 0.12
    c.part(
        mirrored([
            (0, bottom - 0.1), (foot, bottom - 0.1, 1), (foot * 1.02, bottom, 1),
            (foot * 0.5, bottom + 0.05), (0, bottom + 0.06),
        ]),
        d.plain, form="turn", shade=0.85,
    )
    body = mirrored([
        (0, top), (width, top, 1), (width * 0.93, top + depth * 0.42),
        (width * 0.62, top + depth * 0.86), (foot, bottom - 0.04), (0, bottom),
    ])
    c.part(body, d.main, form="turn")
    inside = d.made_of((247, 246, 242), "ceramic") if d.chance(0.4) and d.main.material.key == "ceramic" else d.plain
    c.part(ellipse(0, top, width, ry), inside, depth=0.02, shade=1.06)
    well = c.part(ellipse(0, top + 0.006, width - 0.035, ry - 0.018), inside, depth=0.1, fullness=0.45)
    c.soft_shadow(ellipse(-width * 0.25, top - ry * 0.35, width * 0.7, ry * 0.6), ry * 0.35, 0.36, well)
    c.soft_shadow(ellipse(width * 0.3, top + ry * 0.5, width * 0.4, ry * 0.35), ry * 0.25, -0.18, well)
    window_glint(c, -width * 0.62, top + 0.14, top + depth * 0.55, 0.07, 0.4)


@product(
    "candle", "candle", "蜡烛", "home",
    patterns=("plain", "plain", "striped", "colour_block", "stars", "dotted"), materials=("wax", "glass"),
)
def draw_candle(c: Canvas, d: Design) -> None:
    width, top, bottom = d.between(0.24, 0.4), d.between(-0.42, -0.05), 0.66
    ry = width * 0.24
    jar = d.main.material.key == "glass"
    body = mirrored([
        (0, top), (width, top, 1), (width, bottom - 0.04), (width * 0.93, bottom + ry * 0.5),
        (width * 0.5, bottom + ry * 0.94), (0, bottom + ry),
    ])
    region = c.part(body, d.main.of("wax") if jar else d.main, form="turn")
    c.part(ellipse(0, top, width, ry), d.plain.of("wax").tinted(1.12), depth=0.06)
    c.soft_shadow(ellipse(0, top + ry * 0.1, width * 0.5, ry * 0.5), 0.04, -0.22)
    if jar:
        window_glint(c, -width * 0.7, top + 0.1, bottom - 0.1, 0.06, 0.6)
        label = c.part(
            rectangle(-width * 0.6, 0.16, width * 0.6, 0.46, 0.02), d.made_of((245, 242, 232), "cotton"),
            form="turn", fullness=0.5, within=region,
        )
        c.lines(
            [np.array([(-width * 0.35, y), (width * 0.35, y)]) for y in (0.26, 0.32, 0.37)], 0.014,
            rgb=d.plain.tinted(0.7).rgb, dark=0, within=label,
        )
    wick = open_path([(0, top + ry * 0.1), (0.005, top - 0.05), (0.02, top - 0.1)])
    c.part(tube(wick, 0.022), d.made_of((50, 44, 40), "cotton"), depth=0.01)
    if d.chance(0.7):
        flame = mirrored([(0, -0.2), (0.04, -0.09), (0.055, 0.0), (0.03, 0.06), (0, 0.075)]) + (0.018, top - 0.13)
        c.part(flame, d.made_of((255, 190, 70), "wax"), depth=0.04, folds=0)
        c.glint(ellipse(0.018, top - 0.11, 0.022, 0.05), 0.6, 0.02)
