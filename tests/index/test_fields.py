"""Kinds of filters: keys and names of related rows, relations to several rows, aliases, and values to order by."""

import pytest

from tests.showcase.garments import Garment, GarmentVariant, House, Line, Season
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index

pytestmark = pytest.mark.django_db

FILTERS = ["house", "season", "line", "price", "variants__price", "variants__size", "variants__colour", "maker"]


@pytest.fixture(autouse=True)
def _index(use_encoder, register):
    use_encoder()
    register(Garment, text={"A": ["title"]}, filters=FILTERS, aliases={"maker": "season__house__name"})


def garment(title, variants=(), **fields):
    made = Garment.objects.create(title=title, **fields)
    for price, size, colour in variants:
        GarmentVariant.objects.create(garment=made, price=price, size=size, colour=colour)
    return made


def titles(**params):
    found = get_index(Garment).filter_queryset(Garment.objects.order_by("title"), params)
    return "".join(found.values_list("title", flat=True))


class TestKeys:
    def test_a_uuid_finds_its_products(self):
        first, second = House.objects.create(name="Acme"), House.objects.create(name="Acme")
        garment("a", house=first)
        garment("b", house=second)
        assert titles(house=str(first.pk)) == "a"
        assert titles(house=second.pk) == "b"
        assert titles(house=[str(first.pk), str(second.pk)]) == "ab"
        assert titles(house="acme") == "ab"  # a name finds all rows that have it
        assert titles(house="00000000-0000-0000-0000-000000000000") == ""

    def test_a_text_is_a_key_before_it_is_a_name(self):
        garment("a", season=Season.objects.create(slug="spring", name="Early"))
        garment("b", season=Season.objects.create(slug="early", name="Spring"))
        assert titles(season="spring") == "a"
        assert titles(season="Early") == "a"  # no key, for keys are exact
        assert titles(season="early") == "b"

    def test_a_number_is_a_key_before_it_is_a_name(self):
        one = Line.objects.create(code="A", name="x")
        garment("a", line=one)
        garment("b", line=Line.objects.create(code="B", name=str(one.pk)))
        garment("c", line=Line.objects.create(code="C", name="1980"))
        assert titles(line=one.pk) == "a"
        assert titles(line="1980") == "c"
        assert titles(line="B") == "b"  # what foreign keys refer to is a key too
        assert titles(line="9" * 40) == ""


class TestRelationsToSeveralRows:
    def test_one_row_must_have_both_bounds(self):
        garment("a", [(5, "S", "red"), (50, "S", "red")])
        garment("b", [(15, "S", "red")])
        assert titles(variants__price_min=10, variants__price_max=20) == "b"
        assert titles(variants__price_min=10) == "ab"

    def test_one_row_must_have_the_values_of_all_filters_on_it(self):
        garment("a", [(5, "S", "red"), (5, "M", "blue")])
        garment("b", [(5, "M", "red")])
        assert titles(variants__size="m", variants__colour="red") == "b"
        assert titles(variants__size=["S", "M"], variants__colour="blue") == "a"

    def test_a_product_is_found_once(self):
        garment("a", [(5, "S", "red"), (6, "M", "red")])
        assert titles(variants__colour="red") == "a"


def test_an_alias_is_the_name_of_a_long_path():
    acme = House.objects.create(name="Acme")
    garment("a", season=Season.objects.create(slug="x", name="X", house=acme))
    garment("b")
    assert titles(maker="acme") == "a"
    assert "maker" in get_index(Garment).filter_names()
    with pytest.raises(BadQuery, match="Unknown filter 'season__house__name'"):
        titles(season__house__name="acme")


def test_values_of_a_field_can_be_ordered_by():
    garment("a", [(7, "", ""), (3, "", "")], price=1)
    garment("b", [(5, "", "")], price=3)
    garment("c", price=2)
    index = get_index(Garment)
    for name, expected in (
        ("price", [("a", 1), ("c", 2), ("b", 3)]),
        ("variants__price", [("a", 3), ("b", 5), ("c", None)]),
    ):
        found = Garment.objects.annotate(least=index.field(name).first()).order_by("least")
        assert list(found.values_list("title", "least")) == expected
