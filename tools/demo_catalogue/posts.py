"""Style posts of the demonstration shop: customers who show several of its products in one photo."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.demo_catalogue.products import DemoProduct
from tools.demo_catalogue.texts import kind_texts, texts, with_articles
from tools.rendering import COLOURS, KINDS, Look


@dataclass(frozen=True)
class DemoPost:
    """A style post: the looks on its photo and its line in the file of posts."""

    looks: tuple[Look, ...]
    seed: int
    line: dict[str, Any]


def demo_posts(products: Sequence[DemoProduct]) -> list[DemoPost]:
    """Return the posts that show ``products``; those about kinds that are not among them are left out."""
    by_kind: dict[str, list[DemoProduct]] = {}
    for product in products:
        by_kind.setdefault(product.look.kind, []).append(product)
    posts = []
    number = 0
    for theme in texts("posts")["themes"]:
        for said in theme["posts"]:
            number += 1
            if all(kind in by_kind for kind in theme["kinds"]):
                rng = random.Random(f"post:{number}")
                posts.append(_post(number, said, [rng.choice(by_kind[kind]) for kind in theme["kinds"]]))
    return posts


def _post(number: int, said: Sequence[str], shown: Sequence[DemoProduct]) -> DemoPost:
    title, title_zh, text, text_zh = said
    authors = texts("posts")["authors"]
    line = {
        "id": f"demo-post-{number}",
        "author": authors[number * 5 % len(authors)],
        "title": title,
        "title_zh": title_zh,
        "text": with_articles(text.format(*(_name(product.look, 0) for product in shown))),
        "text_zh": text_zh.format(*(_name(product.look, 1) for product in shown)),
        "image": f"posts/demo-post-{number}.webp",
        "products": [product.sku for product in shown],
        "days_ago": number * 7 % 90,
    }
    return DemoPost(tuple(product.look for product in shown), number, line)


def _name(look: Look, language: int) -> str:
    """Return how customers call a product: "red umbrella", "红色雨伞"."""
    colour, kind = COLOURS[look.colour], KINDS[look.kind]
    noun = kind_texts()[look.kind].get("noun", (kind.title_en, kind.title_zh))[language]
    return f"{colour.title_zh}{noun}" if language else f"{colour.title_en} {noun}"
