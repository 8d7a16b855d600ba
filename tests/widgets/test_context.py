"""Templates of a result that need the page: its request and user, a CSRF token, context processors, the language."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.template import Context, RequestContext, engines
from django.test import Client

from shop.models import Product
from tests.support import page_context, widget_shop

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

FORM = re.compile(
    r'data-user="([^"]*)" data-path="([^"]*)" data-basket="([^"]*)"\s+data-language="([^"]*)" data-own="([^"]*)">'
    r'<input type="hidden" name="csrfmiddlewaretoken" value="(\w{64})">\s*<button>([^<]*)</button>'
)


@pytest.fixture
def own_hits(settings):
    """The shop with a template of a result of its own."""
    widget_shop.use(settings)
    [engine] = settings.TEMPLATES
    options = engine["OPTIONS"]
    files = {"xsearch/hit.html": page_context.HIT}
    own = {
        "loaders": [
            ("django.template.loaders.locmem.Loader", files),
            "django.template.loaders.app_directories.Loader",
        ],
        "libraries": {"page_context": "tests.support.page_context"},
        "context_processors": [*options["context_processors"], "tests.support.page_context.basket"],
    }
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": {**options, **own}}]


@pytest.fixture
def customer(client):
    """A customer who is logged in and has something in the basket."""
    user = get_user_model().objects.create_user("mia")
    client.force_login(user)
    session = client.session
    session["basket"] = [1, 2]
    session.save()
    return client


def forms(answer):
    assert answer.status_code == 200
    return FORM.findall(answer.content.decode())


def test_results_of_the_page(customer, stock, own_hits):
    found = forms(customer.get("/search/", {"q": "red mug"}))
    assert len(found) == 6
    assert {(each[:5], each[6]) for each in found} == {(("mia", "/search/", "9", "en", ""), "Search")}


def test_results_that_the_script_fetches(customer, stock, own_hits):
    answer = customer.post("/search/", {"q": "red mug", "page": "1"}, headers={"x-xsearch": "fragment"})
    assert {(each[:4], each[6]) for each in forms(answer)} == {(("mia", "/search/", "9", "en"), "Search")}


def test_the_token_of_a_fragment_is_valid(stock, own_hits):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/search/", {"q": "red mug"}, headers={"x-xsearch": "fragment"})
    token = forms(answer)[0][5]
    assert client.post("/mugs/", {"csrfmiddlewaretoken": token}).status_code == 200
    assert client.post("/mugs/").status_code == 403


def test_similar_products_on_a_page(customer, stock, own_hits):
    product = Product.objects.get(title="Red mug")
    found = forms(customer.get(f"/product/{product.sku}/"))
    assert len(found) == 2
    assert found[0][:4] == ("mia", f"/product/{product.sku}/", "9", "en")


def test_the_language_of_the_page(customer, stock, own_hits):
    answer = customer.get("/search/", {"q": "red mug"}, headers={"accept-language": "zh-hans"})
    assert {(each[3], each[6]) for each in forms(answer)} == {("zh-hans", "搜索")}


def test_the_variables_of_the_page_are_there(rf, stock, own_hits):
    request = rf.get("/here/")
    request.session = {}
    template = engines["django"].from_string(
        "{% load xsearch %}{% with page_variable='yes' %}{% xsearch_similar product %}{% endwith %}"
    )
    text = template.render({"product": Product.objects.get(title="Red mug")}, request)
    assert {each[4] for each in FORM.findall(text)} == {"yes"}


def test_no_context_processor_gives_the_request(rf, stock, own_hits, settings):
    """It is part of the ``RequestContext`` all the same."""
    request = rf.get("/here/")
    request.session = {}
    [engine] = settings.TEMPLATES
    names = [name for name in engine["OPTIONS"]["context_processors"] if not name.endswith(".request")]
    settings.TEMPLATES = [{**engine, "OPTIONS": {**engine["OPTIONS"], "context_processors": names}}]
    source = "{% load xsearch %}{% xsearch_assets %}{% xsearch_bar %}{% xsearch_similar product %}"
    text = engines["django"].from_string(source).render({"product": Product.objects.get(title="Red mug")}, request)
    assert FORM.findall(text)[0][1] == "/here/"
    assert text.count("xsearch.js") == 1


def test_a_page_without_a_request(stock, settings):
    """Such as a mail: the template that is shipped needs none."""
    widget_shop.use(settings)
    product = Product.objects.get(title="Red mug")
    template = engines["django"].from_string("{% load xsearch %}{% xsearch_similar product %}").template
    text = template.render(Context({"product": product}))
    assert text.count('class="xs-hit-title"') == 2


def test_the_page_own_variables_do_not_change_the_widgets(rf, stock, settings):
    widget_shop.use(settings)
    mixed = {"cards": [1], "title": "Page", "needed": False, "kept": [("a", "b")], "results": None, "chips": ["x"]}
    page = "{% load xsearch %}{% xsearch_bar %}{% xsearch_results %}{% xsearch_similar product %}"
    values = {**mixed, "product": Product.objects.get(title="Red mug")}
    text = engines["django"].from_string(page).template.render(RequestContext(rf.get("/"), values))
    assert 'aria-label="Similar products"' in text
    assert 'name="a"' not in text
    assert "xsearch.js" in text
    assert "take a photo of it" in text


def test_the_bar_takes_the_name_of_a_page(rf, settings):
    widget_shop.use(settings)
    source = "{% load xsearch %}{% xsearch_bar action='search' %}{% xsearch_bar action='/a/b/' %}"
    text = engines["django"].from_string(source).render({}, rf.get("/"))
    assert re.findall(r' action="([^"]*)"', text) == ["/search/", "/a/b/"]
