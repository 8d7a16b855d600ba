"""The words of a query: their readings, their rarity, their share of the score."""

import math

import pytest

import xsearch.indexing
from shop.models import Category, Product
from tests.support.searching import search_context
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics
from xsearch.search.words.lexical import lexical_query
from xsearch.search.words.terms import words_of
from xsearch.search.words.weights import inverse_document_frequency
from xsearch.text import analyse


@pytest.fixture
def titles(db, settings):
    settings.XSEARCH = {"EMBEDDINGS": {"text": None, "image": None, "audio": None}}

    def load(*names):
        for number, name in enumerate(names):
            Product.objects.create(sku=f"L{number}", title=name)
        index_pending(get_index(Product))
        statistics.refresh(get_index(Product))

    return load


def scores(text):
    query = lexical_query(search_context(), text)
    return dict(Product.objects.annotate(score=query.score()).values_list("title", "score"))


@pytest.mark.parametrize("text", ["nike shoes", "hiking shoes", "orthopaedic waterproof shoes"])
def test_words_that_no_document_has_do_not_outweigh_the_one_that_nearly_all_have(titles, text):
    titles(*(f"Running shoes {number}x" for number in range(30)), "Laces")
    assert {title for title, score in scores(text).items() if score > 0.3} == {
        f"Running shoes {number}x" for number in range(30)
    }


@pytest.mark.parametrize(
    "text", ["red wine", "hand sanitizer", "iphone 15", "playstation 5", "garden hose", "skis", "口红", "冰箱"]
)
def test_a_shop_without_the_thing_has_nothing_close_to_it_only_what_is_described_alike(titles, text):
    titles("Red wool jumper", "Red skirt", "Hand bell", "Laptop 15 inch", "5 garden gnomes", "红色连衣裙", "蓝色行李箱")
    assert not xsearch.search(Product.objects.all(), text=text).is_close
    assert max(scores(text).values()) < 0.3


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("sleeping bag", "Canvas bag"),  # a bag all the same
        ("pots and pans", "Clay pots"),
        ("garden gnomes", "5 garden gnomes"),
        ("zara red jumper", "Red wool jumper"),
        ("红酒杯", "玻璃杯"),
        ("耐克沙发", "Blue sofa"),
        ("article 4711", "Cologne 4711"),
        ("skir", "Red skirt"),
    ],
)
def test_a_shop_with_the_kind_of_thing_has_something_close(titles, text, title):
    titles(
        "Red wool jumper",
        "Red skirt",
        "Canvas bag",
        "Clay pots",
        "5 garden gnomes",
        "玻璃杯",
        "Blue sofa",
        "Cologne 4711",
    )
    found = xsearch.search(Product.objects.all(), text=text)
    assert (found.hits[0].object.title, found.is_close) == (title, True)


def test_a_category_is_what_is_wanted_though_it_stands_before_another_word(titles):
    titles("Yoga mat", "Red skirt", "Blue sofa")
    for title, name in (("Yoga mat", "Fitness"), ("Red skirt", "Skirts"), ("Blue sofa", "Sofas")):
        category = Category.objects.create(name=name, slug=name.lower())
        Product.objects.filter(title=title).update(category=category)
    xsearch.indexing.mark(Product.objects.all())
    index_pending(get_index(Product))
    statistics.refresh(get_index(Product))
    found = xsearch.search(Product.objects.all(), text="fitness equipment")
    assert (found.hits[0].object.title, found.is_close) == ("Yoga mat", True)


def test_what_only_describes_is_shown_as_the_nearest(titles):
    titles("Red garden gnome", "Blue sofa", "Canvas bag")
    found = xsearch.search(Product.objects.all(), text="garden hose")
    assert [hit.object.title for hit in found.hits] == ["Red garden gnome"]


def test_inverse_document_frequency_by_hand():
    assert inverse_document_frequency(1, 10) == pytest.approx(math.log(1 + 9.5 / 1.5))
    assert inverse_document_frequency(10, 10) == pytest.approx(math.log(1 + 0.5 / 10.5))
    assert inverse_document_frequency(0, 0) == pytest.approx(math.log(2))


def lexemes_of(text):
    return [{part.lexeme for reading in word.readings for part in reading.parts} for word in words_of(analyse(text))]


def test_readings_of_one_word_are_one_word():
    assert lexemes_of("red jacket") == [{"red"}, {"jacket"}]
    assert len(lexemes_of("t-shirt")) == 1
    assert len(lexemes_of("连衣裙")) == 1
    assert len(lexemes_of("red red RED")) == 1


def test_a_title_with_every_word_scores_one_and_one_without_any_zero(titles):
    titles("Red cotton t-shirt", "Blue mug", "蓝色连衣裙")
    assert scores("red t-shirt") == pytest.approx({"Red cotton t-shirt": 1, "Blue mug": 0, "蓝色连衣裙": 0})
    assert scores("连衣裙") == pytest.approx({"Red cotton t-shirt": 0, "Blue mug": 0, "蓝色连衣裙": 1})


def test_a_rarer_word_has_the_larger_share(titles):
    titles("Oak chair", "Pine chair", "Steel chair", "Oak theremin")
    found = scores("chair theremin")
    assert found["Oak theremin"] > found["Oak chair"] > 0
    rare, common = inverse_document_frequency(1, 4), inverse_document_frequency(3, 4)
    common = max(common, 0.15 * inverse_document_frequency(0, 4))
    assert found["Oak theremin"] == pytest.approx(rare / (rare + common))


def test_a_word_that_nothing_has_weighs_little(titles):
    titles("Oak chair", "Pine table")
    assert scores("chair xyzzy")["Oak chair"] > 0.5


def test_a_text_without_words_is_no_query(titles):
    titles("Oak chair")
    for text in ("", "🙂", "...", "\u200b"):
        assert lexical_query(search_context(), text) is None
