"""What holds for every query: an answer or a reason, filters that filter, and pages that make up the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.models import Product
from tests.api.test_fuzz import quick
from tests.support.widget_shop import KINDS

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

SEARCH = "/api/xsearch/search/"
WORDS = st.sampled_from([*KINDS, "red", "green", "blue", "redd", "红色", "马克杯", "northwind", "M5", "xqzvw"])
QUERIES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=600)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "category": st.sampled_from([f"{kind}s" for kind in KINDS]),
        "colour": st.lists(st.sampled_from(["red", "green", "blue", "yellow"]), min_size=1, max_size=3),
        "price_min": st.integers(0, 70),
        "price_max": st.integers(0, 70),
        "in_stock": st.booleans(),
    },
)


def ask(client, **body):
    answer = client.post(SEARCH, body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


@quick
@given(text=ANY_TEXT)
def test_any_text_has_an_answer_or_a_reason(client, stock, text):
    by_body = client.post(SEARCH, {"q": text}, content_type="application/json")
    by_address = client.get(SEARCH, {"q": text})
    for answer in (by_body, by_address):
        assert answer.status_code in (200, 400), answer.content
        assert set(answer.json()) >= ({"hits", "total"} if answer.status_code == 200 else {"code", "detail"})
    assert by_body.status_code == by_address.status_code


@quick
@given(query=QUERIES, filters=FILTERS)
def test_filters_hold_for_every_hit_and_only_narrow(client, stock, query, filters):
    found = ask(client, q=query, page_size=100, **filters)
    for product in Product.objects.select_related("category").filter(pk__in=[hit["id"] for hit in found["hits"]]):
        assert filters.get("category", product.category.name) == product.category.name
        assert product.colour in filters.get("colour", [product.colour])
        assert filters.get("price_min", 0) <= product.price <= filters.get("price_max", product.price)
        assert filters.get("in_stock", product.in_stock) == product.in_stock
    if found["close"]:  # else the nearest of what passes is shown, which need not be the nearest of all
        everything = ask(client, q=query, page_size=100)
        assert {hit["id"] for hit in found["hits"]} <= {hit["id"] for hit in everything["hits"]}


@quick
@given(query=QUERIES, filters=FILTERS, size=st.integers(1, 7))
def test_pages_are_disjoint_and_make_up_the_total(client, stock, query, filters, size):
    whole = ask(client, q=query, page_size=100, **filters)
    pages, number = [], 1
    while page := ask(client, q=query, page_size=size, page=number, **filters)["hits"]:
        pages.append([hit["id"] for hit in page])
        number += 1
    assert all(len(page) == size for page in pages[:-1])
    in_order = [key for page in pages for key in page]
    assert in_order == [hit["id"] for hit in whole["hits"]]
    assert len(set(in_order)) == len(in_order) == whole["total"]
    for name, counts in whole["facets"].items():
        # A facet that is chosen from shows what else there is.
        chosen = filters.get(name, [value["label"] for value in counts])
        assert sum(value["count"] for value in counts if value["label"] in chosen) <= whole["total"]
