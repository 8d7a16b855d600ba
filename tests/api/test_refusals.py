"""The search endpoint: what it refuses and why, and that no query, however strange, breaks it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shop.models import Product
from tests.support import widget_shop

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

SEARCH = "/api/xsearch/search/"
KEYS = {
    "query_id",
    "query",
    "corrected",
    "transcript",
    "hits",
    "facets",
    "ranges",
    "total",
    "page",
    "page_size",
    "degraded",
    "took_ms",
}


def titles(answer):
    assert answer.status_code == 200, answer.content
    return [hit["title"] for hit in answer.json()["hits"]]


def problem(answer, status, code=None):
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"code", "detail"}
    assert body["detail"]
    assert code in (None, body["code"])
    return body["detail"]


def upload(content, name="photo.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type)


# What is refused


def test_nothing_to_search_for(client):
    problem(client.get(SEARCH), 400, "empty")
    problem(client.get(SEARCH, {"q": "  "}), 400, "empty")
    problem(client.post(SEARCH, {}), 400, "empty")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "abc"),
        ("page", "1e3"),
        ("page", "9" * 400),
        ("page_size", "0"),
        ("page_size", "101"),
        ("weights", "text"),
        ("weights", "text=nan"),
        ("weights", "text=-1"),
        ("weights", '{"text": '),
        ("weights", "[" * 5000),
        ("weights", "colour=1"),
        ("lang", "english language"),
        ("lang", "../etc"),
        ("explain", "perhaps"),
        ("model", "auth.User"),
        ("price_min", "cheap"),
        ("price_min", "NaN"),
        ("in_stock", "perhaps"),
        ("colour", "a\x00b"),
    ],
)
def test_bad_parameters_are_named(client, name, value):
    assert name.split("_")[0] in problem(client.get(SEARCH, {"q": "red", name: value}), 400) or name in (
        "weights",
        "model",
    )


@pytest.mark.parametrize("weights", [1, True, [1], "text", {"text": "x"}, {"text": [1]}])
def test_weights_that_are_none_are_refused(client, weights):
    problem(client.post(SEARCH, {"q": "red", "weights": weights}, content_type="application/json"), 400)


@pytest.mark.parametrize("crop", ["", "1", "0,0,1", "0,0,2,1", "-1,0,1,1", "0,0,0,1", "nan,0,1,1", "a,b,c,d"])
def test_bad_crops(client, stock, crop):
    answer = client.post(SEARCH, {"image": upload(widget_shop.photo("red")), "crop": crop})
    if crop:
        problem(answer, 400)
    else:
        assert answer.status_code == 200


def test_unknown_parameters_are_refused_with_the_allowed_ones(client):
    detail = problem(client.get(SEARCH, {"q": "red", "color": "red"}), 400, "unknown_parameter")
    assert "color" in detail
    assert all(name in detail for name in ("q", "page_size", "colour", "price_max"))


def test_a_photo_in_the_address_is_refused(client):
    problem(client.get(SEARCH, {"image": "abc"}), 400, "unknown_parameter")


def test_the_token_of_djangos_forms_is_ignored(client, stock):
    assert titles(client.post(SEARCH, {"q": "red jacket", "csrfmiddlewaretoken": "abc"}))


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"3", b'"red"', b"\xff\xfe", b'{"q": ' + b"[" * 100_000, b'{"page": 1' + b"0" * 5000 + b"}"],
)
def test_malformed_json(client, body):
    problem(client.post(SEARCH, body, content_type="application/json"), 400)


@pytest.mark.parametrize(
    "body", [{"q": ["red"]}, {"q": {"a": 1}}, {"q": "red", "colour": {"a": 1}}, {"image": 7}, {"page": True}]
)
def test_json_of_wrong_types(client, body):
    problem(client.post(SEARCH, body, content_type="application/json"), 400)


@pytest.mark.parametrize("image", ["no base64!", "data:image/jpeg,abc", "data:text/html;base64,&&&&"])
def test_json_that_holds_no_photo(client, image):
    problem(client.post(SEARCH, {"image": image}, content_type="application/json"), 400)


@pytest.mark.parametrize("kind", ["text/xml", "text/plain", "application/octet-stream", ""])
def test_other_content_types(client, kind):
    problem(client.post(SEARCH, b"<q>red</q>", content_type=kind), 415, "unsupported_media_type")


def test_broken_multipart(client):
    problem(client.post(SEARCH, b"no parts", content_type="multipart/form-data"), 400, "parse_error")
    bounded = "multipart/form-data; boundary=abc"
    problem(client.post(SEARCH, b"--abc\r\nnonsense", content_type=bounded), 400)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods(client, method):
    answer = getattr(client, method)(SEARCH)
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_addresses_that_do_not_exist(client):
    problem(client.get("/api/xsearch/nothing/"), 404, "not_found")


# Queries that are strange, but queries


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE shop_product; --",
        "red & (jacket | !mug) <-> :* 'a'",
        "jacket'; SELECT pg_sleep(9)--",
        "\\ % _ \" ' ; : & | ! ( ) < > *",
        "🧥 red 👩‍👩‍👧‍👦 jacket",
        "r̷̢̛e̸d̴ j\u0301\u0302\u0303acket",
        "red\x00jacket",
        "red\x01\x02\x1b[31mjacket\u202e",
        "\ufeff\u200bred\u2028jacket",
        "红色夹克 سترة حمراء красная",
        "{{ 7*7 }} <script>alert(1)</script>",
        "red " * 120,
    ],
)
def test_strange_queries_are_answered(client, stock, text):
    for answer in (client.get(SEARCH, {"q": text}), client.post(SEARCH, {"q": text})):
        assert answer.status_code == 200, answer.content
    assert client.get("/search/", {"q": text}).status_code == 200
    assert Product.objects.count() == 12


@pytest.mark.parametrize("name", ["q", "colour", "model", "lang", "weights", "\\ud800", "image"])
def test_half_a_surrogate_pair_is_answered(client, stock, name):
    body = f'{{"q": "red", "{name}": "red \\ud800 jacket"}}'.encode()
    answer = client.post(SEARCH, body, content_type="application/json")
    assert answer.status_code == (200 if name == "q" else 400), answer.content


def test_bytes_that_are_not_utf8_are_answered(client, stock):
    assert client.get(SEARCH + "?q=red%ff%fe").status_code == 200


def test_ten_thousand_characters_are_refused(client):
    assert "500" in problem(client.get(SEARCH, {"q": "red " * 2500}), 400)
    assert "500" in problem(client.post(SEARCH, {"q": "红" * 10_000}), 400)
