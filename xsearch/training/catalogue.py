"""The training data in a shop's catalogue: photos, captions, shared attribute values, products clicked together."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain, combinations
from typing import Any

from django.db import models

from xsearch.index.registry import Index
from xsearch.indexing.database import paged
from xsearch.indexing.inputs import MediaFile, collect
from xsearch.models import Event
from xsearch.visitors.judgements import judged_queries

#: Of one product, at most.
MAX_PHOTOS = 6
_MAX_CAPTION = 200  # characters
_MIN_WITH_VALUE = 2  # products that must share a value for it to teach anything
_MAX_CLICKED = 8  # products of one query; somebody who clicks on more does not compare
_CHOSEN = (Event.Kind.CLICK, Event.Kind.CART, Event.Kind.PURCHASE)
_LEAST_GRADE = 2  # of a product that fits the words of a query
_CODE = re.compile(r"\S*\d\S*")  # an article number: one word with a digit in it
_NO_LABELS = (bool, int, float, Decimal, date, type(None))


@dataclass
class Product:
    """One product: its photos, titles, all captions, and values by attribute."""

    pk: str
    photos: list[MediaFile]
    titles: list[str]
    captions: list[str]
    values: dict[str, str]


@dataclass
class Catalogue:
    """Products with photos; ``clicks`` are pairs of positions in ``products`` chosen from the results of one query."""

    products: list[Product] = field(default_factory=list)
    clicks: list[tuple[int, int]] = field(default_factory=list)
    without_photo: int = 0

    def attributes(self) -> dict[str, list[str]]:
        """Return the values that at least two products share, for attributes with at least two such values."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for product in self.products:
            for name, value in product.values.items():
                counts[name][value] += 1
        shared = {
            name: sorted(value for value, count in found.items() if count >= _MIN_WITH_VALUE)
            for name, found in counts.items()
        }
        return {name: values for name, values in shared.items() if len(values) > 1}


def read_catalogue(index: Index, limit: int, seed: int) -> Catalogue:
    """Return up to ``limit`` products of ``index`` that have a photo, sampled by ``seed`` if there are more."""
    objects = index.get_queryset().order_by("pk")
    keys = list(objects.values_list("pk", flat=True))
    chosen = sorted(random.Random(seed).sample(range(len(keys)), min(limit, len(keys))))
    catalogue = Catalogue()
    chunks = (chosen[start : start + 500] for start in range(0, len(chosen), 500))
    for obj in chain.from_iterable(objects.filter(pk__in=[keys[number] for number in chunk]) for chunk in chunks):
        product = _product(index, obj)
        if product.photos:
            catalogue.products.append(product)
        else:
            catalogue.without_photo += 1
    _add_asked(index, catalogue.products)
    catalogue.clicks = _clicked_together(index, catalogue.products)
    return catalogue


def _product(index: Index, obj: models.Model) -> Product:
    inputs = collect(index, obj)
    photos = [file for file in inputs.files if file.store.modality == "image"][:MAX_PHOTOS]
    titles = [text for text in inputs.texts.get("A", []) if not _CODE.fullmatch(text)]
    values = _values(index, obj)
    # "red dress" and "Acme dress": customers type these, but titles often lack them.
    pairs = [f"{later} {earlier}" for earlier, later in combinations(values.values(), 2)]
    captions = [text[:_MAX_CAPTION] for text in (*titles, *inputs.texts.get("B", []), *values.values(), *pairs)]
    return Product(str(obj.pk), photos, titles, list(dict.fromkeys(captions)), values)


def _values(index: Index, obj: models.Model) -> dict[str, str]:
    """Return the values of the declared filters that are words: no numbers, dates or booleans."""
    found = {name: next(index.field(name).read(obj), None) for name in index.filters}
    words = {name: str(value).strip() for name, value in found.items() if not isinstance(value, _NO_LABELS)}
    return {name: text for name, text in words.items() if text}


def _add_asked(index: Index, products: list[Product]) -> None:
    """Add queries of several people to the captions of the products that they chose, judged by their clicks."""
    by_key = {product.pk: product for product in products}
    for query in judged_queries(index):
        for key, grade in query.grades().items():
            if key in by_key and grade >= _LEAST_GRADE and query.text not in by_key[key].captions:
                by_key[key].captions.append(query.text[:_MAX_CAPTION])


def _clicked_together(index: Index, products: list[Product]) -> list[tuple[int, int]]:
    """Return pairs of products that customers chose from the results of one query."""
    position = {product.pk: number for number, product in enumerate(products)}
    chosen: dict[Any, set[int]] = defaultdict(set)
    events = Event.objects.filter(content_type=index.content_type, kind__in=_CHOSEN)
    for query, key in paged(events, "query_id", "object_id"):
        if key in position:
            chosen[query].add(position[key])
    pairs = {
        pair
        for together in chosen.values()
        if len(together) <= _MAX_CLICKED
        for pair in combinations(sorted(together), 2)
    }
    return sorted(pairs)
