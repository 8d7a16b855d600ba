"""Orders and browsing by HTTP."""

import pytest

from xsearch.models import QueryLog

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

SEARCH = "/api/xsearch/search/"


def prices(answer):
    assert answer.status_code == 200, answer.content
    return [hit["price"] for hit in answer.json()["hits"]]


def test_results_are_sorted_by_get_and_by_post(client, stock):
    assert prices(client.get(SEARCH, {"q": "jacket", "sort": "price_desc"})) == [25, 20, 15, 10]
    posted = client.post(SEARCH, {"q": "jacket", "sort": "price_asc"}, content_type="application/json")
    assert prices(posted) == [10, 15, 20, 25]
    assert posted.json()["sort"] == "price_asc"
    assert client.get(SEARCH, {"q": "jacket"}).json()["sort"] == "relevance"


def test_an_unknown_order_is_a_400_that_names_those_there_are(client, stock):
    answer = client.get(SEARCH, {"q": "jacket", "sort": "cheap"})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "bad_sort",
        "detail": "Unknown order 'cheap'. Allowed: relevance, price_asc, price_desc, newest, popularity.",
    }


def test_a_filter_alone_is_answered_page_by_page_and_not_logged_as_a_query(client, stock):
    first = client.get(SEARCH, {"colour": ["red", "blue"], "page_size": 4})
    second = client.get(SEARCH, {"colour": ["red", "blue"], "page_size": 4, "page": 2})
    assert prices(first) + prices(second) == [60, 50, 40, 30, 20, 10]
    body = first.json()
    assert (body["total"], body["total_is_exact"], body["close"], body["query"]) == (6, True, True, "")
    assert (body["sort"], body["interpretation"], body["degraded"]) == ("newest", None, [])
    assert {value["label"]: value["count"] for value in body["facets"]["colour"]} == dict.fromkeys(
        ["red", "green", "blue", "yellow"], 3
    )
    assert not QueryLog.objects.exists()


@pytest.mark.parametrize(
    "asked", [{}, {"q": " "}, {"sort": "newest"}, {"colour": ""}, {"colour": ["", ""]}, {"page": 2}]
)
def test_nothing_at_all_is_refused(client, stock, asked):
    answer = client.get(SEARCH, asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "empty")
    assert "or a filter" in answer.json()["detail"]


def test_the_order_is_described(client):
    schema = client.get("/api/xsearch/schema/").json()
    names = [each["name"] for each in schema["paths"]["/api/xsearch/search/"]["get"]["parameters"]]
    assert "sort" in names
    assert "sort" in schema["components"]["schemas"]["Results"]["properties"]
