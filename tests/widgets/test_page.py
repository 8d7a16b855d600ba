"""The search page and the template tags, without a browser."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.template import engines
from django.test import Client
from django.urls import path
from django.utils import translation

from shop.models import Product
from tests.support import widget_shop
from xsearch.index.registry import get_index
from xsearch.search import search
from xsearch.views import SearchView
from xsearch.widgets.hits import notices
from xsearch.widgets.query import PageQuery

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]


def titles(answer):
    return re.findall(r'xs-hit-title">([^<]*)<', answer.content.decode())


def photo(colour):
    return SimpleUploadedFile("photo.jpg", widget_shop.photo(colour), "image/jpeg")


# The page


def test_the_page_finds_what_stands_in_the_address(client, stock):
    answer = client.get("/search/", {"q": "red jacket"})
    assert titles(answer)[0] == "Red jacket"
    assert answer.context["results"].total == 6
    assert answer.context["query"].q == "red jacket"
    assert answer.context["error"] is None


def test_the_page_without_a_query_invites(client):
    answer = client.get("/search/")
    assert answer.status_code == 200
    assert answer.context["results"] is None
    assert "take a photo" in answer.content.decode()


def test_words_sent_by_the_form_get_an_address_of_their_own(client, stock):
    answer = client.post("/search/", {"q": "red mug", "colour": "red", "csrfmiddlewaretoken": "x"})
    assert (answer.status_code, answer["Location"]) == (303, "?q=red+mug&colour=red")
    assert client.post("/search/", {"q": ""}).status_code == 303


def test_a_photo_sent_by_the_form_is_answered_at_once(stock):
    answer = Client(enforce_csrf_checks=True).post("/search/", {"image": photo("blue")})
    assert answer.status_code == 200
    assert titles(answer)[0].startswith("Blue")
    assert answer["Cache-Control"] == "no-store"
    assert "data-xs-refine" not in answer.content.decode()  # links could not hold the photo


def test_without_javascript_a_photo_shows_all_that_a_page_may_show(client, stock):
    query = {"q": "jacket mug lamp"}
    alone = client.post("/search/", {**query, "image": photo("blue")})
    fragment = client.post("/search/", {**query, "image": photo("blue")}, headers={"x-xsearch": "fragment"})
    assert len(titles(alone)) == alone.context["results"].total > len(titles(fragment))


@pytest.mark.parametrize("count_all", [True, False])
def test_without_javascript_all_is_counted_at_once(client, stock, settings, count_all):
    large = {"EXACT_ROWS": 0, "CANDIDATES": 8, "MATCHES": 8, "MAX_PAGE_SIZE": 2}
    settings.XSEARCH = {**widget_shop.XSEARCH, **large, "COUNT_ALL": count_all}
    answer = client.post("/search/", {"q": "jacket mug lamp", "image": photo("blue")})
    assert answer.context["results"].total_is_exact is count_all


@pytest.mark.parametrize("page", ["-1", "0", "x", "", "²", "1.5"])
def test_what_is_no_page_is_the_first(client, stock, page):
    assert titles(client.get("/search/", {"q": "red jacket", "page": page}))[0] == "Red jacket"


def test_a_page_beyond_the_last_leads_back(client, stock):
    answer = client.get("/search/", {"q": "red jacket", "page": "99"}).content.decode()
    assert "The results do not go on to this page." in answer
    assert 'href="?q=red+jacket"' in answer
    assert "Nothing found" not in answer


def test_widgets_get_the_results_alone(client, stock):
    answer = client.post("/search/", {"q": "red", "image": photo("red")}, headers={"x-xsearch": "fragment"})
    text = answer.content.decode()
    assert "<html" not in text
    assert "data-xs-content" in text
    assert "data-xs-refine" in text
    assert "X-Xsearch" in answer["Vary"]


@pytest.mark.parametrize(
    ("params", "status"),
    [({"q": "red", "price_min": "cheap"}, 400), ({"q": "x" * 600}, 400)],
)
def test_the_page_says_what_is_wrong(client, params, status):
    answer = client.get("/search/", params)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert answer.context["error"].status == status
    fragment = client.post("/search/", params, headers={"x-xsearch": "fragment"})
    assert fragment.status_code == status
    assert set(fragment.json()) == {"code", "detail"}


def test_without_a_database_the_page_says_so(client, stock):
    def refuse(execute, sql, params, many, context):
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        page = client.get("/search/?q=red")
        fragment = client.post("/search/", {"q": "red"}, headers={"x-xsearch": "fragment"})
    assert (page.status_code, fragment.status_code) == (503, 503)
    assert "not available right now" in page.content.decode()
    assert int(page["Retry-After"]) == int(fragment["Retry-After"]) > 0


def test_a_model_that_fails_is_left_out_and_named(client, stock, monkeypatch):
    def fail(*args):
        raise RuntimeError("no such model")

    monkeypatch.setattr("tests.support.widget_encoder.ColourEncoder.encode_batch", fail)
    answer = client.get("/search/", {"q": "red jacket"})
    assert titles(answer)[0] == "Red jacket"
    assert "Only the exact words were compared" in answer.content.decode()
    assert client.get("/api/xsearch/search/", {"q": "red jacket"}).json()["degraded"]
    assert client.post("/search/", {"image": photo("red")}).status_code == 200


def test_the_page_says_what_was_searched_for_instead(client, stock):
    answer = client.get("/search/", {"q": "red jakcet", "colour": "red"})
    text = " ".join(answer.content.decode().split())
    assert titles(answer)[0] == "Red jacket"
    assert "Showing results for <strong>red jacket</strong>." in text
    assert 'href="?q=red+jakcet&amp;literal=1&amp;colour=red" data-xs-refine>Search instead for red jakcet</a>' in text
    assert 'value="red jakcet"' in text  # the field keeps what was typed


def test_the_words_as_typed_are_searched_for_on_request(client, stock):
    answer = client.get("/search/", {"q": "red jakcet", "literal": "1"})
    text = answer.content.decode()
    assert "Showing results for" not in text
    assert answer.context["results"].corrected is None
    assert "?q=red+jakcet&amp;literal=1&amp;colour=red" in text  # a filter leaves it so
    assert "?q=red+jakcet&literal=1" in client.post("/search/", {"q": "red jakcet", "literal": "1"})["Location"]


def test_a_correction_is_said_in_chinese_and_escaped(client, stock):
    with translation.override("en"):
        headers = {"accept-language": "zh-hans"}
        text = client.get("/search/", {"q": "<b>jakcet</b>", "page": "1"}, headers=headers).content.decode()
    assert "正在显示“<strong>&lt;b&gt;jacket&lt;/b&gt;</strong>”的结果。" in text
    assert "仍然搜索“&lt;b&gt;jakcet&lt;/b&gt;”" in text


def test_parameters_of_others_are_ignored(client, stock):
    answer = client.get("/search/", {"q": "red jacket", "utm_source": "mail", "model": "auth.User", "explain": "x"})
    assert titles(answer)[0] == "Red jacket"


def test_what_customers_type_is_escaped(client, stock):
    answer = client.get("/search/", {"q": '"><script>alert(1)</script>', "colour": "<b>red"})
    assert "<script>alert" not in answer.content.decode()
    assert "<b>red" not in answer.content.decode()


def test_a_page_with_a_bar_sets_no_cookie(client):
    assert not client.get("/").cookies


def test_there_is_no_inline_script_or_style(client, stock):
    for address in ("/", "/search/?q=red", "/product/M4/"):
        text = client.get(address).content.decode()
        assert not re.findall(r"<script(?![^>]*(src=|application/json))[^>]*>", text)
        assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text)


def test_assets_are_linked_once(client, stock):
    assert client.get("/search/?q=red").content.decode().count("xsearch.js") == 1
    assert client.get("/product/M4/").content.decode().count("xsearch.js") == 1


def test_facets_link_to_what_they_choose_and_back(client, stock):
    links = {
        html.unescape(link) for link in re.findall(r'href="(\?[^"]*)"', client.get("/search/?q=lamp").content.decode())
    }
    assert "?q=lamp&colour=red" in links
    chosen = client.get("/search/?q=lamp&colour=red").content.decode()
    assert 'href="?q=lamp"' in chosen
    assert 'aria-current="true"' in chosen
    several = client.get("/search/", {"q": "lamp", "colour": ["red", "blue"]})
    assert sorted(titles(several)) == ["Blue lamp", "Red lamp"]


def test_a_subclass_chooses_the_objects(rf, stock):
    class Cheap(SearchView):
        def get_queryset(self, index):
            return Product.objects.filter(price__lt=20)

    answer = Cheap.as_view()(rf.get("/", {"q": "jacket"})).render()
    assert {"Red jacket", "Green jacket"} == set(titles(answer))


def test_a_subclass_keeps_the_exemption_of_csrf():
    class Mine(SearchView):
        def dispatch(self, request, *args, **kwargs):
            return super().dispatch(request, *args, **kwargs)

    assert path("", Mine.as_view()).callback.csrf_exempt


# The tags


def render(text, **context):
    return engines["django"].from_string("{% load xsearch %}" + text).render(context)


def test_similar_products_without_the_product_itself(stock):
    text = render("{% xsearch_similar product limit=2 %}", product=Product.objects.get(title="Red mug"))
    assert set(re.findall(r'xs-hit-title">([^<]*)<', text)) == {"Red jacket", "Red lamp"}


def test_similar_products_of_one_without_vectors_are_nothing(stock):
    product = Product.objects.create(sku="new", title="New")
    assert render("{% xsearch_similar product %}", product=product).strip() == ""


def test_results_of_a_view_of_the_shops_own(stock):
    results = search(Product.objects.all(), text="green lamp")
    text = render("{% xsearch_results results=results %}", results=results)
    assert "Green lamp" in text
    assert "data-query-id" in text


def test_results_without_any_are_a_place_for_the_script():
    assert "data-xsearch-results" in render("{% xsearch_results %}")


def test_the_bar_keeps_filters_and_takes_options():
    text = render(
        '{% xsearch_bar action="/s/" placeholder=hint autofocus=True filters=f %}',
        f={"category": ["Mugs", "Lamps"]},
        hint="Find <b>",
    )
    assert 'action="/s/"' in text
    assert 'placeholder="Find &lt;b&gt;"' in text
    assert " autofocus" in text
    assert text.count('type="hidden" name="category"') == 2


@pytest.mark.urls("tests.widgets.test_page")
def test_without_the_api_the_bar_still_searches(stock):
    text = render("{% xsearch_bar %}{% xsearch_similar product %}", product=Product.objects.first())
    assert '"transcribe": null' in text
    assert 'data-xs-events=""' in text


urlpatterns = [*widget_shop.urlpatterns[:4]]


def test_two_bars_have_ids_of_their_own(rf):
    template = engines["django"].from_string("{% load xsearch %}{% xsearch_bar %}{% xsearch_bar %}")
    text = template.render({}, rf.get("/"))
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) == 4


def test_chinese_pages_have_chinese_widgets(client, stock):
    with translation.override("en"):  # a request leaves its language behind
        text = client.get("/search/?q=红色夹克", headers={"accept-language": "zh-hans"}).content.decode()
    assert "红色夹克" in text
    for english in ("Search by words", "Show more", "results for", "Take a photo", "Listening"):
        assert english not in text


def test_what_was_left_out_is_said_in_words():
    assert notices([]) == []
    assert len(notices(["speech:zh", "speech:fr"])) == 1
    for code in ("speech", "speech:zh", "image:image", "text:text", "audio:audio", "lexical", "vectors", "x:y"):
        assert all(" " in notice and ":" not in notice for notice in notices([code]))


def test_addresses_of_queries():
    query = PageQuery(get_index(Product), {"q": "a&b", "colour": ["red", "blue"], "page": "3", "image": object()})
    assert query.url() == "?q=a%26b&colour=red&colour=blue"
    assert query.url(page=2) == "?q=a%26b&colour=red&colour=blue&page=2"
    assert query.toggled("colour", "RED") == "?q=a%26b&colour=blue"
    assert query.toggled("brand", "X") == "?q=a%26b&colour=red&colour=blue&brand=X"
    assert query.without_filters() == "?q=a%26b"
    assert query.has_media
    assert PageQuery(get_index(Product), {}).url() == "?"
