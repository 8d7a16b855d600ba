"""Toys: car, teddy bear, ball, rubber duck, wooden train."""

from __future__ import annotations

import math

import numpy as np

from tools.rendering.accessories import STEEL
from tools.rendering.canvas import Canvas
from tools.rendering.kitchen import window_glint
from tools.rendering.outlines import closed_path, ellipse, moved, open_path, rectangle, tube
from tools.rendering.registry import Design, product
from tools.rendering.surfaces import Region, Surface

# Outlines are tables of numbers: one knot a line would hide their shape.
# fmt: off


def wheel(c: Canvas, tyre: Surface, hub: Surface, x: float, y: float, radius: float, spokes: int = 5) -> None:
    """A wheel seen from the side."""
    c.part(ellipse(x, y, radius, radius), tyre, depth=radius * 0.4, lift=0.014)
    c.part(ellipse(x, y, radius * 0.6, radius * 0.6), hub, depth=radius * 0.25, lift=0.008)
    for i in range(spokes):
        angle = 2 * math.pi * i / spokes - 0.3
        end = (x + math.cos(angle) * radius * 0.5, y + math.sin(angle) * radius * 0.5)
        c.line(np.array([(x, y), end]), radius * 0.1, dark=0.35)
    c.part(ellipse(x, y, radius * 0.16, radius * 0.16), hub, depth=radius * 0.1)


@product(
    "toy_car", "toy car", "玩具车", "toys",
    patterns=("plain", "plain", "striped", "colour_block", "stars", "dotted"),
    materials=("plastic", "metal", "wood"),
)
def draw_toy_car(c: Canvas, d: Design) -> None:
    roof, hood = d.between(-0.4, -0.22), d.between(-0.06, 0.06)
    radius = d.between(0.16, 0.22)
    front, ground = d.between(0.3, 0.46), 0.42
    tail = d.between(-0.72, -0.5)
    base = ground - radius * 0.8
    body = closed_path([
        (-0.82, base, 1), (-0.84, hood + 0.1), (-0.78, hood), (tail - 0.04, hood - 0.03),
        (tail + 0.14, roof + 0.02), (tail + 0.3, roof - 0.02), (front - 0.32, roof - 0.01),
        (front - 0.16, roof + 0.04), (front + 0.06, hood - 0.02), (0.7, hood + 0.04),
        (0.84, hood + 0.14), (0.86, base, 1),
    ])
    region = c.part(body, d.main, depth=0.12, fullness=1.1)
    glass = d.made_of((158, 190, 206), "plastic")
    left = closed_path([
        (tail + 0.06, hood - 0.01, 1), (tail + 0.19, roof + 0.08), (tail + 0.3, roof + 0.05, 1),
        (front - 0.44, roof + 0.05, 1), (front - 0.44, hood - 0.01, 1),
    ])
    right = closed_path([
        (front - 0.37, hood - 0.01, 1), (front - 0.37, roof + 0.05, 1), (front - 0.22, roof + 0.06),
        (front - 0.04, hood - 0.01, 1),
    ])
    for window in (left, right):
        pane = c.part(window, glass, form="flat")
        c.soft_shadow(window - (0, 0.16), 0.05, 0.4, pane)
    c.lines(
        [
            np.array([(front - 0.405, hood), (front - 0.42, base)]),
            np.array([(tail + 0.12, hood + 0.02), (tail + 0.16, base)]),
        ],
        0.008, dark=0.3, within=region,
    )
    _car_trim(c, d, front, hood, base, region)
    hub = d.made_of(STEEL, "metal") if d.chance(0.6) else d.second.of("plastic")
    for x in (-0.48, 0.5):
        c.part(
            ellipse(x, ground - radius * 0.35, radius * 1.18, radius * 1.18),
            d.made_of((34, 34, 38), "rubber"), form="flat", within=region,
        )
        wheel(c, d.made_of((44, 44, 48), "rubber"), hub, x, ground - radius * 0.2, radius)


def _car_trim(c: Canvas, d: Design, front: float, hood: float, base: float, region: Region | None) -> None:
    """Door handle, stripe, lamps and bumper."""
    c.part(
        rectangle(front - 0.62, hood + 0.05, front - 0.5, hood + 0.085, 0.015), d.made_of(STEEL, "metal"),
        depth=0.01, lift=0.006,
    )
    c.line(
        open_path([(-0.84, hood + 0.2), (0, hood + 0.17), (0.86, hood + 0.2)]), d.between(0.015, 0.05),
        rgb=d.second.rgb, dark=0, within=region,
    )
    c.part(
        ellipse(0.8, hood + 0.14, 0.045, 0.06), d.made_of((255, 236, 170), "glass").of("plastic"),
        depth=0.03, lift=0.006,
    )
    c.part(rectangle(-0.85, hood + 0.08, -0.79, hood + 0.16, 0.02), d.made_of((200, 40, 40), "plastic"), depth=0.02)
    c.part(rectangle(-0.87, base - 0.06, 0.89, base + 0.03, 0.03), d.made_of((66, 68, 74), "rubber"), depth=0.03)


@product("teddy_bear", "teddy bear", "泰迪熊", "toys", materials=("plush",))
def draw_teddy_bear(c: Canvas, d: Design) -> None:
    head, belly = d.between(0.33, 0.4), d.between(0.36, 0.44)
    ear = d.between(0.11, 0.16)
    snout = d.plain.tinted(1.45) if sum(d.main.rgb) < 560 else d.plain.tinted(0.86)
    head_y, belly_y = -0.38, 0.28
    for side in (-1, 1):
        arm = open_path([(side * belly * 0.72, 0.08), (side * (belly + 0.14), 0.22), (side * (belly + 0.2), 0.42)])
        c.part(tube(arm, [0.2, 0.23, 0.22]), d.main, depth=0.1)
        c.part(ellipse(side * head * 0.78, head_y - head * 0.72, ear, ear), d.main, depth=0.07)
        c.part(ellipse(side * head * 0.78, head_y - head * 0.69, ear * 0.6, ear * 0.6), snout, depth=0.05)
    c.part(ellipse(0, belly_y, belly, belly * 1.05), d.main, depth=0.26, lift=0.02)
    c.part(ellipse(0, belly_y + 0.04, belly * 0.62, belly * 0.68), snout if d.chance(0.6) else d.main, depth=0.16)
    for side in (-1, 1):
        c.part(ellipse(side * belly * 0.8, 0.62, 0.21, 0.2), d.main, depth=0.14, lift=0.03)
        c.part(ellipse(side * belly * 0.82, 0.63, 0.125, 0.12), snout, depth=0.06)
    c.part(ellipse(0, head_y, head, head * 0.92), d.main, depth=0.24, lift=0.035)
    c.part(ellipse(0, head_y + head * 0.32, head * 0.46, head * 0.36), snout, depth=0.12, lift=0.012)
    _bear_face(c, d, head, head_y)
    if d.chance(0.6):
        _bow(c, d.second.of("satin"), head_y + head * 0.93)


def _bear_face(c: Canvas, d: Design, head: float, y: float) -> None:
    black = d.made_of((28, 24, 24), "plastic")
    for side in (-1, 1):
        c.part(ellipse(side * head * 0.36, y - head * 0.1, 0.042, 0.046), black, depth=0.03)
        c.glint(ellipse(side * head * 0.36 - 0.013, y - head * 0.1 - 0.015, 0.011, 0.011), 0.9, 0.003)
    c.part(ellipse(0, y + head * 0.2, 0.062, 0.044), black, depth=0.03)
    c.line(open_path([(0, y + head * 0.26), (0, y + head * 0.42)]), 0.014, rgb=(50, 38, 34), dark=0)
    c.line(
        open_path([
            (-0.075, y + head * 0.42), (-0.035, y + head * 0.49), (0, y + head * 0.43),
            (0.035, y + head * 0.49), (0.075, y + head * 0.42),
        ]),
        0.014, rgb=(50, 38, 34), dark=0,
    )


def _bow(c: Canvas, ribbon: Surface, y: float) -> None:
    wing = closed_path(
        [(0.02, y, 1), (0.1, y - 0.085), (0.22, y - 0.09), (0.24, y + 0.02), (0.2, y + 0.1), (0.09, y + 0.06)]
    )
    for side in (-1, 1):
        c.part(wing * (side, 1), ribbon, depth=0.06, lift=0.015)
    c.part(ellipse(0, y, 0.05, 0.05), ribbon, depth=0.04, lift=0.01)


@product(
    "ball", "ball", "球", "toys",
    patterns=("plain", "striped", "colour_block", "dotted", "stars", "checked"),
    materials=("rubber", "leather", "plastic"),
)
def draw_ball(c: Canvas, d: Design) -> None:
    radius = d.between(0.66, 0.76)
    style = d.rng.randrange(3)
    disc = ellipse(0, 0, radius, radius)
    if d.pattern == "colour_block":
        _beach_ball(c, d, radius)
    else:
        region = c.part(disc, d.main, depth=radius * 0.85, fullness=1.05)
        seam = {0: (-0.55, 0.0, 0.55), 1: (0.0,), 2: ()}[style]
        lines = [
            np.stack([np.sin(t) * radius * bend, np.cos(t) * radius], axis=1)
            for bend in seam
            for t in [np.linspace(0, np.pi, 30)]
        ]
        if style < 2 and d.pattern == "plain":
            across = np.stack(
                [np.cos(np.linspace(0, np.pi, 30)) * radius, np.sin(np.linspace(0, np.pi, 30)) * radius * 0.16], axis=1
            )
            c.lines([*lines, across], 0.022, rgb=d.plain.tinted(0.5).rgb, dark=0.25, within=region)
        elif d.pattern == "plain":
            c.part(tube(across_band(radius), 0.2), d.second.of(d.main.material.key), depth=0.02, within=region, folds=0)
    c.glint(moved(ellipse(0, 0, radius * 0.22, radius * 0.13), -radius * 0.36, -radius * 0.46, degrees=-38), 0.42, 0.06)
    c.soft_shadow(moved(disc, 0.16, 0.2) * (1.0, 1.0), 0.2, 0.0)


def across_band(radius: float) -> np.ndarray:
    """A belt around a ball, slightly from above."""
    t = np.linspace(0, np.pi, 30)
    return np.stack([np.cos(t) * radius, np.sin(t) * radius * 0.22], axis=1)


def _beach_ball(c: Canvas, d: Design, radius: float) -> None:
    disc = c.part(ellipse(0, 0, radius, radius), d.plain, depth=radius * 0.85, fullness=1.05)
    bends = (-1.0, -0.62, -0.12, 0.42, 0.84, 1.0)
    t = np.linspace(0, np.pi, 30)
    for i in range(1, len(bends) - 1, 2):
        left = np.stack([np.sin(t) * radius * bends[i], -np.cos(t) * radius], axis=1)
        right = np.stack([np.sin(t) * radius * bends[i + 1], -np.cos(t) * radius], axis=1)
        c.marks([np.vstack([left, right[::-1]])], rgb=d.second.rgb, within=disc)
    c.marks([ellipse(0.0, -radius * 0.96, radius * 0.14, radius * 0.07)], rgb=(245, 245, 240), within=disc)


@product("rubber_duck", "rubber duck", "橡皮鸭", "toys", materials=("rubber",))
def draw_rubber_duck(c: Canvas, d: Design) -> None:
    head, fat = d.between(0.3, 0.37), d.between(0.36, 0.44)
    body = closed_path([
        (-0.84, 0.0), (-0.66, 0.1), (-0.4, 0.08), (-0.05, -0.02), (0.32, 0.02), (0.6, 0.2),
        (0.62, 0.42), (0.42, 0.2 + fat), (0, 0.24 + fat), (-0.42, 0.2 + fat), (-0.7, 0.42), (-0.82, 0.2),
    ])
    c.part(body, d.main, depth=0.3, fullness=1.1)
    head_x, head_y = 0.22, -0.26
    c.part(ellipse(head_x, head_y, head, head * 0.97), d.main, depth=0.26, fullness=1.1, lift=0.02)
    wing = closed_path(
        [(-0.5, 0.2), (-0.28, 0.12), (0.02, 0.16), (0.14, 0.28), (0.02, 0.42), (-0.22, 0.46), (-0.42, 0.38)]
    )
    c.part(wing, d.main, depth=0.1, lift=0.025)
    beak_rgb = (240, 122, 30) if d.main.rgb[0] < 225 or d.main.rgb[1] > 170 else (250, 205, 60)
    beak = d.made_of(beak_rgb, "rubber")
    c.part(
        closed_path([
            (head_x + head * 0.68, head_y + 0.09), (head_x + head + 0.2, head_y + 0.1),
            (head_x + head + 0.1, head_y + 0.19), (head_x + head * 0.7, head_y + 0.2),
        ]),
        beak.tinted(0.85), depth=0.04, lift=0.01,
    )
    c.part(
        closed_path([
            (head_x + head * 0.66, head_y - 0.02), (head_x + head * 0.95, head_y - 0.02),
            (head_x + head + 0.24, head_y + 0.0), (head_x + head + 0.16, head_y + 0.1),
            (head_x + head * 0.68, head_y + 0.12),
        ]),
        beak, depth=0.06, lift=0.012,
    )
    eye_x, eye_y = head_x + head * 0.3, head_y - 0.1
    c.part(ellipse(eye_x, eye_y, 0.062, 0.075), d.made_of((250, 250, 248), "plastic"), depth=0.02)
    c.part(ellipse(eye_x + 0.014, eye_y + 0.006, 0.038, 0.048), d.made_of((26, 24, 28), "plastic"), depth=0.02)
    c.glint(ellipse(eye_x, eye_y - 0.012, 0.012, 0.012), 0.9, 0.003)
    window_glint(c, head_x - head * 0.5, head_y - head * 0.5, head_y - head * 0.05, 0.08, 0.4)
    if d.chance(0.3):
        c.part(
            tube(open_path([(head_x - head * 0.8, 0.0), (head_x, 0.09), (head_x + head * 0.78, 0.02)]), 0.11),
            d.second.of("satin"), depth=0.04, lift=0.015,
        )


@product(
    "wooden_train", "wooden train", "木制小火车", "toys",
    patterns=("plain", "plain", "striped", "colour_block", "stars", "dotted"), materials=("wood",),
)
def draw_wooden_train(c: Canvas, d: Design) -> None:
    radius = d.between(0.12, 0.16)
    ground, deck = 0.46, 0.46 - radius * 1.1
    boiler_top, cab_top = deck - d.between(0.34, 0.44), deck - d.between(0.66, 0.82)
    natural = d.made_of((222, 178, 122), "wood")
    cab_x = d.between(-0.32, -0.2)
    stack = closed_path([
        (0.36, boiler_top + 0.03, 1), (0.38, boiler_top - 0.14), (0.31, boiler_top - 0.28, 1),
        (0.61, boiler_top - 0.28, 1), (0.54, boiler_top - 0.14), (0.56, boiler_top + 0.03, 1),
    ])
    c.part(stack, d.second.of("wood") if d.chance(0.5) else natural, form="turn")
    c.part(ellipse(0.1, boiler_top, 0.12, 0.13), natural, depth=0.08)
    c.part(rectangle(cab_x - 0.02, boiler_top, 0.72, deck, 0.1), d.main, depth=0.17, fullness=1.1)
    for x in (0.12, 0.42):
        c.part(rectangle(x, boiler_top - 0.006, x + 0.05, deck), d.second.of("wood"), depth=0.02, lift=0.006)
    c.part(ellipse(0.72, (boiler_top + deck) / 2, 0.06, (deck - boiler_top) * 0.42), natural, depth=0.04, lift=0.008)
    c.part(rectangle(cab_x - 0.42, cab_top, cab_x + 0.04, deck + 0.01, 0.03), d.main, depth=0.06, lift=0.012)
    window = rectangle(cab_x - 0.31, cab_top + 0.1, cab_x - 0.07, cab_top + 0.32, 0.04)
    c.part(window, d.made_of((58, 44, 34), "wood"), form="flat", shade=0.8)
    c.line(np.array([(cab_x - 0.19, cab_top + 0.1), (cab_x - 0.19, cab_top + 0.32)]), 0.02, rgb=d.plain.rgb, dark=0)
    c.part(
        rectangle(cab_x - 0.5, cab_top - 0.08, cab_x + 0.12, cab_top + 0.03, 0.05),
        d.second.of("wood") if d.chance(0.6) else natural, depth=0.04, lift=0.016,
    )
    c.part(rectangle(-0.8, deck - 0.02, 0.8, deck + 0.09, 0.03), natural, depth=0.035, lift=0.012)
    c.part(tube(np.array([(-0.8, deck + 0.04), (-0.9, deck + 0.05)]), 0.05), d.made_of(STEEL, "metal"), depth=0.02)
    hub = d.second.of("wood")
    spots = [(-0.5, radius * 1.25), (0.08, radius), (0.5, radius)]
    for x, size in spots:
        c.part(ellipse(x, ground - size + radius, size, size), natural.tinted(0.82), depth=size * 0.3, lift=0.016)
        c.part(ellipse(x, ground - size + radius, size * 0.55, size * 0.55), hub, depth=size * 0.2, lift=0.008)
        c.part(ellipse(x, ground - size + radius, size * 0.16, size * 0.16), natural, depth=size * 0.1)
