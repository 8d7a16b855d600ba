"""Filters: parameters of a request to conditions, and what is refused."""

import uuid

import pytest

from shop.models import Brand, Category, Product
from tests.showcase.models import Instrument, Maker, Tag
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _products(use_encoder):
    use_encoder()
    bags = Category.objects.create(name="Bags", slug="bags")
    acme = Brand.objects.create(name="Acme & Söhne")
    Product.objects.create(sku="A", title="a", price=10, colour="Red", category=bags, brand=acme)
    Product.objects.create(sku="B", title="b", price="19.99", colour="blue", category=bags, in_stock=False)
    Product.objects.create(sku="C", title="c", colour="red, matt")


def skus(**params):
    found = get_index().filter_queryset(Product.objects.order_by("sku"), params)
    return "".join(found.values_list("sku", flat=True))


def test_the_names_of_all_parameters():
    assert get_index().filter_names() == [
        "category", "brand", "colour", "price", "in_stock", "price_min", "price_max",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "ABC"),
        ({"colour": "red"}, "A"),
        ({"colour": "RED"}, "A"),
        ({"colour": ["red", "blue"]}, "AB"),
        ({"colour": "red, matt"}, "C"),
        ({"colour": ""}, "ABC"),
        ({"colour": ["", None]}, "ABC"),
        ({"colour": "' OR 1=1 --"}, ""),
        ({"colour": "%"}, ""),
        ({"category": "bags"}, "AB"),
        ({"category": "Bags", "in_stock": "no"}, "B"),
        ({"brand": "acme & söhne"}, "A"),
        ({"price": "10"}, "A"),
        ({"price": ["10.00", "19.99"]}, "AB"),
        ({"price_min": "10", "price_max": "10"}, "A"),
        ({"price_min": 10.01}, "B"),
        ({"price_max": " 19.98 "}, "A"),
        ({"price_max": "19,98"}, "A"),
        ({"price_min": "-5"}, "AB"),
        ({"in_stock": "true"}, "AC"),
        ({"in_stock": True}, "AC"),
        ({"in_stock": ["1", "0"]}, "ABC"),
    ],
)
def test_what_passes(params, expected):
    assert skus(**params) == expected


def test_a_relation_can_be_named_by_its_key():
    assert skus(category=str(Category.objects.get().pk)) == "AB"
    assert skus(category="9" * 30) == ""


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"size": "XL"}, "Unknown filter 'size'. Allowed: category, brand, colour, price"),
        ({"colour_min": "1"}, "Unknown filter 'colour_min'"),
        ({"price__gt": "1"}, "Unknown filter 'price__gt'"),
        ({"price_min": "cheap"}, "price_min must be a number, not 'cheap'"),
        ({"price": "NaN"}, "price must be a number"),
        ({"price": "1,000"}, "price must be a number, not '1,000'"),
        ({"price_max": "1e400"}, "price_max must be a number"),
        ({"price_max": "1e-20000"}, "price_max must be a number"),
        ({"price_max": "Infinity"}, "price_max must be a number"),
        ({"in_stock": "perhaps"}, "in_stock must be true or false, not 'perhaps'"),
        ({"colour": "a\x00b"}, "at most 300 characters and no NUL"),
        ({"colour": "a" * 301}, "at most 300 characters and no NUL"),
        ({"colour": ["red"] * 101}, "colour: at most 100 values, not 101"),
    ],
)
def test_what_is_refused(params, reason):
    with pytest.raises(BadQuery) as refused:
        skus(**params)
    assert reason in refused.value.detail
    assert refused.value.code == "bad_filter"


class TestOtherFields:
    @pytest.fixture(autouse=True)
    def _index(self, register):
        register(Instrument, text={"A": ["name"]}, store="vectors", filters=["id", "tags", "maker__name", "is_visible"])

    def names(self, **params):
        queryset = get_index(Instrument).filter_queryset(Instrument.objects.order_by("name"), params)
        return list(queryset.values_list("name", flat=True))

    def test_a_uuid_is_read_or_refused(self):
        flute = Instrument.objects.create(name="Flute")
        assert self.names(id=str(flute.pk)) == ["Flute"]
        assert self.names(id=str(uuid.uuid4())) == []
        with pytest.raises(BadQuery, match="is not a valid UUID"):
            self.names(id="flute")

    def test_paths_and_tags_filter_too(self):
        flute = Instrument.objects.create(name="Flute", maker=Maker.objects.create(name="Acme"))
        drum = Instrument.objects.create(name="Drum")
        loud, red = Tag.objects.create(name="loud"), Tag.objects.create(name="red")
        drum.tags.add(loud, red)
        flute.tags.add(red)
        assert self.names(maker__name="acme") == ["Flute"]
        assert self.names(tags="loud") == ["Drum"]
        assert self.names(tags=["loud", "red"]) == ["Drum", "Flute"]  # each once
