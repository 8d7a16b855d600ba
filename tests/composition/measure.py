"""How often the right variant comes first, by way of searching."""

import io
import zlib
from dataclasses import dataclass

from shop.models import Category, Product
from tools.rendering import COLOURS
from xsearch.conf import overridden
from xsearch.search import search

BESIDE = {"discount": 0, "strength": 0, "unsayable": 1, "words": 0}
#: Name → (settings, weights, whether the photo is sent, whether the words are).
CONFIGURATIONS = {
    "composition": ({}, {}),
    # Words without any weight would leave the photo as it is.
    "plain addition": ({"COMPOSITION": BESIDE | {"words": 0.5}}, {"text": 1e-6}),
    "beside each other": ({"COMPOSITION": BESIDE}, {}),
    "words only": ({}, {"image": 0}),
    "photo only": ({"COMPOSITION": BESIDE}, {"text": 0}),
}
ENGLISH = ("like this, but {}", "this in {} please", "the same in {}", "same one but {}")
CHINESE = ("这个，但是要{}的", "同款，换成{}", "我想要{}的", "和这个一样，但是{}的")
_CHINESE_NAMES = {name: colour.title_zh for name, colour in COLOURS.items()} | {"beige": "米色"}


@dataclass(frozen=True)
class Case:
    """One query: ``half`` 0 is to choose settings by, 1 to report on."""

    set: str
    language: str
    half: int
    text: str
    pair: object


def cases_of(name, pairs):
    """Return a query in English and one in Chinese for each pair; a product falls into one half whole."""
    cases = []
    for number, pair in enumerate(pairs):
        half = zlib.crc32(pair.of.encode()) % 2
        for language, phrases, colours in (("en", ENGLISH, {}), ("zh", CHINESE, _CHINESE_NAMES)):
            text = phrases[number % len(phrases)].format(colours.get(pair.colour, pair.colour))
            cases.append(Case(name, language, half, text, pair))
    return cases


def load(name, shown):
    """Make a product without words for each photo, in a category of the set."""
    shelf = Category.objects.create(name=name, slug=name)
    for one in shown:
        product = Product(sku=f"{name}:{one.name}", category=shelf)
        product.photo.save(f"{one.name}.jpg", io.BytesIO(one.photo), save=False)
        product.save()


def first_right(cases, shown, configuration):
    """Return of each case whether the first result is of its product (or category) and of the colour asked for."""
    settings, weights = configuration
    rights = {(name, one.name): (one.product, one.colour) for name, all_of in shown.items() for one in all_of}
    found = []
    with overridden(settings):
        for case in cases:
            queryset = Product.objects.filter(category__name=case.set)
            if case.set == "clothing":  # where the photo itself is in the catalogue
                queryset = queryset.exclude(sku=f"{case.set}:{case.pair.of}")
            answer = search(
                queryset,
                text=case.text,
                image=case.pair.photo,
                weights=weights,
                facets=None,
                page_size=1,
                correct=False,
            )
            first = answer.hits[0].object.sku.partition(":")[2] if answer.hits else ""
            found.append(rights.get((case.set, first)) == (case.pair.product, case.pair.colour))
    return found
