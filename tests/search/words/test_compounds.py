"""Words written together or apart, on either side."""

import pytest

import xsearch
from shop.models import Product
from tests.support.searching import index_all
from tests.support.searching_words import WORDS_ONLY

pytestmark = pytest.mark.django_db

TITLES = [
    "Rain coat in yellow", "Hand bag", "Table cloth", "Blue tooth speaker", "Backpack", "Playstation 5 console",
    "XPS 13 laptop", "HDMI 2.1 cable", "3-in-1 charger", "iPhone 15 case", "Cover for iPhone16", "Drill 12V-15",
    "Coat in blue", "Yellow bag",
]  # fmt: skip
FOUND = {
    "raincoat": "Rain coat in yellow", "yellow raincoat": "Rain coat in yellow", "rain coat": "Rain coat in yellow",
    "handbags": "Hand bag", "tablecloth": "Table cloth", "bluetooth": "Blue tooth speaker", "back pack": "Backpack",
    "playstation5": "Playstation 5 console", "xps13": "XPS 13 laptop", "hdmi2.1": "HDMI 2.1 cable",
    "iphone15": "iPhone 15 case", "iphone 16": "Cover for iPhone16",
}  # fmt: skip


@pytest.fixture
def shop(settings):
    settings.XSEARCH = WORDS_ONLY
    for number, title in enumerate(TITLES):
        Product.objects.create(sku=f"c{number}", title=title)
    index_all()


def test_words_are_found_whether_they_are_written_together_or_apart(shop):
    found = {text: xsearch.search(Product.objects.all(), text=text, facets=None) for text in FOUND}
    assert {text: results.hits[0].object.title for text, results in found.items() if results.hits} == FOUND
    assert all(results.is_close for results in found.values())


def test_a_half_alone_is_not_the_word(shop):
    results = xsearch.search(Product.objects.all(), text="raincoat", facets=None)
    assert [hit.object.title for hit in results.hits] == ["Rain coat in yellow"]
    [read] = [hit.explain for hit in xsearch.search(Product.objects.all(), text="raincoat", explain=True).hits]
    assert read["lexical"]["words"] == {"raincoat": {"as": "rain coat", "by": "apart", "worth": 0.95, "share": 1.0}}
