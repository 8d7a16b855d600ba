"""Suggestions over made-up catalogues of growing size, requested as a browser does: letter by letter, by HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from django.db import connection
from django.utils import translation
from rest_framework.test import APIRequestFactory

from xsearch.api.views import SuggestView
from xsearch.benchmark.figures import Figures, Timing, elapsed_ms, percentiles
from xsearch.benchmark.scratch import BenchmarkProduct, record, scratch_database
from xsearch.conf import overridden
from xsearch.index.registry import Index
from xsearch.indexing import statistics
from xsearch.models import SuggestionKey
from xsearch.text import tsvector_literal
from xsearch.text.prefix_keys import sound_key

ALLOWED_MS = 30.0  # p95
_SETTINGS = {
    "EMBEDDINGS": {"text": None, "image": None, "audio": None},
    "THROTTLE_RATES": {"suggest": "1000000/min"},
}
_SYLLABLES = tuple("ba co di fen gor hul jin kar lom mer nis pol rad sti tur ven".split())  # noqa: SIM905
_KINDS = {
    "jacket": "夹克", "mug": "马克杯", "lamp": "台灯", "guitar": "吉他", "boots": "靴子", "shirt": "衬衫",
    "chair": "椅子", "clock": "时钟", "backpack": "背包", "scarf": "围巾", "dress": "连衣裙", "sneakers": "运动鞋",
}  # fmt: skip
_COLOURS = {"red": "红色", "blue": "蓝色", "green": "绿色", "black": "黑色", "white": "白色", "yellow": "黄色"}
_MATERIALS = {"cotton": "棉质", "leather": "皮革", "wooden": "木质", "ceramic": "陶瓷", "metal": "金属"}
_BATCH = 5_000

Titles = tuple[str, str]


def measure_suggestions(sizes: Sequence[int], repeats: int, progress: Callable[[str], None]) -> Figures:
    """Return times by size: of all requests, of requests by kind of text, and of refreshing the suggestions."""
    figures: Figures = {}
    with overridden(_SETTINGS), scratch_database() as index:
        for size in sorted(sizes):
            progress(f"suggestions at {size} products")
            titles = _fill(index, size)
            refreshed_ms = elapsed_ms(lambda: statistics.refresh(index))
            again_ms = elapsed_ms(lambda: statistics.refresh(index))
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")  # autovacuum would run it soon after
                cursor.execute("SELECT pg_total_relation_size(%s)", [SuggestionKey._meta.db_table])
                keys_mb = round(float(cursor.fetchone()[0]) / 1e6, 1)
            refreshes = {"first_ms": round(refreshed_ms), "unchanged_ms": round(again_ms)}
            figures[str(size)] = {**_typed(index, titles, repeats), "refresh": refreshes, "keys_mb": keys_mb}
    return figures


def _typed(index: Index, titles: Sequence[Titles], repeats: int) -> dict[str, Timing]:
    rng = random.Random("typed")  # noqa: S311 - no secret
    times: dict[str, list[float]] = {}
    request(index, "warm up")
    for english, chinese in rng.sample(titles, min(repeats, len(titles))):
        for what, language, text in _texts(english, chinese, rng):
            with translation.override(language):
                for end in range(1, len(text) + 1):
                    times.setdefault(what, []).append(elapsed_ms(lambda typed=text[:end]: request(index, typed)))  # type: ignore[misc]
    every = [time for found in times.values() for time in found]
    return {"all": percentiles(every)} | {what: percentiles(found) for what, found in times.items()}


def request(index: Index, typed: str) -> bytes:
    """Return the body of the answer to one request, through the whole view."""
    asked = APIRequestFactory().get("/suggest/", {"q": typed, "model": index.label})
    return bytes(SuggestView.as_view()(asked).render().content)


def _texts(english: str, chinese: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the language of the page and the typed text, for one product."""
    words = english.split()
    start = rng.randrange(len(words) - 1)
    yield "words", "en", " ".join(words[start : start + 2])
    yield "words in another order", "en", f"{words[2]} {words[1]}"
    wrong = rng.choice(words[1:3])
    place = rng.randrange(1, len(wrong) - 1)
    yield "with an error", "en", wrong[:place] + wrong[place + 1] + wrong[place] + wrong[place + 2 :]
    yield "Chinese", "zh", chinese[:6]
    yield "pinyin", "zh", sound_key(chinese[-6:])


def _fill(index: Index, size: int) -> list[Titles]:
    """Add products with unique titles and without vectors until there are ``size``; return the titles."""
    first = BenchmarkProduct._base_manager.count()
    made = [_product(number) for number in range(first, size)]
    for start in range(0, len(made), _BATCH):
        BenchmarkProduct._base_manager.bulk_create(product for product, _ in made[start : start + _BATCH])
    record(index, {product.pk: [*titles, product.colour] for product, titles in made})
    documents = [tsvector_literal({"A": titles, "B": [product.colour]}) for product, titles in made]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{BenchmarkProduct._meta.db_table}" AS stored SET search_document = made.document::tsvector'  # noqa: S608
            " FROM unnest(%s::bigint[], %s::text[]) AS made(id, document) WHERE stored.id = made.id",
            [[product.pk for product, _ in made], documents],
        )
    return [titles for _, titles in made]


def _product(number: int) -> tuple[BenchmarkProduct, Titles]:
    """Return a product and its titles: a made-up name and the kind of product, in English and Chinese."""
    rng = random.Random(number)  # noqa: S311
    name = "".join(rng.choices(_SYLLABLES, k=3)).title()
    colour, material, kind = (rng.choice(list(words)) for words in (_COLOURS, _MATERIALS, _KINDS))
    english = f"{name} {colour} {material} {kind} {number}"
    chinese = f"{name}{_COLOURS[colour]}{_MATERIALS[material]}{_KINDS[kind]}"
    product = BenchmarkProduct(title=english, colour=colour, price=number % 500, bucket=number % 1000)
    return product, (english, chinese)
