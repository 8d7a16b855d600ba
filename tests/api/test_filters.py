"""Filters and facets over HTTP: trees, ranges, keys of any type, and values that nobody meant."""

import re
from datetime import UTC, datetime

import pytest

from tests.showcase.garments import Department, Garment, House
from xsearch.api.openapi import document
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.indexing.suggestions import refresh
from xsearch.views import SearchView

pytestmark = pytest.mark.django_db

SEARCH = "/api/xsearch/search/"
FILTERS = [
    "price", "stock", "views", "is_organic", "house", "season", "line", "department", "departments", "sizes", "widths",
    "details", "details__size", "released", "added", "worn", "stickers", "variants__price", "title",
]  # fmt: skip
HOSTILE = [
    "9" * 40, "-1", "1e400", "1e-20000", "0e-99999", "NaN", "'", "%", "\U0001f600", "a" * 400, "2024-02-31", "true", "[]", "{}", "None", "0", "1_000",
    "00000000-0000-0000-0000-000000000000", "2024-01-01T25:00", "9999-12-31", "\u0661",
]  # fmt: skip


@pytest.fixture
def garments(use_encoder, register):
    use_encoder(more={"THROTTLE_RATES": dict.fromkeys(["search", "media", "suggest", "events"])})
    register(
        Garment, text={"A": ["title"]}, filters=FILTERS, facets=["department", "house", "price", "is_organic", "added"]
    )
    top = Department.objects.create(name="Clothes")
    shirts = Department.objects.create(name="Shirts", parent=top)
    houses = [House.objects.create(name="Acme") for _ in range(2)]
    for number in range(4):
        Garment.objects.create(
            title=f"red shirt {number}", department=shirts if number else top, house=houses[number % 2],
            price=10 * number, is_organic=bool(number), added=datetime(2024, 1, 1 + number, tzinfo=UTC),
        )  # fmt: skip
    index_pending(get_index(Garment))
    refresh(get_index(Garment))
    return top, shirts, houses


def ask(client, **params):
    answer = client.get(SEARCH, {"model": "showcase.Garment", **params})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_tree_says_the_parent_and_the_depth(client, garments):
    top, shirts, _houses = garments
    for body in (ask(client, q="red shirt"), ask(client, department=top.pk)):
        assert body["facets"]["department"] == [
            {"value": top.pk, "label": "Clothes", "count": 4, "parent": None, "depth": 0},
            {"value": shirts.pk, "label": "Clothes > Shirts", "count": 3, "parent": top.pk, "depth": 1},
        ]
        assert body["total"] == 4
    assert ask(client, q="red shirt", department=shirts.pk)["total"] == 3


def test_two_rows_of_one_name_stay_two(client, garments):
    houses = {str(house.pk) for house in garments[2]}
    body = ask(client, q="red shirt")
    assert {(value["value"], value["label"], value["count"]) for value in body["facets"]["house"]} == {
        (key, "Acme", 2) for key in houses
    }
    for key in houses:
        assert ask(client, q="red shirt", house=key)["total"] == 2
    assert ask(client, q="red shirt", house="acme")["total"] == 4


def test_numbers_and_dates_have_ranges(client, garments):
    body = ask(client, q="red shirt", price_min=20)
    price = body["ranges"]["price"]
    assert (price["min"], price["max"]) == (0, 30)  # without its own filter
    assert sum(part["count"] for part in price["histogram"]) == 4
    assert (body["ranges"]["added"]["min"], body["ranges"]["added"]["max"]) == ("2024-01-03", "2024-01-04")
    assert body["total"] == 2
    assert ask(client, q="red shirt", added_min="2024-01-02", added_max="2024-01-03")["total"] == 2


def test_every_value_of_a_facet_is_one_that_its_filter_takes(client, garments):
    for name, values in ask(client, q="red shirt")["facets"].items():
        assert values, name
        for value in values:
            assert ask(client, q="red shirt", **{name: value["value"]})["total"] == value["count"], (name, value)


def test_suggested_values_are_those_that_a_filter_takes(client, garments):
    top = garments[0]
    answer = client.get("/api/xsearch/suggest/", {"model": "showcase.Garment", "q": "cloth"}).json()
    found = {(each["filter"], each["value"], each["count"]) for each in answer["categories"]}
    assert ("department", str(top.pk), 4) in found


@pytest.mark.parametrize("name", FILTERS)
def test_no_value_is_an_error_of_the_server(client, garments, name):
    index = get_index(Garment)
    bounds = [f"{name}_min", f"{name}_max"] if index.field(name).has_range else []
    for parameter in (name, *bounds):
        for value in HOSTILE:
            answer = client.get(SEARCH, {"model": "showcase.Garment", "q": "red shirt", parameter: value})
            assert answer.status_code in (200, 400), (parameter, value)


def test_the_document_describes_trees_and_ranges():
    schemas = document("/api/xsearch/")["components"]["schemas"]
    assert {"parent", "depth"} <= schemas["FacetOption"]["properties"].keys()
    assert schemas["FacetOption"]["required"] == ["count", "label", "value"]
    assert {"min", "max", "histogram"} == schemas["Range"]["properties"].keys()


def test_the_page_indents_a_tree_and_says_what_is_chosen(rf, garments):
    top, shirts, _houses = garments
    query = {"q": "red shirt", "department": str(shirts.pk), "is_organic": "true", "added_min": "2024-01-01"}
    page = SearchView.as_view(model=Garment)(rf.get("/search/", query)).render().content.decode()
    chosen = page[page.index("xs-chosen") :]
    assert all(text in chosen.split("</ul>")[0] for text in ("Clothes &gt; Shirts", "Is organic: Yes"))
    assert re.search(
        r'data-xs-depth="1" aria-current="true"><span class="xs-box" aria-hidden="true"></span>'
        r'<span class="xs-option-label">Clothes &gt; Shirts</span><span class="xs-count">3<',
        page,
    )
    assert 'type="date" name="added_min" value="2024-01-01"' in page
    assert re.search(r'type="number"[^>]* name="price_max" value="" placeholder="30', page)
    assert f"department={top.pk}" in page
