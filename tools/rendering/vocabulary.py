"""The words of a look: colours, patterns and materials, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Colour:
    """A colour that customers name; `rgb` is its middle, products vary a little around it."""

    key: str
    title_en: str
    title_zh: str
    rgb: RGB


@dataclass(frozen=True)
class Pattern:
    """What is printed on, or woven into, a product."""

    key: str
    title_en: str
    title_zh: str


@dataclass(frozen=True)
class Material:
    """What a product is made of, and how that takes the light.

    `contrast` scales diffuse shading, `gloss` and `sharpness` the highlight, `folds` the depth of
    creases in fabric, `texture` names a field in `textures.py` and `grain` is its amplitude.
    """

    key: str
    title_en: str
    title_zh: str
    texture: str = "none"
    grain: float = 0.0
    contrast: float = 0.62
    gloss: float = 0.0
    sharpness: float = 24.0
    folds: float = 0.0
    opacity: float = 1.0


T = TypeVar("T", Colour, Pattern, Material)


def _by_key(*entries: T) -> Mapping[str, T]:
    return MappingProxyType({entry.key: entry for entry in entries})


COLOURS: Mapping[str, Colour] = _by_key(
    Colour("black", "black", "黑色", (38, 38, 41)),
    Colour("white", "white", "白色", (243, 243, 240)),
    Colour("grey", "grey", "灰色", (142, 144, 147)),
    Colour("red", "red", "红色", (203, 36, 42)),
    Colour("orange", "orange", "橙色", (240, 126, 34)),
    Colour("yellow", "yellow", "黄色", (248, 208, 58)),
    Colour("green", "green", "绿色", (52, 140, 76)),
    Colour("blue", "blue", "蓝色", (52, 118, 212)),
    Colour("navy", "navy", "藏青色", (33, 43, 88)),
    Colour("purple", "purple", "紫色", (120, 66, 156)),
    Colour("pink", "pink", "粉色", (242, 150, 182)),
    Colour("brown", "brown", "棕色", (122, 77, 46)),
)

PATTERNS: Mapping[str, Pattern] = _by_key(
    Pattern("plain", "plain", "纯色"),
    Pattern("striped", "striped", "条纹"),
    Pattern("checked", "checked", "格纹"),
    Pattern("dotted", "polka dot", "波点"),
    Pattern("floral", "floral", "碎花"),
    Pattern("colour_block", "colour-block", "拼色"),
    Pattern("zigzag", "zigzag", "锯齿纹"),
    Pattern("stars", "star print", "星星图案"),
)

MATERIALS: Mapping[str, Material] = _by_key(
    Material("cotton", "cotton", "棉", "fine", 0.020, folds=0.55),
    Material("denim", "denim", "牛仔布", "twill", 0.075, contrast=0.7, folds=0.5),
    Material("leather", "leather", "皮革", "pebble", 0.045, contrast=0.75, gloss=0.20, sharpness=14, folds=0.25),
    Material("knit", "knitted wool", "针织羊毛", "knit", 0.120, contrast=0.55, folds=0.35),
    Material("wool", "wool", "羊毛", "felt", 0.032, contrast=0.6, folds=0.4),
    Material("canvas", "canvas", "帆布", "weave", 0.050, folds=0.35),
    Material("satin", "satin", "缎面", "fine", 0.008, contrast=0.95, gloss=0.20, sharpness=9, folds=0.8),
    Material("plush", "plush", "毛绒", "plush", 0.110, contrast=0.6),
    Material("ceramic", "ceramic", "陶瓷", "none", 0.0, contrast=0.65, gloss=0.75, sharpness=60),
    Material("wood", "wood", "木", "wood", 0.085, contrast=0.65, gloss=0.14, sharpness=18),
    Material("metal", "metal", "金属", "brushed", 0.020, contrast=0.7, gloss=0.60, sharpness=34),
    Material("glass", "glass", "玻璃", "none", 0.0, contrast=0.5, gloss=0.95, sharpness=70, opacity=0.62),
    Material("plastic", "plastic", "塑料", "none", 0.0, contrast=0.65, gloss=0.42, sharpness=36),
    Material("rubber", "rubber", "橡胶", "fine", 0.012, contrast=0.65, gloss=0.30, sharpness=16),
    Material("wax", "wax", "蜡", "none", 0.0, contrast=0.45, gloss=0.15, sharpness=10),
    Material("wicker", "wicker", "藤编", "wicker", 0.170, contrast=0.6),
)
