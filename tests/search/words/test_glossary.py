"""Chinese queries find English titles and the other way round, as the bundled glossary says."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import xsearch
from shop.models import Product
from tests.support.searching import index_all, search_context, wipe
from tests.support.searching_words import WORDS_ONLY
from xsearch.checks import check_settings
from xsearch.models import Synonym
from xsearch.search.words import glossary as translations
from xsearch.search.words.spelling import speller
from xsearch.search.words.terms import Phrase, words_of
from xsearch.text import analyse

pytestmark = pytest.mark.django_db

ENGLISH = [
    "Two Person Tent", "Road Bike Helmet", "Red Backpack", "Mobile Phone", "Phone Case", "Trekking Poles", "Black Trousers",
    "Rain Boots", "Head Torch", "Kids Raincoat", "Stainless Steel Mug", "Sleeping Bag", "Wireless Mouse", "Bluetooth Headphones",
    "Wooden Chair", "Floor Lamp", "Frying Pan", "Coffee Machine", "Screwdriver Set", "Garden Hose", "Bath Towel", "Acoustic Guitar",
    "Dog Leash", "Car Charger", "Baby Stroller", "Lipstick", "Electric Toothbrush", "Green Tea", "Fountain Pen", "Cookbook",
    "Jigsaw Puzzle", "Digital Camera", "Ski Goggles", "Swimsuit", "Climbing Harness", "Silk Scarf", "Gold Necklace", "Suitcase",
    "Camera Bag", "Paper Hand Towels", "Machine Oil",
]  # fmt: skip
CHINESE = [
    "四人帐篷套餐", "骑行头盔", "蓝色双肩包", "智能手机", "男士牛仔裤", "雨靴", "头灯", "不锈钢水壶", "羽绒睡袋",
    "无线键盘", "落地灯", "平底锅", "电钻", "婴儿推车", "电动牙刷", "吉他", "狗粮", "毛衣", "沙发", "高跟鞋", "咖啡机", "口红",
]  # fmt: skip


@pytest.fixture(scope="module")
def titles(django_db_setup, django_db_blocker):
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(XSEARCH=WORDS_ONLY):
        for number, title in enumerate([*ENGLISH, *CHINESE]):
            Product.objects.create(sku=f"T{number}", title=title, price=1)
        index_all()
        yield
        wipe()


@pytest.fixture(autouse=True)
def _words_only(settings):
    settings.XSEARCH = WORDS_ONLY


def found(text, **options):
    """Return the titles of what is found, and not only nearest."""
    results = xsearch.search(Product.objects.all(), text=text, facets=None, nearest=False, **options)
    return [hit.object.title for hit in results.hits]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("双人帐篷", "Two Person Tent"), ("帐篷", "Two Person Tent"), ("自行车头盔", "Road Bike Helmet"), ("红色背包", "Red Backpack"),
        ("双肩包", "Red Backpack"), ("手机", "Mobile Phone"), ("手机壳", "Phone Case"), ("登山杖", "Trekking Poles"),
        ("黑色裤子", "Black Trousers"), ("雨鞋", "Rain Boots"), ("头灯", "Head Torch"), ("儿童雨衣", "Kids Raincoat"),
        ("不锈钢杯子", "Stainless Steel Mug"), ("睡袋", "Sleeping Bag"), ("无线鼠标", "Wireless Mouse"),
        ("蓝牙耳机", "Bluetooth Headphones"), ("木质椅子", "Wooden Chair"), ("落地灯", "Floor Lamp"), ("煎锅", "Frying Pan"),
        ("咖啡机", "Coffee Machine"), ("螺丝刀套装", "Screwdriver Set"), ("花园水管", "Garden Hose"), ("浴巾", "Bath Towel"),
        ("民谣吉他", "Acoustic Guitar"), ("狗绳", "Dog Leash"), ("车载充电器", "Car Charger"), ("婴儿车", "Baby Stroller"),
        ("口红", "Lipstick"), ("电动牙刷", "Electric Toothbrush"), ("绿茶", "Green Tea"), ("钢笔", "Fountain Pen"),
        ("食谱", "Cookbook"), ("拼图", "Jigsaw Puzzle"), ("数码相机", "Digital Camera"), ("滑雪镜", "Ski Goggles"),
        ("泳衣", "Swimsuit"), ("攀岩安全带", "Climbing Harness"), ("丝巾", "Silk Scarf"), ("金色项链", "Gold Necklace"),
        ("拉杆箱", "Suitcase"), ("我想买一个相机包", "Camera Bag"), ("red 背包", "Red Backpack"),
        ("tent", "四人帐篷套餐"), ("bike helmet", "骑行头盔"), ("blue rucksack", "蓝色双肩包"), ("smartphone", "智能手机"),
        ("jeans for men", "男士牛仔裤"), ("wellies", "雨靴"), ("headlamp", "头灯"), ("stainless steel kettle", "不锈钢水壶"),
        ("sleeping bags", "羽绒睡袋"), ("wireless keyboard", "无线键盘"), ("floor lamps", "落地灯"), ("skillet", "平底锅"),
        ("drill", "电钻"), ("pushchair", "婴儿推车"), ("electric toothbrush", "电动牙刷"), ("guitar", "吉他"), ("dog food", "狗粮"),
        ("jumper", "毛衣"), ("couch", "沙发"), ("high heels", "高跟鞋"), ("coffee maker", "咖啡机"), ("lipstick", "口红"),
        ("wellington boots", "Rain Boots"), ("pram", "Baby Stroller"), ("dog lead", "Dog Leash"), ("pants", "Black Trousers"),
        ("bei bao", "Red Backpack"), ("shuidai", "Sleeping Bag"),
    ],
)  # fmt: skip
def test_a_query_finds_the_title_in_the_other_words(titles, query, title):
    assert title in found(query)[:3]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("手机", "Machine Oil"), ("手机", "Paper Hand Towels"), ("面包", "Camera Bag"), ("红包", "Red Backpack"),
        ("light", "落地灯"), ("ice cream", "Green Tea"), ("热水袋", "Sleeping Bag"), ("safe", "四人帐篷套餐"),
        ("和服务", "Swimsuit"), ("人民币", "Red Backpack"), ("notebook", "无线键盘"), ("火锅", "Frying Pan"),
    ],
)  # fmt: skip
def test_a_query_does_not_find_what_only_its_characters_mean(titles, query, title):
    assert title not in found(query)


def test_words_of_the_catalogue_win_over_translations(titles):
    assert found("帐篷")[0] == "四人帐篷套餐"
    assert found("tent")[0] == "Two Person Tent"


def test_the_explanation_says_that_a_word_was_translated(titles):
    hit = xsearch.search(Product.objects.all(), text="拉杆箱", facets=None, explain=True).hits[0]
    assert hit.explain["lexical"]["words"]["拉杆箱"] | {"worth": 0, "share": 0} == {
        "as": "suitcas", "by": "translation", "worth": 0, "share": 0,
    }  # fmt: skip


def test_without_a_glossary_nothing_is_translated(titles, settings):
    settings.XSEARCH = {**WORDS_ONLY, "GLOSSARY": None}
    assert found("拉杆箱") == found("couch") == []
    assert speller(search_context()).correct("bei bao") is None


def test_a_glossary_of_the_shop_takes_the_place_of_the_bundled_one(titles, settings, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("拉杆箱 = lipstick\n", encoding="utf-8")
    settings.XSEARCH = {**WORDS_ONLY, "GLOSSARY": str(file)}
    assert found("拉杆箱") == ["Lipstick"]


def test_a_search_goes_on_without_a_glossary_that_cannot_be_read(titles, settings, tmp_path, caplog):
    settings.XSEARCH = {**WORDS_ONLY, "GLOSSARY": str(tmp_path / "none.txt")}
    assert found("Suitcase") == ["Suitcase"]
    assert "The glossary cannot be read" in caplog.text


def test_the_checks_say_what_is_wrong_with_a_glossary(settings, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("背包 backpack\n", encoding="utf-8")
    settings.XSEARCH = {"GLOSSARY": str(file)}
    assert [(found.id, "line 1" in found.msg) for found in check_settings()] == [("xsearch.E007", True)]
    settings.XSEARCH = {"GLOSSARY": None}
    assert check_settings() == []


def test_pinyin_of_a_translated_word_is_understood(titles):
    assert speller(search_context()).correct("lagan xiang") == "拉杆箱"
    assert found("laganxiang") == ["Suitcase"]


@pytest.mark.parametrize("word", ["rucksack", "couch", "wellies", "拉杆箱", "煎锅", "桃子"])
def test_words_that_are_translated_are_no_errors(titles, word):
    assert speller(search_context()).correct(word) is None


def test_the_synonyms_of_the_shop_stay_beside_translations(titles):
    Synonym.objects.create(terms="拉杆箱", replacements="口红", direction=Synonym.Direction.ONE_WAY)
    assert {"口红", "Suitcase"} <= set(found("拉杆箱"))


def test_translations_ask_the_database_nothing_and_are_read_once(titles, monkeypatch):
    first = translations.translations()
    monkeypatch.setattr(translations, "Translations", lambda _path: pytest.fail("read again"))
    with CaptureQueriesContext(connection) as queries:
        for text in ("红色防水登山背包", "red waterproof rucksack"):
            assert translations.applied([Phrase((word,)) for word in words_of(analyse(text))], text)
    assert translations.translations() is first
    assert len(queries) == 0


def test_a_word_has_few_readings(titles):
    glossary = translations.translations()
    assert max(len(readings) for readings in glossary.chinese.values()) <= 24
    assert max(len(readings) for readings in glossary.english.values()) <= 24
