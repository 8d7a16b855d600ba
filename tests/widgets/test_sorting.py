"""The menu of orders, and pages of categories, without a browser."""

import re

import pytest
from django.urls import path
from django.utils import translation

from tests.support import widget_shop
from tests.support.widget_shop import urlpatterns as shop_urls
from xsearch.index.registry import get_index
from xsearch.models import Popularity
from xsearch.views import SearchView

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.widgets.test_sorting"),
    pytest.mark.usefixtures("settings_of_shop"),
]


class RedThings(SearchView):
    """The page of a category."""

    browse = True

    def get_queryset(self, index):
        return super().get_queryset(index).filter(colour="red")


urlpatterns = [*shop_urls, path("red/", RedThings.as_view())]


def titles(answer):
    return re.findall(r'xs-hit-title">([^<]*)<', answer.content.decode())


def menu(answer):
    """Return {name: label} of the menu, the chosen name, and the hidden parameters."""
    found = re.search(r"<form[^>]*data-xs-sort.*?</form>", answer.content.decode(), re.DOTALL)
    if not found:
        return None
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', found[0])
    [chosen] = [name for name, selected, _label in options if selected]
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', found[0])
    return {name: label for name, _selected, label in options}, chosen, hidden


def test_the_menu_offers_what_there_is_and_keeps_the_rest_of_the_query(client, stock):
    labels, chosen, hidden = menu(client.get("/search/", {"q": "jacket", "colour": ["red", "blue"]}))
    assert labels == {
        "relevance": "Relevance",
        "price_asc": "Price: low to high",
        "price_desc": "Price: high to low",
        "newest": "Newest",
    }
    assert chosen == "relevance"
    assert hidden == [("q", "jacket"), ("colour", "red"), ("colour", "blue")]


def test_the_chosen_order_is_in_force_and_stays_in_the_links(client, stock):
    answer = client.get("/search/", {"q": "jacket", "sort": "price_desc"})
    assert titles(answer) == ["Yellow jacket", "Blue jacket", "Green jacket", "Red jacket"]
    assert menu(answer)[1] == "price_desc"
    facet = re.search(r'href="([^"]*colour=[^"]*)"', answer.content.decode())[1]
    assert "sort=price_desc" in facet
    assert menu(client.get("/search/", {"q": "jacket", "sort": "nonsense"}))[1] == "relevance"


def test_the_menu_is_translated(client, stock):
    with translation.override("zh-hans"):
        labels, *_others = menu(client.get("/search/", {"q": "jacket"}, headers={"accept-language": "zh-hans"}))
    assert labels == {
        "relevance": "相关性",
        "price_asc": "价格从低到高",
        "price_desc": "价格从高到低",
        "newest": "最新",
    }


def test_popularity_is_offered_once_it_is_known(client, stock):
    Popularity.objects.create(content_type=get_index().content_type, object_id="1", score=0.5)
    assert menu(client.get("/search/", {"q": "jacket"}))[0]["popularity"] == "Most popular"


def test_a_declared_order_has_the_label_of_the_shop(client, stock, monkeypatch):
    monkeypatch.setattr(type(get_index()), "sorts", {"by_name": "title"})
    assert menu(client.get("/search/", {"q": "jacket"}))[0]["by_name"] == "By name"
    monkeypatch.setattr(type(get_index()), "sort_label", lambda _index, name: {"by_name": "A to Z"}.get(name, ""))
    assert menu(client.get("/search/", {"q": "jacket"}))[0]["by_name"] == "A to Z"


def test_a_category_is_a_page_with_facets_and_the_newest_first(client, stock):
    answer = client.get("/search/", {"colour": "red"})
    assert titles(answer) == ["Red lamp", "Red mug", "Red jacket"]
    labels, chosen, hidden = menu(answer)
    assert (chosen, hidden) == ("newest", [("colour", "red")])
    assert "relevance" not in labels
    assert "<strong>3</strong> results" in answer.content.decode()


def test_a_view_of_a_category_needs_no_query(client, stock):
    assert titles(client.get("/red/")) == ["Red lamp", "Red mug", "Red jacket"]
    assert titles(client.get("/red/", {"q": "mug"}))[0] == "Red mug"
    assert titles(client.get("/red/", {"sort": "price_asc"}))[0] == "Red jacket"
    assert titles(client.get("/search/")) == []


def test_a_single_result_needs_no_order(client, stock):
    assert menu(client.get("/search/", {"q": "mug", "colour": "red", "price_max": 30})) is None


def test_a_photo_is_sorted_where_the_script_sends_it_again(client, stock):
    photo = {"image": widget_shop.photo("red"), "sort": "price_desc"}
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = {**photo, "image": SimpleUploadedFile("photo.jpg", photo["image"], "image/jpeg")}
    answer = client.post("/search/", sent, headers={"X-Xsearch": "fragment"})
    found = titles(answer)
    assert menu(answer)[1] == "price_desc"
    assert found == sorted(found, key=["Red jacket", "Red mug", "Red lamp"].index, reverse=True)
