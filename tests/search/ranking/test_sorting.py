"""Results in the order of a field: all above the cut-off, exactly, with words, photos, groups and several models."""

import pytest
from django.core.files.base import ContentFile

from shop.models import Category, Product, StylePost
from tests.support.indexing import add, picture, run
from xsearch.checks.indexes import check_index
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index
from xsearch.models import Popularity
from xsearch.search import search, search_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder(more={"EMBEDDINGS": {"text": None, "image": "test", "audio": None}})


@pytest.fixture
def declare(monkeypatch):
    """Return a function that gives the products' index other attributes."""

    def declare(**attributes):
        for name, value in attributes.items():
            monkeypatch.setattr(type(get_index(Product)), name, value)
        get_index(Product).resolved.clear()

    yield declare
    get_index(Product).resolved.clear()


def lamps(*prices, **fields):
    """Create lamps and one chair, which words do not find; returns the lamps."""
    made = [add(f"L{number}", "Lamp " * (number % 3 + 1), price=price, **fields) for number, price in enumerate(prices)]
    add("X", "Chair", price=1)
    run()
    return made


def skus(results):
    return [hit.object.sku for hit in results.hits]


def test_prices_rise_and_fall_with_those_without_one_last_and_equal_ones_by_age():
    lamps(30, 10, None, 20, 10)
    assert skus(search(Product.objects.all(), text="lamp", sort="price_asc")) == ["L1", "L4", "L3", "L0", "L2"]
    assert skus(search(Product.objects.all(), text="lamp", sort="price_desc")) == ["L0", "L3", "L1", "L4", "L2"]


def test_relevance_is_the_order_without_one():
    lamps(30, 10, 20)
    asked = search(Product.objects.all(), text="lamp", sort="relevance")
    assert skus(asked) == skus(search(Product.objects.all(), text="lamp"))
    assert asked.sort == "relevance"


def test_the_newest_and_the_most_popular_come_first():
    made = lamps(30, 10, 20)
    Popularity.objects.create(content_type=get_index(Product).content_type, object_id=str(made[1].pk), score=0.2)
    Popularity.objects.create(content_type=get_index(Product).content_type, object_id=str(made[2].pk), score=0.9)
    assert skus(search(Product.objects.all(), text="lamp", sort="newest")) == ["L2", "L1", "L0"]
    assert skus(search(Product.objects.all(), text="lamp", sort="popularity")) == ["L2", "L1", "L0"]
    Popularity.objects.filter(score=0.9).delete()
    assert skus(search(Product.objects.all(), text="lamp", sort="popularity")) == ["L1", "L0", "L2"]


def test_declared_orders_go_by_several_fields_and_related_ones(declare):
    declare(sorts={"shelf": ["category__name", "-price"]})
    made = lamps(30, 10, 20)
    shelf = Category.objects.create(name="Zoo", slug="zoo")
    Product.objects.filter(pk=made[0].pk).update(category=shelf)
    Product.objects.exclude(pk=made[0].pk).update(category=Category.objects.create(name="Attic", slug="attic"))
    assert skus(search(Product.objects.all(), text="lamp", sort="shelf")) == ["L2", "L1", "L0"]


def test_every_page_continues_the_one_before(settings):
    settings.XSEARCH |= {"EXACT_ROWS": 5, "MATCHES": 10, "CANDIDATES": 5}
    lamps(*([5] * 30 + [4] * 30))
    pages = [
        search(Product.objects.all(), text="lamp", sort="price_asc", page=page, page_size=7) for page in range(1, 11)
    ]
    found = [sku for page in pages for sku in skus(page)]
    assert found == [f"L{number}" for number in [*range(30, 60), *range(30)]]
    assert {page.total for page in pages} == {60}


def test_the_cheapest_comes_first_although_it_is_none_of_the_likely_ones(settings):
    settings.XSEARCH |= {"EXACT_ROWS": 5, "MATCHES": 10}
    prices = list(range(100, 60, -1))
    lamps(*prices)
    found = search(Product.objects.all(), text="lamp", sort="price_asc", exact=False)
    assert [hit.object.price for hit in found.hits[:3]] == [61, 62, 63]
    assert found.total == 40


def test_photos_are_sorted_above_the_cut_off():
    for number, seed in enumerate((1, 1, 2)):
        add(f"P{number}", photo=seed, price=10 - number)
    run()
    found = search(Product.objects.all(), image=picture(1), sort="price_asc")
    by_score = search(Product.objects.all(), image=picture(1))
    assert sorted(skus(found)) == sorted(skus(by_score))
    assert [hit.object.price for hit in found.hits] == sorted(hit.object.price for hit in found.hits)


def test_conditions_in_words_leave_the_order(declare):
    lamps(30, 10, 20, 99)
    found = search(Product.objects.all(), text="lamp under 50", sort="price_desc")
    assert skus(found)[:3] == ["L0", "L2", "L1"]
    alone = search(Product.objects.all(), text="under 25", sort="price_desc")
    assert skus(alone)[:3] == ["L2", "L1", "X"]


def test_the_cheapest_variant_stands_for_its_group(declare):
    declare(group_by="colour")
    lamps(30, 10, 20, colour="red")
    found = search(Product.objects.all(), text="lamp", sort="price_asc")
    assert (skus(found), found.hits[0].variants, found.total) == (["L1"], 2, 1)
    assert skus(search(Product.objects.all(), text="lamp", sort="price_desc")) == ["L0"]


def test_taste_does_not_disturb_an_order(settings):
    settings.XSEARCH |= {"POPULARITY_WEIGHT": 1.0}
    made = lamps(30, 10, 20)
    Popularity.objects.create(content_type=get_index(Product).content_type, object_id=str(made[0].pk), score=1.0)
    assert skus(search(Product.objects.all(), text="lamp", sort="price_asc")) == ["L1", "L2", "L0"]


def test_an_unknown_order_is_refused_with_those_there_are(declare):
    declare(sorts={"name": "title"})
    with pytest.raises(BadQuery) as refused:
        search(Product.objects.all(), text="lamp", sort="cheap")
    assert refused.value.code == "bad_sort"
    assert str(refused.value) == (
        "Unknown order 'cheap'. Allowed: relevance, price_asc, price_desc, newest, popularity, name."
    )


def test_an_index_without_prices_is_not_sorted_by_them():
    with pytest.raises(BadQuery, match="Allowed: relevance, newest, popularity"):
        search(StylePost.objects.all(), text="lamp", sort="price_asc")


def test_several_models_are_merged_in_an_order_that_all_have():
    made = lamps(1, 2)
    post = StylePost.objects.create(title="Lamp", text="", is_visible=True, photo=ContentFile(picture(), name="a.png"))
    run(StylePost)
    StylePost.objects.update(created_at=made[0].created_at)
    Product.objects.filter(pk=made[1].pk).update(created_at="2001-01-01T00:00:00Z")
    found = search_all(text="lamp", sort="newest")
    assert [hit.object for hit in found.hits] == [made[0], post, made[1]]
    assert found.sort == "newest"
    with pytest.raises(BadQuery, match="Allowed: relevance, newest, popularity"):
        search_all(text="lamp", sort="price_asc")
    products = search_all(text="lamp", sort="price_asc", only=["shop.Product"])
    assert [hit.object for hit in products.hits] == made
    assert products.sort == "price_asc"
    assert products.models["shop.StylePost"].total == 1


def test_declarations_are_checked(declare):
    declare(sorts={"a": "category", "b": "-nothing", "c": []}, default_sort="best")
    problems = [message for message in check_index(get_index(Product)) if message.id == "xsearch.E071"]
    assert [message.msg for message in problems] == [
        "shop.Product: sorts['a']: 'category' is a relation. End the path at a field, such as 'category__name'.",
        "shop.Product: sorts['b']: 'nothing' is not a field of shop.Product.",
        "shop.Product: sorts['c']: '' is not a field of shop.Product.",
        "shop.Product: default_sort is 'best'. It must be one of relevance, price_asc, price_desc, newest, popularity, "
        "a, b, c, or declared in `sorts`.",
    ]
