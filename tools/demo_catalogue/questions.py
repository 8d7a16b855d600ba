"""Queries of customers of the demonstration shop, with the products that are right answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tools.demo_catalogue.products import DemoProduct
from tools.demo_catalogue.texts import kind_texts, with_articles
from tools.rendering import COLOURS, KINDS, PATTERNS, Look

SPOKEN_QUERIES = 80
CUSTOMER_PHOTOS = 30

_PHRASES = ("{}", "{}", "show me a {}", "I am looking for a {}", "do you have a {}")
_PLURAL = {"trousers", "jeans", "shorts", "gloves", "socks", "sneaker", "boot", "sandal", "sunglasses"}


def spoken_queries(products: Sequence[DemoProduct]) -> Iterator[dict[str, Any]]:
    """Yield queries as people say them: ``{"id", "text", "relevant": {sku: grade}}``."""
    rng = random.Random("spoken queries")
    chosen = rng.sample(list(products), min(SPOKEN_QUERIES, len(products)))
    seen = set()
    for product in chosen:
        words, fits = _asked(product.look, rng)
        phrase = rng.choice(_PHRASES)
        text = phrase.format(words)
        if product.look.kind in _PLURAL:
            text = text.replace(" a ", " ")
        text = with_articles(text)
        if words in seen:
            continue
        seen.add(words)
        relevant = {other.sku: 1 for other in products if fits(other.look)}
        yield {"id": f"spoken-{len(seen)}", "text": text, "relevant": relevant}


def _asked(look: Look, rng: random.Random) -> tuple[str, Callable[[Look], bool]]:
    """Return words for a look, and which looks they fit."""
    noun = kind_texts()[look.kind].get("noun", (KINDS[look.kind].title_en,))[0]
    colour = COLOURS[look.colour].title_en
    if look.pattern in ("plain", "stars", "colour_block") or rng.random() < 0.5:
        return f"{colour} {noun}", lambda other: (other.kind, other.colour) == (look.kind, look.colour)
    pattern = PATTERNS[look.pattern].title_en
    if rng.random() < 0.5:
        return f"{pattern} {noun}", lambda other: (other.kind, other.pattern) == (look.kind, look.pattern)
    return (
        f"{colour} {pattern} {noun}",
        lambda other: (
            (other.kind, other.colour, other.pattern)
            == (
                look.kind,
                look.colour,
                look.pattern,
            )
        ),
    )


def photographed(products: Sequence[DemoProduct]) -> list[DemoProduct]:
    """Return the products that customers have photographed, each of another kind."""
    by_kind: dict[str, list[DemoProduct]] = {}
    for product in products:
        by_kind.setdefault(product.look.kind, []).append(product)
    rng = random.Random("customer photos")
    kinds = rng.sample(sorted(by_kind), min(CUSTOMER_PHOTOS, len(by_kind)))
    return [rng.choice(by_kind[kind]) for kind in kinds]


def photo_queries(products: Sequence[DemoProduct]) -> Iterator[dict[str, Any]]:
    """Yield ``{"id", "image", "relevant"}`` for every customer photo."""
    for product in photographed(products):
        name = f"customer_photos/{product.sku}.jpg"
        yield {"id": f"photo-{product.sku}", "image": name, "relevant": {product.sku: 1}}
