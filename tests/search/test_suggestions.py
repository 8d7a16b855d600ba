"""Suggestions while one types: English, Chinese, pinyin and errors; what is hidden or gone is not suggested."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from shop.models import Category, Product
from tests.support.searching import index_all
from xsearch.index.registry import get_index
from xsearch.indexing import statistics
from xsearch.models import PopularQuery, Suggestion, SuggestionKey
from xsearch.search import suggest, suggestions_for
from xsearch.text.prefix_keys import MAX_KEY, keys_of, last_word, sound_key, typed_key, words_with_prefix

pytest_plugins = ["tests.support.fixtures.searching_words"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_only")]
MOST_STATEMENTS = 25


def typed(text, language="en", queryset=None, **options):
    with translation.override(language):
        found = suggestions_for(Product.objects.all() if queryset is None else queryset, text, **options)
        found.titles = [str(obj) for obj in found.objects]
        return found


# What may be typed, and the first text that is suggested.
FIRST = {
    "ja": "jacket", "red ja": "red jacket", "mu": "mug", "guit": "guitar", "t-sh": "t-shirt", "tsh": "t-shirt",
    "wooden tr": "wooden train", "jacket re": "jacket red",
    "连": "连衣裙", "连衣": "连衣裙", "红色连": "红色连衣裙",
    "lianyi": "连衣裙", "lyq": "连衣裙", "LYQ": "连衣裙", "hong": "红色",
    # errors
    "jakc": "jacket", "red jakc": "red jacket", "umbrelal": "umbrella", "gutiar": "guitar", "snekaers": "sneakers",
}  # fmt: skip


@pytest.mark.parametrize(("text", "first"), FIRST.items())
def test_what_is_typed_is_completed(demo, text, first):
    assert typed(text).texts[0] == first


def test_texts_begin_like_what_was_typed_at_one_of_their_words(demo):
    found = typed("leather ja", limit=20).texts
    assert "Red leather jacket" in found
    assert all("leather ja" in text.lower() for text in found)
    assert suggest(get_index(Product), "leather ja", limit=3) == found[:3]


def test_facet_values_come_with_labels_in_the_language_of_the_page_and_counts(demo):
    [facet] = typed("jack").facets
    key = Category.objects.get(name="Coats & Jackets").pk
    assert (facet.facet, facet.text, facet.label) == ("category", str(key), "Coats & Jackets")
    assert facet.objects_with == Product.objects.filter(category__name="Coats & Jackets").count()
    for text in ("外套", "wait", "wt", "jack"):
        assert [one.label for one in typed(text, "zh-hans").facets] == ["外套"], text
    assert [one.label for one in typed("hong", "zh-hans").facets] == ["红色"]


def test_the_list_does_not_go_away_while_one_types_on(demo):
    for text in ("red", "red ", "red d", "red dr", "red dre"):
        assert typed(text).texts, text
        assert len(typed(text).titles) == 4, text
    assert typed("red d").texts[0].startswith("red d")


def test_the_products_of_a_code_are_those_that_it_begins(demo):
    for text in ("demo-mu", "demo-mug", "demo-mug-"):
        assert {obj.sku.rpartition("-")[0] for obj in typed(text).objects} == {"demo-mug"}, text


def test_products_have_their_titles_in_the_language_of_the_page(demo):
    assert all("jacket" in title for title in typed("jacket").titles)
    assert all("夹克" in title for title in typed("jacket", "zh-hans").titles)
    assert len(typed("jacket").titles) == 4


def test_what_is_right_is_not_corrected_and_nonsense_has_no_suggestions(demo):
    assert typed("jacket").corrected is None
    assert typed("red jakc").corrected == "red jacket"
    found = typed("zzqq")
    assert (found.texts, found.facets, found.objects, found.corrected) == ([], [], [], None)


@pytest.mark.parametrize("text", ["", " ", "%", "\x00", "…", "😀", "a" * 5000, "的" * 300, "'; DROP TABLE x; --", "\\"])
def test_strange_texts_are_no_errors(demo, text):
    assert isinstance(typed(text).texts, list)


def test_what_is_hidden_is_not_suggested(demo):
    visible = Product.objects.exclude(category__name="Coats & Jackets")
    for text in ("denim ja", "jack", "夹克", "jakc"):
        found = typed(text, queryset=visible)
        assert not [one for one in found.texts if "jacket" in one and "denim" in one], text
        assert not [one for one in found.objects if one.category.name == "Coats & Jackets"], text
    assert typed("jack", queryset=visible).facets == []
    sliced = Product.objects.filter(title__contains="jacket").order_by("pk")[:2]
    assert len(typed("jacket", queryset=sliced).objects) == 2


def test_the_work_is_bounded_whatever_is_typed(demo):
    typed("jakc")  # makes the speller
    for text in ("j", "ja", "red ja", "jakc", "lyq", "红色连", "zzqq"):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            typed(text)
        assert len(statements) <= MOST_STATEMENTS, text


def test_suggestions_follow_the_catalogue(db):
    def titles():
        return {one.text: one.objects_with for one in Suggestion.objects.filter(facet="")}

    Product.objects.all().delete()
    hats, socks = Category.objects.create(name="Hats", slug="hats"), Category.objects.create(name="Socks", slug="s")
    first = Product.objects.create(sku="1", title="Straw hat", category=hats)
    second = Product.objects.create(sku="2", title="Straw hat", category=hats)
    index_all()
    assert titles() == {"Straw hat": 2, "Hats": 2}
    kept = set(SuggestionKey.objects.filter(suggestion__text="Hats").values_list("pk", flat=True))
    second.title, second.category = "Wool socks", socks
    second.save()
    index_all()
    assert titles() == {"Straw hat": 1, "Hats": 1, "Wool socks": 1, "Socks": 1}
    assert set(SuggestionKey.objects.filter(suggestion__text="Hats").values_list("pk", flat=True)) == kept
    assert typed("wool").facets == []
    assert [one.label for one in typed("soc").facets] == ["Socks"]
    first.delete()
    assert typed("straw").texts == []  # at once, for it leads to nothing
    index_all()
    assert "Straw hat" not in titles()
    assert not SuggestionKey.objects.filter(key__startswith="straw").exists()
    hats.name = "Headgear"
    hats.save()
    statistics.refresh(get_index(Product))
    assert not Suggestion.objects.filter(facet="category", text__in=["Hats", "Headgear"]).exists()


def test_keys_of_texts():
    assert keys_of("Red Mug") == ["redmug", "mug"]
    assert keys_of("红杯子") == ["红杯子", "hongbeizi", "hbz", "杯子", "beizi", "bz"]
    assert keys_of("Crème brûlée") == ["cremebrulee", "brulee"]
    assert keys_of("…") == []
    assert max(len(key) for key in keys_of("very " * 30)) == MAX_KEY
    assert typed_key("Red  T-shirt") == "redtshirt"
    assert sound_key("红se") == "hongse"


def test_the_words_that_a_key_begins():
    assert words_with_prefix("Red jeans, slim", "redj") == "red jeans"
    assert words_with_prefix("White T-Shirt, slim", "tsh") == "t-shirt"
    assert words_with_prefix("黑色条纹棉质连衣裙", "lyq") == "连衣裙"
    assert words_with_prefix("Red jeans", "blue") is None
    assert words_with_prefix("demo-mug-1", "mu") is None
    assert [last_word(text) for text in ("red ja", "红色连", "", "…")] == ["ja", "连", "", ""]


def test_popular_queries_stand_beside_the_other_suggestions(demo):
    several = {"content_type": get_index(Product).content_type, "askers": 50, "searches": 60}
    PopularQuery.objects.create(text="jacket for rain", **several)
    PopularQuery.objects.create(text="jacket", **several)
    assert typed("jack").popular == ["jacket for rain"]  # "jacket" is a suggestion already
