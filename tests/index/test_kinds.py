"""Filters over columns of every type: what passes, what facets count, how values read, and what is refused."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import models
from django.utils import timezone, translation

from tests.showcase.garments import Garment, GarmentVariant, Sticker
from xsearch.errors import BadQuery
from xsearch.index.fields import ExactFilter
from xsearch.index.filters import PARAMETERS
from xsearch.index.registry import get_index
from xsearch.search.context import SearchContext
from xsearch.search.ranking.facets import GroupsAndFacets, count_facet, read_groups_and_facets
from xsearch.search.scope import SearchScope
from xsearch.web import requests

pytestmark = pytest.mark.django_db

FILTERS = [
    "is_organic", "stock", "views", "sizes", "widths", "details", "details__size", "details__care__wash", "released",
    "added", "worn", "title", "stickers", "variants__size", "variants__colour", "variants__price",
]  # fmt: skip
HUGE = "9" * 15


@pytest.fixture(autouse=True)
def _index(use_encoder, register):
    use_encoder()
    register(Garment, text={"A": ["title"]}, filters=FILTERS, facets=FILTERS)


def test_a_text_that_is_no_ip_address_is_refused():
    field = ExactFilter(get_index(Garment), "host", "host", models.GenericIPAddressField())
    assert field.parse("10.0.0.1") == "10.0.0.1"
    assert field.parse("::FFFF:10.0.0.1") == "::ffff:10.0.0.1"
    with pytest.raises(BadQuery, match="host: "):
        field.parse("10.0.0.1.2")


def test_a_range_has_finite_numbers_only():
    weights = {(1, 2.5), (2, math.nan), (3, math.inf), (4, -math.inf), (5, Decimal("NaN")), (6, 7.5)}
    found = count_facet(get_index(Garment), "stock", GroupsAndFacets({}, {"stock": weights}))
    assert [value.value for value in found.values] == [2.5, 7.5]
    assert (found.range.least, found.range.greatest) == (2.5, 7.5)


def garment(title, **fields):
    return Garment.objects.create(title=title, **fields)


def titles(**params):
    found = get_index(Garment).filter_queryset(Garment.objects.order_by("title"), params)
    return "".join(found.values_list("title", flat=True))


def counted(name, **filters):
    """Count a facet over all garments."""
    index, scope = get_index(Garment), SearchScope(Garment.objects.all(), [], filters)
    keys = list(Garment.objects.values_list("pk", flat=True))
    return count_facet(index, name, read_groups_and_facets(SearchContext(index, "default"), scope, keys, [name]))


def facet(name, **filters):
    """Return the values of a facet over all garments: (value, label, count)."""
    return [(value.value, value.label, value.count) for value in counted(name, **filters).values]


class TestArrays:
    def test_an_element_is_what_a_filter_takes(self):
        garment("a", sizes=["S", "M"], widths=[1, 2])
        garment("b", sizes=["M"], widths=None)
        assert titles(sizes="M") == "ab"
        assert titles(sizes=["S", "XL"]) == "a"
        assert titles(sizes="m") == ""
        assert titles(widths="2") == "a"

    @pytest.mark.parametrize(("name", "value"), [("sizes", "MMMMMMMMM"), ("widths", HUGE), ("widths", "2.5")])
    def test_what_no_element_can_be_is_in_no_array(self, name, value):
        garment("a", sizes=["MMMMM"], widths=[2])
        assert titles(**{name: value}) == ""

    def test_each_element_is_counted(self):
        garment("a", sizes=["S", "M"])
        garment("b", sizes=["M"])
        garment("c")
        assert facet("sizes") == [("M", "M", 2), ("S", "S", 1)]
        assert facet("widths") == []

    def test_a_number_is_needed_where_there_are_numbers(self):
        with pytest.raises(BadQuery, match="widths must be a number"):
            titles(widths="wide")


class TestJson:
    def test_the_value_of_a_key_may_be_of_any_type(self):
        garment("a", details={"size": 42})
        garment("b", details={"size": "42"})
        garment("c", details={"size": ["M", 42]})
        garment("d", details={"size": True})
        garment("e", details={"size": {"M": 1}})
        garment("f", details={"colour": "42"})
        assert titles(details__size="42") == "abc"
        assert titles(details__size=42) == "abc"
        assert titles(details__size="M") == "c"
        assert titles(details__size="true") == "d"
        assert titles(details__size=["M", "true"]) == "cd"

    def test_deep_keys(self):
        garment("a", details={"care": {"wash": "cold"}})
        assert titles(details__care__wash="cold") == "a"
        assert titles(details__care__wash="hot") == ""
        assert facet("details__care__wash") == [("cold", "cold", 1)]

    def test_the_whole_column_may_be_a_list(self):
        garment("a", details=["new", "warm"])
        garment("b", details={"new": 1})
        assert titles(details="new") == "a"
        assert facet("details") == [("new", "new", 1), ("warm", "warm", 1)]

    def test_plain_values_are_counted(self):
        garment("a", details={"size": ["M", "L"]})
        garment("b", details={"size": "M"})
        garment("c", details={"size": {"is": "no value"}})
        garment("d", details={"size": None})
        garment("e")
        garment("f", details={"size": False})
        assert facet("details__size") == [("M", "M", 2), ("L", "L", 1), (False, "No", 1)]


class TestBooleans:
    def test_they_read_yes_and_no(self):
        garment("a", is_organic=True)
        garment("b", is_organic=True)
        garment("c", is_organic=False)
        garment("d")
        assert facet("is_organic") == [(True, "Yes", 2), (False, "No", 1)]
        with translation.override("zh-hans"):
            assert facet("is_organic") == [(True, "是", 2), (False, "否", 1)]
        assert titles(is_organic=str(True)) == "ab"


class TestNumbers:
    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"stock": "2.5"}, ""), ({"stock": ["2.5", "3"]}, "b"), ({"stock_min": "2.5"}, "b"),
            ({"stock_max": "2.5"}, "a"), ({"stock": HUGE}, ""), ({"stock_min": HUGE}, ""), ({"stock_max": HUGE}, "ab"),
            ({"views_min": "1"}, ""),
        ],
    )  # fmt: skip
    def test_fractions_and_numbers_that_no_column_holds(self, params, expected):
        garment("a", stock=2)
        garment("b", stock=3)
        assert titles(**params) == expected


class TestRanges:
    def test_the_histogram_counts_each_product_once_in_a_part(self):
        for number in range(40):
            garment(str(number), stock=number + 1)
        found = counted("stock").range
        assert (found.least, found.greatest) == (1, 40)
        assert [bucket.count for bucket in found.histogram] == [2] * 20
        assert found.histogram[0].least == 1
        assert found.histogram[-1].greatest == 40

    def test_one_value_is_one_part(self):
        garment("a", stock=7)
        garment("b", stock=7)
        found = counted("stock").range
        assert [(each.least, each.greatest, each.count) for each in found.histogram] == [(7, 7, 2)]
        assert counted("title").range is None

    def test_variants_of_a_product_in_one_part_count_once(self):
        made = garment("a")
        for price in (1, "1.10", 100):
            GarmentVariant.objects.create(garment=made, price=price)
        found = counted("variants__price").range
        assert [bucket.count for bucket in found.histogram if bucket.count] == [1, 1]

    def test_dates_are_in_parts_of_whole_days(self):
        for day in (1, 2, 25):
            garment(str(day), released=date(2024, 1, day))
        found = counted("released").range
        assert (found.least, found.greatest) == (date(2024, 1, 1), date(2024, 1, 25))
        assert [(each.least, each.count) for each in found.histogram if each.count] == [
            (date(2024, 1, 1), 2), (date(2024, 1, 25), 1),
        ]  # fmt: skip


def test_a_facet_counts_the_rows_that_meet_the_other_filters_on_their_relation():
    made = garment("a")
    for size, colour in (("S", "red"), ("M", "blue")):
        GarmentVariant.objects.create(garment=made, size=size, colour=colour, price=5)
    assert facet("variants__size", variants__colour="red") == [("S", "S", 1)]
    assert facet("variants__size", variants__colour="red", variants__size="M") == [("S", "S", 1)]
    assert facet("variants__size", variants__price_min=6) == []
    assert facet("variants__size") == [("M", "M", 1), ("S", "S", 1)]


class TestDates:
    def test_bounds_are_days_both_included(self):
        garment("a", released=date(2024, 1, 1))
        garment("b", released=date(2024, 1, 31))
        assert titles(released_min="2024-01-01", released_max="2024-01-31") == "ab"
        assert titles(released_min="2024-01-02") == "b"
        assert titles(released_max=date(2024, 1, 30)) == "a"
        assert titles(released="2024-01-31") == "b"
        assert titles(released="2024-01-31T10:00") == "b"

    @pytest.mark.parametrize("use_tz", [True, False])
    def test_the_last_day_of_moments_is_included(self, settings, use_tz):
        settings.USE_TZ, settings.TIME_ZONE = use_tz, "Asia/Shanghai"
        zone = timezone.get_default_timezone() if use_tz else None
        garment("a", added=datetime(2024, 1, 1, tzinfo=zone))
        garment("b", added=datetime(2024, 1, 31, 23, 59, 59, tzinfo=zone))
        garment("c", added=datetime(2024, 2, 1, tzinfo=zone))
        assert titles(added_min="2024-01-01", added_max="2024-01-31") == "ab"
        assert titles(added="2024-01-31") == "b"
        assert titles(added_min="2024-01-31T23:59:59") == "bc"
        assert titles(added_max="2024-01-01T00:00:00") == "a"
        assert titles(added_max="2023-12-31T16:00:00Z") == "a"  # the same moment
        assert [count for _value, _label, count in facet("added")] == [1, 1, 1]
        assert (date(2024, 1, 31), "Jan. 31, 2024", 1) in facet("added")

    def test_days_are_those_of_the_current_time_zone(self):
        garment("a", added=datetime(2024, 1, 1, 20, tzinfo=UTC))
        assert titles(added="2024-01-01") == "a"
        with timezone.override("Asia/Shanghai"):
            assert titles(added="2024-01-01") == ""
            assert titles(added="2024-01-02") == "a"

    @pytest.mark.parametrize(
        "text", ["soon", "2024-02-31", "9999-12-31", "0001-01-01", "2024", "\u0662\u0660", "1" * 400]
    )
    @pytest.mark.parametrize("name", ["released", "added_min"])
    def test_what_is_no_date_is_refused(self, name, text):
        with pytest.raises(BadQuery, match=r"must be a date such as 2024-01-31|at most 300"):
            titles(**{name: text})


def test_a_generic_relation_leads_to_rows_like_any_other():
    new, old = (Sticker.objects.create(name="new", thing=garment(title)) for title in "ab")
    assert titles(stickers=new.pk) == "a"
    assert titles(stickers="NEW") == "ab"
    assert facet("stickers") == [(new.pk, "new", 1), (old.pk, "new", 1)]


def test_values_of_other_types():
    garment("a", worn=timedelta(days=2))
    assert titles(worn="2 00:00:00") == "a"
    with pytest.raises(BadQuery, match="worn"):
        titles(worn="long")


def test_parameters_of_requests_are_no_names_of_filters():
    serializers = [
        requests.SearchParameters, requests.SimilarRequest, requests.SuggestRequest, requests.TranscribeRequest,
        requests.EventRequest,
    ]  # fmt: skip
    assert {name for serializer in serializers for name in serializer().fields} - PARAMETERS == set()
