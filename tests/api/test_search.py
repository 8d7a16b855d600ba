"""The search endpoint: what it finds, and what its answer says."""

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from shop.models import Product
from tests.support import widget_shop
from xsearch.models import QueryLog

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
    "alternatives",
    "interpretation",
    "hits",
    "facets",
    "ranges",
    "total_is_exact",
    "total",
    "close",
    "personal",
    "page",
    "page_size",
    "degraded",
    "took_ms",
    "sort",
}


def titles(answer):
    assert answer.status_code == 200, answer.content
    return [hit["title"] for hit in answer.json()["hits"]]


def upload(content, name="photo.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type)


# What is found


def test_text_finds_by_get(client, stock):
    answer = client.get(SEARCH, {"q": "red jacket"})
    assert titles(answer)[0] == "Red jacket"
    assert set(answer.json()) == KEYS


def test_a_typing_error_is_corrected_unless_the_words_are_meant(client, stock):
    answer = client.get(SEARCH, {"q": "red jakcet"})
    assert titles(answer)[0] == "Red jacket"
    assert (answer.json()["query"], answer.json()["corrected"]) == ("red jakcet", "red jacket")
    literal = client.post(SEARCH, {"q": "red jakcet", "literal": True}, content_type="application/json").json()
    assert (literal["query"], literal["corrected"]) == ("red jakcet", None)
    assert client.get(SEARCH, {"q": "red jacket"}).json()["corrected"] is None


def test_what_is_understood_is_said_and_can_be_overridden(client, stock):
    answer = client.get(SEARCH, {"q": "red lamp under 60"}).json()
    assert answer["interpretation"]["text"] == "red lamp"
    assert answer["interpretation"]["relaxed"] == []
    conditions = {each["id"]: each for each in answer["interpretation"]["conditions"]}
    assert list(conditions) == ["colour:is:red", "category:is:lamps", "price:at_most:60"]
    assert conditions["price:at_most:60"] == {
        "id": "price:at_most:60",
        "phrase": "under 60",
        "start": 9,
        "end": 17,
        "field": "price",
        "op": "at_most",
        "value": [60.0],
        "label": "Price: at most 60",
        "mode": "strict",
    }
    assert all(hit["price"] <= 60 for hit in answer["hits"])
    chosen = {"q": "red lamp under 60", "strict": ["colour:is:red", "category:is:lamps"], "drop": "price:at_most:60"}
    answer = client.get(SEARCH, chosen).json()
    assert [hit["title"] for hit in answer["hits"]] == ["Red lamp"]
    assert answer["interpretation"]["text"] == "red lamp under 60"
    assert [each["mode"] for each in answer["interpretation"]["conditions"]] == ["strict", "strict", "off"]
    by_json = client.post(SEARCH, chosen, content_type="application/json").json()
    assert by_json["interpretation"] == answer["interpretation"]


def test_nothing_is_understood_where_the_request_says_so(client, stock):
    answer = client.get(SEARCH, {"q": "red lamp under 60", "understand": "0"}).json()
    assert answer["interpretation"] == {"text": "red lamp under 60", "conditions": [], "relaxed": []}
    assert client.post(SEARCH, {"image": upload(widget_shop.photo("red"))}).json()["interpretation"] is None


@pytest.mark.parametrize("name", ["drop", "soft", "strict"])
def test_conditions_are_named_by_texts(client, stock, name):
    unknown = client.get(SEARCH, {"q": "red", name: "no:such:thing"})
    assert unknown.status_code == 200
    refused = client.post(SEARCH, {"q": "red", name: [{"a": 1}]}, content_type="application/json")
    assert (refused.status_code, set(refused.json())) == (400, {"code", "detail"})


@pytest.mark.parametrize("kind", ["json", "multipart", "form"])
def test_text_finds_by_post(client, stock, kind):
    body = {"q": "green mug", "page_size": "3"}
    if kind == "json":
        answer = client.post(SEARCH, body, content_type="application/json")
    elif kind == "multipart":
        answer = client.post(SEARCH, body)
    else:
        answer = client.post(SEARCH, "q=green+mug&page_size=3", content_type="application/x-www-form-urlencoded")
    assert titles(answer)[0] == "Green mug"
    assert answer.json()["page_size"] == 3


def test_a_hit_has_what_a_shop_shows(client, stock):
    hit = client.get(SEARCH, {"q": "red jacket"}).json()["hits"][0]
    product = Product.objects.get(title="Red jacket")
    assert hit["id"] == product.pk
    assert hit["url"] == "/product/J0/"
    assert hit["image"] == product.photo.url
    assert (hit["price"], hit["in_stock"], hit["sku"]) == (10.0, True, "J0")
    assert 0 < hit["score"] <= 1
    assert hit["matched_by"] == ["text"]
    assert "explain" not in hit


def test_more_hits_need_no_more_queries(client, stock):
    with CaptureQueriesContext(connection) as one:
        titles(client.get(SEARCH, {"q": "red jacket", "page_size": 1}))
    with CaptureQueriesContext(connection) as six:
        assert len(titles(client.get(SEARCH, {"q": "red jacket"}))) == 6
    assert len(six) <= len(one)


def test_explain_says_what_each_part_added(client, stock):
    assert client.get(SEARCH, {"q": "red", "explain": "1"}).json()["hits"][0]["explain"]


def test_titles_are_in_the_language_of_the_request(client, stock):
    with translation.override("en"):  # a request leaves its language behind
        answer = client.get(SEARCH, {"q": "红色 夹克"}, headers={"accept-language": "zh-hans"})
    assert titles(answer)[0] == "红色夹克"


def test_photo_finds_its_colour(client, stock):
    answer = client.post(SEARCH, {"image": upload(widget_shop.photo("blue"))})
    assert sorted(titles(answer)[:3]) == ["Blue jacket", "Blue lamp", "Blue mug"]
    assert answer.json()["hits"][0]["matched_by"] == ["image"]


def test_photo_and_text_are_one_query(client, stock):
    answer = client.post(SEARCH, {"image": upload(widget_shop.photo("blue")), "q": "lamp"})
    assert titles(answer)[0] == "Blue lamp"


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
def test_photo_in_json(client, stock, prefix):
    image = prefix + base64.b64encode(widget_shop.photo("yellow")).decode()
    answer = client.post(SEARCH, json.dumps({"image": image}), content_type="application/json")
    assert titles(answer)[0].startswith("Yellow")


def test_crop_looks_at_a_part_of_the_photo(client, stock):
    from io import BytesIO

    from PIL import Image

    both = Image.new("RGB", (400, 200))
    for place, colour in enumerate(("red", "green")):
        both.paste(Image.open(BytesIO(widget_shop.photo(colour, (200, 200)))), (place * 200, 0))
    stream = BytesIO()
    both.save(stream, "PNG")
    for crop, colour in (("0,0,0.5,1", "Red"), ("0.5,0,0.5,1", "Green")):
        answer = client.post(SEARCH, {"image": upload(stream.getvalue(), "a.png", "image/png"), "crop": crop})
        assert titles(answer)[0].startswith(colour)


@pytest.mark.parametrize("weights", ["text=1,image=0", '{"image": 0, "text": 1}'])
def test_weights(client, stock, weights):
    image = upload(widget_shop.photo("blue"))
    answer = client.post(SEARCH, {"image": image, "q": "red lamp", "weights": weights})
    assert titles(answer)[0] == "Red lamp"


def test_filters_and_facets(client, stock):
    answer = client.get(SEARCH, {"q": "mug", "price_min": "31", "price_max": 40, "colour": ["blue", "green"]})
    assert sorted(titles(answer)) == ["Blue mug", "Green mug"]
    colours = answer.json()["facets"]["colour"]
    assert {value["value"]: value["count"] for value in colours} == {"blue": 1, "green": 1}


def test_filters_in_json_keep_their_types(client, stock):
    body = {"q": "mug", "price_min": 31.5, "in_stock": True, "colour": ["blue", "yellow"]}
    answer = client.post(SEARCH, body, content_type="application/json")
    assert sorted(titles(answer)) == ["Blue mug", "Yellow mug"]


def test_pages_do_not_overlap(client, stock):
    first, second = (client.get(SEARCH, {"q": "red jacket", "page": page, "page_size": 2}) for page in (1, 2))
    assert len(titles(first)) == len(titles(second)) == 2
    assert not set(titles(first)) & set(titles(second))


def test_a_page_beyond_the_last_is_empty(client, stock):
    answer = client.get(SEARCH, {"q": "red", "page": 1_000_000, "page_size": 100})
    assert titles(answer) == []
    assert answer.json()["total"] > 0


def test_what_is_counted_exactly_is_no_second_search(client, stock, settings):
    settings.XSEARCH = {**widget_shop.XSEARCH, "EXACT_ROWS": 0, "CANDIDATES": 8, "MATCHES": 8}
    asked = {"q": "mug jacket lamp", "page_size": 4}
    first = client.get(SEARCH, {**asked, "exact": "0"}).json()
    counted = client.get(SEARCH, {**asked, "exact": "1", "again": "1"}).json()
    assert (first["total_is_exact"], counted["total_is_exact"], counted["total"]) == (False, True, 12)
    by_default = client.get(SEARCH, {**asked, "again": "1"}).json()
    assert [by_default[name] for name in ("total", "facets")] == [counted[name] for name in ("total", "facets")]
    assert [hit["id"] for hit in first["hits"]] == [hit["id"] for hit in counted["hits"]]
    assert str(QueryLog.objects.get().query_id) == first["query_id"]
