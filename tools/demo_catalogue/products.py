"""Products of the demonstration shop: looks, titles, descriptions and prices, the same in every run."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from tools.demo_catalogue.texts import kind_texts, texts, with_articles
from tools.rendering import COLOURS, KINDS, MATERIALS, PATTERNS, Look, random_look

PRODUCTS_PER_KIND = 7
_SOLD_OUT_EVERY = 13
_PRICE_STEPS = ((20, 0.5), (300, 1.0), (10_000, 10.0))  # up to this price, rounded to that

#: Colours that people expect a kind of product to come in; the others are drawn by lot.
_FAMILIAR = {
    "dress": ("red", "black"), "umbrella": ("yellow", "black"), "backpack": ("blue", "green"), "jacket": ("red",),
    "rubber_duck": ("yellow",), "teddy_bear": ("brown",), "guitar": ("brown",), "ukulele": ("brown",),
    "bell": ("yellow",), "sofa": ("grey",), "mug": ("white", "red"), "tshirt": ("white", "black"), "boot": ("brown",),
    "sneaker": ("white", "red"), "scarf": ("red",), "shirt": ("blue", "white"), "handbag": ("black",),
    "watch": ("black",), "toy_car": ("red",), "coat": ("navy",), "hat": ("brown",), "sunglasses": ("black",),
}  # fmt: skip

Pair = tuple[str, str]


@dataclass(frozen=True)
class DemoProduct:
    """A product of the demonstration shop: how it looks and its line in the catalogue, without files."""

    look: Look
    line: dict[str, Any]

    @property
    def sku(self) -> str:
        """The product's id."""
        return str(self.line["id"])


def demo_products() -> list[DemoProduct]:
    """Return every product, kind by kind."""
    products: list[DemoProduct] = []
    for kind in KINDS:
        for number, look in enumerate(_looks(kind)):
            products.append(DemoProduct(look, _line(look, number, len(products))))
    return products


def _looks(kind: str) -> list[Look]:
    """Choose looks that differ: another colour each time, and as many patterns and materials as there are."""
    rng = random.Random(f"catalogue:{kind}")
    chosen, described = KINDS[kind], kind_texts()[kind]
    familiar = _FAMILIAR.get(kind, ())
    others = [colour for colour in rng.sample(chosen.colours, len(chosen.colours)) if colour not in familiar]
    colours = [*familiar, *others][:PRODUCTS_PER_KIND]
    patterns = _cycle(chosen.patterns, rng)
    materials = _cycle(described.get("materials", chosen.materials), rng)
    return [
        replace(
            random_look(rng, kind, colour),
            pattern=patterns[number % len(patterns)],
            material=materials[number % len(materials)],
        )
        for number, colour in enumerate(colours)
    ]


def _cycle(choices: tuple[str, ...], rng: random.Random) -> list[str]:
    """Each choice once in random order, plain ones as often as they were declared."""
    return rng.sample(choices, len(choices))


def _line(look: Look, number: int, serial: int) -> dict[str, Any]:
    table = kind_texts()[look.kind]
    category, category_zh = _category(look.kind)
    series = texts("words")["series"][(serial * 7 + number) % len(texts("words")["series"])]
    title, title_zh = _titles(look, number, series)
    description, description_zh = _descriptions(look, number)
    brands = texts("words")["brands"][KINDS[look.kind].group]
    return {
        "id": f"demo-{look.kind.replace('_', '-')}-{number + 1}",
        "title": title,
        "title_zh": title_zh,
        "category": category,
        "category_zh": category_zh,
        "brand": brands[serial % len(brands)],
        "colour": COLOURS[look.colour].title_en,
        "description": description,
        "description_zh": description_zh,
        "price": _price(look, number),
        "in_stock": serial % _SOLD_OUT_EVERY != 5,
        "model": series[0],
        "model_zh": series[1],
        "material": MATERIALS[look.material].title_en,
        "material_zh": MATERIALS[look.material].title_zh,
        "pattern": PATTERNS[look.pattern].title_en,
        "pattern_zh": PATTERNS[look.pattern].title_zh,
        "sizes": table["sizes"],
        **({"sizes_zh": table["sizes_zh"]} if "sizes_zh" in table else {}),
    }


def _category(kind: str) -> Pair:
    for name, shelf in texts("words")["categories"].items():
        if kind in shelf["kinds"]:
            return name, shelf["zh"]
    raise LookupError(f"words.toml puts {kind!r} into no category. Add it to one.")


def _titles(look: Look, number: int, series: Pair) -> Pair:
    words = texts("words")
    noun = kind_texts()[look.kind].get("noun", (KINDS[look.kind].title_en, KINDS[look.kind].title_zh))
    unsaid = look.kind in words["unsaid"]["kinds"]
    material = ("", "") if unsaid else words["adjectives"][look.material]
    plain = look.pattern == "plain"
    pattern = ("", "") if plain else (PATTERNS[look.pattern].title_en, PATTERNS[look.pattern].title_zh)
    colour = COLOURS[look.colour]
    if number % 3 == 0:
        english = [colour.title_en, pattern[0], material[0], noun[0]]
        chinese = [colour.title_zh, pattern[1], material[1], noun[1]]
    elif number % 3 == 1:
        english = [series[0], pattern[0], material[0], noun[0], "in", colour.title_en]
        chinese = [series[1], " ", colour.title_zh, pattern[1], material[1], noun[1]]
    else:
        english = [series[0], colour.title_en, pattern[0], material[0], noun[0]]
        chinese = [series[1], "系列", colour.title_zh, pattern[1], material[1], noun[1]]
    title = " ".join(word for word in english if word)
    return title[0].upper() + title[1:], "".join(chinese)


def _descriptions(look: Look, number: int) -> Pair:
    """Put together an opening, what the pattern and the material are like, a detail, and sometimes the care."""
    table, material = kind_texts()[look.kind], texts("materials")[KINDS[look.kind].group][look.material]
    # The steps are coprime to the number of sentences, so that neighbours on the shelf say different things.
    pairs = [_nth(table["about"], number)]
    if look.pattern != "plain":
        pairs.append(_nth(texts("words")["patterns"][look.pattern], look.shape_seed))
    pairs += [_nth(material["feel"], number // len(material["feel"])), _nth(table["detail"], number * 3 + number // 4)]
    if number % 3 != 1:
        pairs.append(_nth(material["care"], number))
    english = " ".join(sentence for sentence, _ in pairs)
    chinese = "".join(sentence for _, sentence in pairs)
    return _coloured(english, look, "title_en"), _coloured(chinese, look, "title_zh")


def _coloured(text: str, look: Look, language: str) -> str:
    colour = getattr(COLOURS[look.colour], language)
    return with_articles(text.format(colour=colour, second=getattr(COLOURS[look.second_colour], language)))


def _nth(choices: list[Pair], number: int) -> Pair:
    return choices[number % len(choices)]


def _price(look: Look, number: int) -> float:
    low, high = kind_texts()[look.kind]["price"]
    factor = texts("materials")[KINDS[look.kind].group][look.material]["factor"]
    price = (low + (high - low) * (number * 3 % PRODUCTS_PER_KIND) / PRODUCTS_PER_KIND) * factor
    step = next(step for limit, step in _PRICE_STEPS if price < limit)
    return round(round(price / step) * step - (0.1 if step > 0.5 else 0.05), 2)
