"""Several products in one picture, as customers show them off: an outfit laid out, things side by side."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tools.rendering.fields import Field
from tools.rendering.grounds import ground_named
from tools.rendering.kinds import KINDS
from tools.rendering.look import Look, cut_out
from tools.rendering.phone import through_lens, under_light
from tools.rendering.studio import composed, placed, shadow_of

#: Where 1 to 4 things lie: (x, y, scale), the middle of the frame being (0, 0) and its width 1.
_LAID_OUT = {
    1: ((0.0, 0.0, 0.62),),
    2: ((-0.23, -0.04, 0.56), (0.25, 0.06, 0.5)),
    3: ((-0.22, -0.12, 0.58), (0.25, -0.22, 0.46), (0.17, 0.25, 0.46)),
    4: ((-0.24, -0.23, 0.5), (0.24, -0.23, 0.48), (-0.23, 0.25, 0.46), (0.25, 0.26, 0.44)),
}
_SIDE_BY_SIDE = {1: 0.62, 2: 0.52, 3: 0.38, 4: 0.3}  # scale by number
_FLOORS = ("planks", "sheet", "carpet", "tiles")
_BOARDS = ("shelf", "table")
_BASELINE = 0.34  # of things that stand, below the middle


def render_scene(looks: Sequence[Look], *, seed: int, size: int = 480) -> Image.Image:
    """One to four products together; things that stand stand in a row, anything else is laid out."""
    rng = random.Random(f"scene:{seed}")
    stand = all(KINDS[look.kind].stance == "stands" for look in looks)
    ground = ground_named(rng.choice(_BOARDS if stand else _FLOORS), rng.randrange(1 << 30), size)
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    for number, look in enumerate(looks):
        cut = _standing(look, number, len(looks), size, rng) if stand else _lying(look, number, len(looks), size, rng)
        shadow = shadow_of(_alpha(cut), "stands" if stand else "lies")
        picture = composed(cut, np.asarray(picture, np.float32), shadow)
    return through_lens(under_light(picture, rng, 0.5), rng, 0.4)


def _lying(look: Look, number: int, count: int, size: int, rng: random.Random) -> Image.Image:
    x, y, scale = _LAID_OUT[count][number]
    x, y = x + rng.uniform(-0.02, 0.02), y + rng.uniform(-0.02, 0.02)
    return placed(_cut(look, size), size, rng.uniform(-9, 9), scale, scale, x, y)


def _standing(look: Look, number: int, count: int, size: int, rng: random.Random) -> Image.Image:
    scale = _SIDE_BY_SIDE[count] * rng.uniform(0.92, 1.06)
    x = (number + 0.5) / count - 0.5 + rng.uniform(-0.015, 0.015)
    cut = _cut(look, size)
    foot = np.flatnonzero(_alpha(cut).max(axis=1) > 0.5)[-1] / cut.height - 0.5
    return placed(cut, size, 0, scale, scale, x * 0.92, _BASELINE - foot * scale + rng.uniform(0, 0.03))


def _cut(look: Look, size: int) -> Image.Image:
    return cut_out(look, size * 5 // 8)  # in none of the scenes it is larger


def _alpha(cut: Image.Image) -> Field:
    return np.asarray(cut.getchannel("A"), np.float32) / 255
