"""Typing errors in a search: corrected with the words of the catalogue, said, and undone on request."""

import pytest

import xsearch
from shop.loading import load_catalogue
from shop.models import Product
from tests.support.searching import index_all, search_context, wipe
from tests.support.searching_words import WORDS_ONLY
from xsearch.models import Synonym
from xsearch.search.results import SearchResults
from xsearch.search.words import spelling
from xsearch.search.words.spelling import speller

pytest_plugins = ["tests.support.fixtures.searching_words"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_only")]


def find(text, **options) -> SearchResults:
    return xsearch.search(Product.objects.all(), text=text, facets=None, **options)


WRONG = {
    # swapped
    "ajcket": "jacket", "rgeen": "green", "ocats": "coats",
    "jakcet": "jacket", "red jakcet": "red jacket", "bule hat": "blue hat", "grene": "green", "pruple": "purple",
    "oragne": "orange", "glvoes": "gloves", "socsk": "socks", "wathc": "watch", "shose": "shoes",
    "wooden trian": "wooden train", "wool scraf": "wool scarf", "candel": "candle", "cermaic mug": "ceramic mug",
    # missing
    "jaket": "jacket", "umbrela": "umbrella", "sunglases": "sunglasses", "yelow mug": "yellow mug",
    "clok": "clock", "cushon": "cushion", "leathr belt": "leather belt", "jens": "jeans",
    "bakpack": "backpack", "sweter": "sweater", "stripd": "striped", "battry": "battery", "guitr": "guitar",
    "denim jaket": "denim jacket", "red dres": "red dress", "snekers": "sneakers",
    # extra and doubled
    "umberella": "umbrella", "jackett": "jacket", "jacckets": "jackets", "bootss": "boots", "suitecase": "suitcase",
    "navvy coat": "navy coat", "dresss": "dress", "clockk": "clock", "guittar": "guitar", "teapoot": "teapot",
    # another letter
    "ukelele": "ukulele", "xilophone": "xylophone", "sandels": "sandals", "sneekers": "sneakers",
    "strriped shirt": "striped shirt", "waterproff": "waterproof", "tamborine": "tambourine", "backpock": "backpack",
    # spaces
    "reddress": "red dress", "teddybear": "teddy bear", "rubberduck": "rubber duck", "t shrit": "t shirt",
    "um brella": "umbrella", "sneak ers": "sneakers", "bluemug": "blue mug",
    # pinyin
    "lianyiqun": "连衣裙", "lian yi qun": "连衣裙", "hongse lianyiqun": "红色连衣裙", "hong se": "红色",
    "hongselianyiqun": "红色连衣裙", "yundongxie": "运动鞋", "beibao": "背包", "bei bao": "背包", "maozi": "帽子",
    "xie": "鞋", "LianYiQun": "连衣裙", "blue maozi": "blue 帽子", "taiyangjing": "太阳镜", "shoubiao": "手表",
    # the right sound in the wrong characters
    "连衣群": "连衣裙", "红色连一裙": "红色连衣裙", "贝包": "背包", "马可杯": "马克杯", "太阳静": "太阳镜",
    "吉它": "吉他", "手标": "手表",
    # what stands around stays
    "Jakcet, please!": "jacket, please!", "a  yelow  mug": "a  yellow  mug", "“jaket” €50": "“jacket” €50",
}  # fmt: skip
RIGHT = [
    "jacket", "Red Jackets", "t-shirt", "tshirt", "T恤", "sun glasses", "back pack", "hand bag", "teddy bear",
    "连衣裙", "红色连衣裙", "太阳镜", "红裙子", "黑色的帽子", "我要一个红色的背包", "Nike 跑鞋", "500ml", "0.5 l",
    "demo-mug-1", "demo mug 1", "WH-1000XM5", "wh1000xm5", "jakcet1", "12345", "size m", "sofa", "couch", "jumper",
    "trainers", "the who", "show me a blue hat", "zebra", "nike", "ipad", "elephant", "wireless headphones", "men's",
    "café", "ab", "x", "…", "😀", "user@jakcet.com", "www.jakcet.com", "jakcet&co", "fan", "pen",
    "帽子九十九", "沙发 九百九十九",
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), WRONG.items())
def test_a_typing_error_is_corrected(demo, typed, meant):
    assert speller(search_context()).correct(typed) == meant


@pytest.mark.parametrize("typed", RIGHT)
def test_what_is_known_or_no_word_is_left_alone(demo, typed):
    assert speller(search_context()).correct(typed) is None


def test_the_corrected_words_are_searched_for_and_said(demo):
    found = find("red jakcet")
    assert (found.query, found.corrected) == ("red jakcet", "red jacket")
    assert found.hits[0].object.title.startswith("Red leather jacket")
    assert [hit.object.pk for hit in found.hits] == [hit.object.pk for hit in find("red jacket").hits]


def test_the_words_as_typed_are_searched_for_on_request(demo):
    found = find("red jakcet", correct=False)
    assert (found.query, found.corrected) == ("red jakcet", None)
    assert "jacket" not in found.hits[0].object.title


def test_words_without_an_error_are_said_to_be_none(demo):
    assert (find("red jacket").query, find("red jacket").corrected) == ("red jacket", None)


def test_pinyin_finds_chinese_titles(demo):
    found = find("lianyiqun")
    assert found.corrected == "连衣裙"
    assert "连衣裙" in found.hits[0].object.title_zh


def test_a_word_is_known_as_soon_as_it_is_indexed_and_counted(demo):
    assert speller(search_context()).correct("guitarist") is None  # two errors from nothing
    assert speller(search_context()).correct("thereminn") is None
    Product.objects.create(sku="new", title="Theremin")
    index_all()
    assert speller(search_context()).correct("thereminn") == "theremin"


def test_words_of_synonyms_are_known(demo):
    assert speller(search_context()).correct("snekaers") == "sneakers"
    Synonym.objects.create(terms="snekaers, sneakers")
    assert speller(search_context()).correct("snekaers") is None


def test_a_failure_leaves_the_words_as_they_are(demo, monkeypatch):
    def fail(index):
        raise RuntimeError("no such library")

    monkeypatch.setattr(spelling, "speller", fail)
    found = find("red jacket")
    assert found.degraded == ["spelling"]
    assert "jacket" in found.hits[0].object.title.lower()


@pytest.mark.parametrize(
    ("shop", "typed", "meant"),
    [
        ("eshop", "hikking boots", "hiking boots"), ("eshop", "climbing harnes", "climbing harness"),
        ("eshop", "jakcet", "jacket"), ("eshop", "waterprof", "waterproof"), ("eshop", "snowbord", "snowboard"),
        ("eshop", "bakpack", "backpack"), ("eshop", "goggels", "goggles"), ("eshop", "gravitater", "gravitator"),
        ("eshop", "hiking boots", None), ("eshop", "Daybird", None), ("eshop", "helmets", None),
    ],
)  # fmt: skip
def test_a_real_catalogue_corrects_with_its_own_words(data_dir, db, tmp_path, settings, real, shop, typed, meant):
    assert speller(search_context()).correct(typed) == meant


@pytest.fixture(scope="module")
def real(django_db_setup, django_db_blocker, data_dir, tmp_path_factory):
    """The words of a real shop."""
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(XSEARCH=WORDS_ONLY, MEDIA_ROOT=folder):
        load_catalogue(data_dir / "shops" / "eshop" / "catalogue.jsonl")
        index_all()
        yield
        wipe()
