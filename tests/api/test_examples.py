"""More like this, not this, and several photos of one thing, by HTTP and on the page without JavaScript."""

import base64
import html
import json
import re

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


def key(title):
    return Product.objects.get(title=title).pk


def titles(answer):
    assert answer.status_code == 200, answer.content
    return [hit["title"] for hit in answer.json()["hits"]]


def upload(content):
    return SimpleUploadedFile("photo.jpg", content, "image/jpeg")


def links(answer, label):
    """Return the address behind the link that is called ``label``."""
    found = re.search(rf'<a[^>]*href="([^"]*)"[^>]*aria-label="{re.escape(label)}"', answer.content.decode())
    return f"/search/{html.unescape(found[1])}"


def test_like_finds_more_of_the_same_without_itself(client, stock):
    found = titles(client.get(SEARCH, {"like": key("Red mug")}))
    assert "Red mug" not in found
    assert set(found[:2]) == {"Red jacket", "Red lamp"}


def test_the_label_of_a_model_may_lead_an_id(client, stock):
    led = client.get(SEARCH, {"like": f"shop.Product:{key('Red mug')}"})
    assert titles(led) == titles(client.get(SEARCH, {"like": key("Red mug")}))


@pytest.mark.parametrize("send", ["commas", "repeated", "json"])
def test_several_examples_are_sent_at_once(client, stock, send):
    keys = [key("Red mug"), key("Blue mug")]
    if send == "json":
        answer = client.post(SEARCH, json.dumps({"like": keys}), "application/json")
    else:
        answer = client.get(SEARCH, {"like": ",".join(map(str, keys)) if send == "commas" else keys})
    assert {title.split()[0] for title in titles(answer)[:4]} == {"Red", "Blue"}


def test_unlike_moves_things_away_within_the_query(client, stock):
    before = titles(client.get(SEARCH, {"q": "mug"}))
    after = titles(client.get(SEARCH, {"q": "mug", "unlike": key(before[0])}))
    assert before[0] not in after
    assert set(after) <= set(before)
    lamps = {"q": "lamp", "unlike": key("Red mug")}
    assert titles(client.get(SEARCH, lamps))[-1] == "Red lamp"


def test_examples_go_together_with_words_and_filters(client, stock):
    query = {"like": key("Red mug"), "q": "lamp", "category": "Lamps"}
    found = titles(client.get(SEARCH, query))
    assert found[0] == "Red lamp"
    assert all("lamp" in title for title in found)


@pytest.mark.parametrize("value", ["999999", "none", "99999999999999999999999", "\0"])
@pytest.mark.parametrize("name", ["like", "unlike"])
def test_an_unknown_example_is_refused(client, stock, name, value):
    answer = client.get(SEARCH, {"q": "mug", name: value})
    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_object"
    assert name in answer.json()["detail"]


@pytest.mark.parametrize("value", [{"id": 1}, [[1]], [True]])
def test_what_is_no_id_is_refused(client, stock, value):
    answer = client.post(SEARCH, json.dumps({"like": value}), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")


def test_too_many_examples_are_refused(client, stock, settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"EXAMPLES_MAX": 1}
    answer = client.get(SEARCH, {"like": [key("Red mug"), key("Blue mug")]})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many")


def test_two_photos_are_one_query(client, stock):
    photos = [widget_shop.photo("red"), widget_shop.photo("blue")]
    answer = client.post(SEARCH, {"image": [upload(photo) for photo in photos]})
    assert {title.split()[0] for title in titles(answer)[:6]} == {"Red", "Blue"}
    inline = json.dumps({"image": [base64.b64encode(photo).decode() for photo in photos]})
    assert titles(client.post(SEARCH, inline, "application/json")) == titles(answer)


def test_of_two_photos_the_broken_one_is_named(client, stock):
    broken = widget_shop.photo("red")[:200]
    answer = client.post(SEARCH, {"image": [upload(widget_shop.photo("red")), upload(broken)]})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("Photo 2:")


def test_too_many_photos_and_too_many_bytes_are_refused(client, stock, settings):
    photos = [widget_shop.photo("red", (64, 64))] * 3
    settings.XSEARCH = widget_shop.XSEARCH | {"IMAGES_MAX": 2}
    answer = client.post(SEARCH, {"image": [upload(photo) for photo in photos]})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many")
    small = {"IMAGES_MAX": 5, "IMAGE_MAX_BYTES": 500_000, "AUDIO_MAX_BYTES": 1000}
    settings.XSEARCH = widget_shop.XSEARCH | small
    answer = client.post(SEARCH, {"image": [upload(bytes(450_000)) for _ in range(4)]})
    assert answer.status_code == 413


def test_the_page_takes_examples_from_its_links_and_back(client, stock):
    page = client.get("/search/", {"q": "mug"})
    liked = client.get(links(page, "More like Green mug"))
    assert "xs-example-title" in liked.content.decode()
    both = client.get(links(liked, "Not Blue mug"))
    assert both.content.decode().count("xs-example-title") == 2
    undone = client.get(links(both, "Remove the example Green mug"))
    assert undone.content.decode().count("xs-example-title") == 1
    turned = client.get(links(liked, "Not Blue mug").replace("unlike", "like"))
    assert turned.content.decode().count("xs-unlike") == 0


def test_the_form_keeps_the_examples(client, stock):
    page = client.get("/search/", {"q": "mug", "like": key("Red mug")}).content.decode()
    assert f'<input type="hidden" name="like" value="{key("Red mug")}" data-xs-kept>' in page


def test_an_example_that_is_gone_is_left_out_of_the_page(client, stock):
    page = client.get("/search/", {"q": "mug", "like": "999999"})
    assert page.status_code == 200
    assert "An example is not in the shop any more" in page.content.decode()
