"""Accessories: watch, sunglasses, belt, umbrella."""

from __future__ import annotations

import math

import numpy as np

from tools.rendering.canvas import Canvas
from tools.rendering.outlines import closed_path, ellipse, mirrored, open_path, rectangle, tube
from tools.rendering.registry import FABRIC_PATTERNS, Design, product

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off
# ruff: noqa: RUF005 - arrays are shifted by adding a tuple


STEEL, GOLD = (196, 198, 203), (214, 176, 98)


def hands(c: Canvas, x: float, y: float, radius: float, hour: float, minute: float, rgb: tuple[int, int, int]) -> None:
    """The hands of a clock face, angles in degrees from twelve."""
    for degrees, reach, width in ((hour, 0.5, 0.07), (minute, 0.78, 0.045)):
        angle = math.radians(degrees - 90)
        tip = (x + math.cos(angle) * radius * reach, y + math.sin(angle) * radius * reach)
        tail = (x - math.cos(angle) * radius * 0.12, y - math.sin(angle) * radius * 0.12)
        c.soft_shadow(tube(np.array([tail, tip]) + 0.012, radius * width), 0.008, 0.4)
        c.marks([tube(np.array([tail, tip]), radius * width)], rgb=rgb)
    c.marks([ellipse(x, y, radius * 0.06, radius * 0.06)], rgb=rgb)


def hour_marks(c: Canvas, x: float, y: float, radius: float, rgb: tuple[int, int, int], inner: float = 0.78) -> None:
    """Twelve marks around a clock face."""
    for hour in range(12):
        angle = math.radians(hour * 30)
        ray = np.array([math.cos(angle), math.sin(angle)])
        reach = inner - 0.07 * (hour % 3 == 0)
        c.line(
            np.stack([ray * radius * reach, ray * radius * 0.9]) + (x, y),
            radius * (0.06 if hour % 3 == 0 else 0.03), rgb=rgb, dark=0,
        )


@product(
    "watch", "watch", "手表", "accessories", patterns=("plain", "plain", "plain", "striped"),
    materials=("leather", "metal", "rubber", "canvas"),
)
def draw_watch(c: Canvas, d: Design) -> None:
    radius, strap = d.between(0.35, 0.42), d.between(0.25, 0.31)
    case = d.made_of(GOLD if d.chance(0.4) else STEEL, "metal")
    for sign in (-1, 1):
        line = open_path([(0, 0), (0, sign * 0.5), (0, sign * 0.88)])
        region = c.part(tube(line, [strap * 2, strap * 1.85, strap * 1.5]), d.main, depth=0.07)
        c.soft_shadow(rectangle(-strap * 1.3, sign * 0.78, strap * 1.3, sign * 1.2), 0.07, 0.5, region)
        if d.main.material.key == "metal":
            links = [np.array([(-strap * 1.1, sign * y), (strap * 1.1, sign * y)]) for y in np.arange(0.3, 0.95, 0.085)]
            c.lines(links, 0.014, dark=0.4, within=region)
            c.lines(
                [np.array([(x * strap, sign * 0.3), (x * strap * 0.85, sign * 0.95)]) for x in (-0.35, 0.35)],
                0.012, dark=0.35, within=region,
            )
        else:
            for x in (-0.84, 0.84):
                c.stitches(
                    np.array([(x * strap, sign * 0.35), (x * strap * 0.8, sign * 0.85)]), d.thread,
                    width=0.012, length=0.035,
                )
    c.part(rectangle(radius - 0.02, -0.05, radius + 0.09, 0.05, 0.02), case, depth=0.03)
    square = d.chance(0.25)
    ring = rectangle(-radius, -radius, radius, radius, radius * 0.3) if square else ellipse(0, 0, radius, radius)
    c.part(ring, case, depth=0.06, lift=0.03)
    neutral = d.made_of((244, 244, 240) if d.chance(0.5) else (34, 36, 44), "plastic")
    face = neutral if d.chance(0.5) else d.plain.of("plastic")
    c.part(ring * 0.83, face, form="flat")
    ink = (40, 40, 46) if sum(face.rgb) > 380 else (235, 235, 230)
    hour_marks(c, 0, 0, radius * 0.8, ink)
    hands(c, 0, 0, radius * 0.8, d.between(280, 330), d.between(40, 80), ink)
    c.glint(
        closed_path([
            (-radius * 0.6, -radius * 0.1), (-radius * 0.15, -radius * 0.62),
            (radius * 0.1, -radius * 0.6), (-radius * 0.5, radius * 0.2),
        ]),
        0.22, 0.03,
    )


@product("sunglasses", "sunglasses", "太阳镜", "accessories", materials=("plastic", "metal"), stance="stands")
def draw_sunglasses(c: Canvas, d: Design) -> None:
    width, height, gap = d.between(0.33, 0.4), d.between(0.24, 0.34), 0.1
    style = d.rng.randrange(3)
    rim = 0.034 if d.main.material.key == "metal" else d.between(0.065, 0.105)
    half = {
        0: [(0.0, -0.9), (0.75, -0.85), (1.0, -0.3), (0.8, 0.6), (0.2, 1.0), (-0.6, 0.8), (-0.95, 0.1), (-0.8, -0.75)],
        1: [(math.cos(a), math.sin(a) * 1.12) for a in np.linspace(0, 2 * math.pi, 9)[:-1]],
        2: [(-0.9, -0.72), (0.0, -0.88), (1.08, -1.0), (1.0, -0.1), (0.55, 0.8), (-0.3, 0.85), (-0.85, 0.3)],
    }[style]
    lens = closed_path([(x * width + width + gap, y * height) for x, y in half])
    dark = d.rng.choice([(46, 48, 54), (62, 44, 34), (40, 60, 70)])
    tint = d.plain.tinted(0.72).rgb if d.chance(0.5) else dark  # mirror lenses take the frame's colour
    for side in (-1, 1):
        temple = open_path([
            (side * (gap + width * 1.95), -height * 0.55), (side * (gap + width * 1.75), -height * 0.9),
            (side * (gap + width * 1.2), -height * 1.25),
        ])
        c.part(tube(temple, [0.07, 0.045, 0.03]), d.plain, depth=0.02, shade=0.8)
    bridge = open_path([(-gap - 0.06, -height * 0.35), (0, -height * 0.5), (gap + 0.06, -height * 0.35)])
    c.part(tube(bridge, max(rim, 0.035)), d.main, depth=0.03)
    for side in (-1, 1):
        outline = lens * (side, 1)
        centre = outline.mean(axis=0)
        outer = centre + (outline - centre) * (1 + rim / min(width, height))
        c.part(outer, d.main, depth=rim * 0.8, lift=0.01)
        glass = c.part(outline, d.made_of(tint, "glass").of("plastic"), form="flat")
        c.soft_shadow(outline - (0, height * 0.9), 0.16, 0.35, glass)
        c.soft_shadow(outline + (0, height * 1.3), 0.14, -0.9, glass)
        glare = closed_path([(-0.55, -0.6), (-0.2, -0.75), (-0.55, 0.5), (-0.75, 0.2)]) * (width, height) + centre
        c.glint(glare, 0.28, 0.02)


@product(
    "belt", "belt", "腰带", "accessories", patterns=("plain", "plain", "striped", "zigzag"),
    materials=("leather", "canvas"), stance="lies",
)
def draw_belt(c: Canvas, d: Design) -> None:
    width, rx, ry = d.between(0.15, 0.22), 0.84, d.between(0.3, 0.42)
    back = ellipse(0, 0, rx, ry, 172, 368)
    inside = d.made_of((186, 150, 108), "leather") if d.chance(0.25) else d.plain
    c.part(np.vstack([back, (back + (0, width))[::-1]]), inside, shade=0.8, depth=0.02, folds=0)
    front = ellipse(0, 0, rx, ry, -6, 186)
    region = c.part(np.vstack([front, (front + (0, width))[::-1]]), d.main, depth=0.04, lift=0.02, folds=0)
    for inset in (0.13, 0.87):
        c.stitches(front + (0, width * inset), d.thread, width=0.008)
    _buckle(c, d, width, rx, ry)
    c.soft_shadow(front + (0, width), 0.03, 0.15, region)


def _buckle(c: Canvas, d: Design, width: float, rx: float, ry: float) -> None:
    metal = d.made_of(GOLD if d.chance(0.5) else STEEL, "metal")
    y = ry + width / 2
    tip = ellipse(0, 0, rx * 1.01, ry * 1.02, 52, 96)[::-1]
    tongue = np.vstack([tip + (0, 0.01), [(tip[-1, 0] + 0.09, tip[-1, 1] + width / 2)], (tip + (0, width))[::-1]])
    c.part(tongue, d.main, depth=0.03, lift=0.02, folds=0)
    c.marks([ellipse(x, y - 0.006 - 0.14 * x * x, 0.014, 0.014) for x in (0.1, 0.2, 0.3)], rgb=(40, 34, 30))
    hole = rectangle(-0.2, y - width * 0.56, -0.03, y + width * 0.56, 0.03)
    c.part(
        rectangle(-0.26, y - width * 0.82, 0.03, y + width * 0.82, 0.06), metal, depth=0.03, lift=0.025, holes=[hole]
    )
    c.part(rectangle(-0.23, y - 0.016, 0.03, y + 0.016, 0.015), metal, depth=0.015, lift=0.012)
    keeper = rectangle(-0.42, y - width * 0.56, -0.35, y + width * 0.53, 0.015)
    c.part(keeper - (0, 0.02), d.plain.tinted(0.85), depth=0.02, lift=0.012)


@product(
    "umbrella", "umbrella", "雨伞", "accessories", patterns=FABRIC_PATTERNS, materials=("satin", "cotton"),
    stance="stands",
)
def draw_umbrella(c: Canvas, d: Design) -> None:
    wide, top, rim = d.between(0.76, 0.88), -0.7, d.between(-0.1, 0.04)
    wood = d.made_of((128, 84, 50), "wood") if d.chance(0.5) else d.made_of((44, 44, 50), "plastic")
    c.part(rectangle(-0.018, top - 0.12, 0.018, 0.6), d.made_of(STEEL, "metal"), depth=0.015)
    hook = open_path([(0, 0.42), (0, 0.62), (0.03, 0.78), (0.13, 0.84), (0.22, 0.76), (0.22, 0.68)])
    c.part(tube(hook, 0.062), wood, depth=0.03)
    panels = 6
    edges = np.linspace(-1, 1, panels + 1)
    arch = [(s * wide, rim + 0.16 * abs(s) ** 3 - 0.02) for s in edges]
    for i in sorted(range(panels), key=lambda i: -abs(i - (panels - 1) / 2)):
        left, right = arch[i], arch[i + 1]
        middle = ((left[0] + right[0]) / 2, min(left[1], right[1]) - 0.075)
        surface = d.second.of(d.main.material.key) if d.pattern == "colour_block" and i % 2 else d.main
        ribs = [
            (edges[i] * wide * 0.72, top + 0.62 * (edges[i] ** 2) * 0.66 + 0.06),
            (edges[i + 1] * wide * 0.72, top + 0.62 * (edges[i + 1] ** 2) * 0.66 + 0.06),
        ]
        outline = closed_path([
            (0, top, 1), (ribs[1][0], ribs[1][1]), (right[0], right[1], 1), middle,
            (left[0], left[1], 1), (ribs[0][0], ribs[0][1]),
        ])
        c.part(outline, surface, depth=0.12, shade=1.06 - 0.28 * (i + 0.5) / panels, folds=0.3)
    c.part(
        mirrored([(0, top - 0.13), (0.015, top - 0.1), (0.028, top + 0.02, 1), (0, top + 0.03)]),
        d.made_of(STEEL, "metal"), depth=0.01,
    )
