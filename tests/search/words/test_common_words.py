"""Words that many documents have, in a catalogue too large to score: titles first, and nothing said that is not so."""

import pytest

import xsearch
from shop.models import Product
from tests.support.searching import index_all
from tests.support.searching_words import WORDS_ONLY
from xsearch.search.words import lexical

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(settings, monkeypatch):
    """Old sofas that mention leather and dresses, mugs, and new belts and dresses; twenty documents are scored."""
    settings.XSEARCH = {**WORDS_ONLY, "EXACT_ROWS": 10, "MATCHES": 10}
    monkeypatch.setattr(lexical, "MAX_SCORED", 20)
    told = "Black leather, soft as a dress."
    products = [Product(sku=f"s{n}", title=f"Sofa {n}x", description=told) for n in range(50)]
    products += [Product(sku=f"m{n}", title=f"Mug {n}x") for n in range(30)]
    products += [Product(sku=f"b{n}", title=f"Leather belt {n}x") for n in range(4)]
    products += [Product(sku=f"d{n}", title=f"Black dress {n}x") for n in range(4)]
    for product in products:
        product.save()
    index_all()


def skus(text, **options):
    found = xsearch.search(Product.objects.all(), text=text, facets=None, page_size=100, **options)
    return [hit.object.sku for hit in found.hits], found


@pytest.mark.parametrize(("text", "right"), [("leather", "b"), ("black dress", "d"), ("dress", "d")])
def test_titles_come_before_what_only_mentions_the_words(many, text, right):
    found, _results = skus(text)
    assert [sku[0] for sku in found[:5]] == [right] * 4 + ["s"]
    assert found[:4] == skus(text, exact=True)[0][:4]


def test_what_was_not_scored_is_not_said_not_to_be_there(many):
    Product.objects.filter(sku__startswith="d").update(title="Summer")
    for text in ("wedding dress", "leather bracelet", "black"):
        found, results = skus(text)
        _whole, exact = skus(text, exact=True)
        assert results.total == exact.total if results.total_is_exact else results.total <= exact.total, text
        assert bool(found) == bool(exact.total), text


def test_of_words_alone_all_are_counted_however_many_products_there_are(many, settings):
    settings.XSEARCH = {**settings.XSEARCH, "SCORED_ROWS": 60}  # of 88
    _found, results = skus("leather", exact=True)
    assert (results.total, results.total_is_exact) == (54, True)
