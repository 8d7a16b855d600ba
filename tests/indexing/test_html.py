"""Descriptions in HTML: what is declared in ``html`` is indexed as a page shows it."""

import logging

import pytest

import xsearch
from shop.models import Product
from tests.support import widget_shop
from xsearch.checks.indexes import check_index
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, inputs, statistics

pytestmark = pytest.mark.django_db

HTML = (
    '<p class="lead">A <strong>solid</strong> mug, hand&shy;made &amp; glazed.</p><p>Un<em>break</em>able.</p>'
    '<script>var tracking = "jacket";</script><!-- lamp -->'
)


@pytest.fixture
def mug(settings):
    """A mug whose description is HTML, indexed as text."""
    settings.XSEARCH = {**widget_shop.XSEARCH, "EMBEDDINGS": {"text": None, "image": None, "audio": None}}
    inputs._warn_of_html.cache_clear()
    mug = Product.objects.create(sku="1", title="Red mug", description=HTML)
    Product.objects.create(sku="2", title="Blue chair", description="Made of strong wood.")
    index()
    return mug


@pytest.fixture
def declared(mug, monkeypatch):
    """The description is declared as HTML, and marked again."""
    monkeypatch.setattr(get_index(Product), "html", ["description", "description_zh"])
    xsearch.mark(Product.objects.all())
    index()
    return mug


def index():
    index_pending(get_index(Product))
    statistics.refresh(get_index(Product))


def found(words):
    results = xsearch.search(Product, text=words, correct=False, nearest=False)
    return [hit.object.title for hit in results.hits]


def test_tags_and_scripts_are_words_as_long_as_nothing_is_declared(mug):
    assert "Red mug" in found("strong")
    assert "Red mug" in found("tracking")


@pytest.mark.parametrize("word", ["strong", "lead", "amp", "shy", "tracking", "script", "p", "em", "lamp", "jacket"])
def test_no_tag_entity_script_or_comment_is_a_word(declared, word):
    assert "Red mug" not in found(word)


@pytest.mark.parametrize("words", ["solid mug", "handmade", "glazed", "unbreakable"])
def test_the_words_of_the_page_are_found(declared, words):
    assert "Red mug" in found(words)


def test_what_is_no_html_is_found_as_before(declared):
    assert found("strong wood") == ["Blue chair"]


def test_the_object_keeps_its_html(declared):
    [hit] = xsearch.search(Product, text="unbreakable mug", page_size=1).hits
    assert hit.object.description == HTML


def test_html_that_is_not_declared_is_said_once(mug, caplog):
    xsearch.mark(Product.objects.all(), forced=True)
    with caplog.at_level(logging.WARNING, "xsearch.indexing"):
        inputs._warn_of_html.cache_clear()
        index()
        xsearch.mark(Product.objects.all(), forced=True)
        index()
    said = [record.getMessage() for record in caplog.records if "HTML" in record.getMessage()]
    assert said == ["shop.Product: 'description' holds HTML. Add it to `html` of the index, or its tags are words."]


@pytest.mark.parametrize("html", [["descripton"], "description", ["photo"]])
def test_what_is_no_list_of_texts_is_refused(monkeypatch, html):
    monkeypatch.setattr(get_index(Product), "html", html)
    [problem] = [one for one in check_index(get_index(Product)) if one.id == "xsearch.E060"]
    assert "must be a list of paths of `text`" in problem.msg
    assert "description" in problem.msg
