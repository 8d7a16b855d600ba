"""The one analysis of catalogue texts and queries."""

import threading

import pytest

from xsearch.text import Token, analyse, detect_language
from xsearch.text.analysis import MAX_CHARACTERS, MAX_LEXEME_CHARACTERS, MAX_TOKENS


def lexemes(text: str) -> list[str]:
    return [token.lexeme for token in analyse(text)]


def matches(query: str, title: str) -> bool:
    return bool(set(lexemes(query)) & set(lexemes(title)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Red Jackets", ["red", "jacket"]),
        ("ＲＥＤ　ｊａｃｋｅｔ", ["red", "jacket"]),
        ("Café ﬁne Ørsted-Straße", ["cafe", "fine", "orstedstrass", "orst", "strass"]),
        ("men's women’s children's", ["man", "woman", "child"]),
        ("Nike™ shoes®", ["nike", "shoe"]),
        ("1,299.00", ["1299.00"]),
        ('12.3" display', ["12.3", "display"]),
        ("4½ kg", ["4", "1", "2", "kg"]),
        ("500ml", ["500ml", "500", "ml"]),
        ("500 ml", ["500", "500ml", "ml"]),
        ("PUV-00028", ["puv00028", "puv", "00028"]),
        ("USB C cable", ["usb", "usbc", "c", "cabl"]),
        ("h&m", ["hm"]),
        ("I'm looking for a red dress", ["red", "dress"]),
        ("连衣裙", ["连衣裙", "裙", "连衣", "衣裙"]),
        ("我要一个红色的手提包", ["红色", "红", "手提包", "包", "手提", "提包"]),
        ("Nike 跑鞋", ["nike", "跑鞋", "鞋"]),
        ("面包", ["面包"]),
        ("red\u200bdress\x00\x07", ["reddress"]),
        ("😀👩‍👩‍👧 red 🔥", ["red"]),
        ("한국어 신발", ["한국어", "신발"]),
    ],
)
def test_text_becomes_these_lexemes(text, expected):
    assert lexemes(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("t-shirt", "tshirt"),
        ("t shirt", "tshirt"),
        ("T-Shirts", "t shirt"),
        ("PUV-00028", "puv00028"),
        ("puv 00028", "PUV-00028"),
        ("wh1000xm5", "Sony WH-1000XM5"),
        ("wi-fi", "WiFi router"),
        ("500ml", "500 ml bottle"),
        ("0.5 liters", "500 ml bottle"),
        ("1000 grams", "1 kg"),
        ("3 feet", "3 ft"),
        ("buses", "Bus"),
        ("canvas", "Canvases"),
        ("snowman", "Snowmen"),
        ("menu", "Menus"),
        ("vanilla flavor", "Flavours"),
        ("catalog", "Catalogue"),
        ("specimen", "Specimens"),
        ("usb-c", "USB C"),
        ("knives", "knife"),
        ("man", "men's"),
        ("women", "womens"),
        ("shoes", "shoe"),
        ("gray", "Grey"),
        ("color", "Colours"),
        ("jewelry", "jewellery box"),
        ("lenses", "lens"),
        ("cafe", "CAFÉ"),
        ("e\u0301clair", "éclair"),
        ("か\u3099", "が"),
        ("ｶﾞ", "ガ"),
        ("٥٠", "50"),
        ("levis", "Levi's 501"),
        ("红裙子", "红色连衣裙"),
        ("鞋子", "跑鞋"),
        ("深蓝", "蓝色"),
        ("T恤", "白色t恤"),
    ],
)
def test_ways_to_write_the_same_match(one, other):
    assert matches(one, other)
    assert matches(other, one)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("包", "面包"),
        ("箱", "冰箱"),
        ("红", "口红"),
        ("粉色", "奶粉"),
        ("耳机", "手机"),
        ("123", "12.3"),
        ("lens", "length"),
    ],
)
def test_different_things_do_not_match(query, title):
    assert not matches(query, title)


def test_every_spelling_of_t_shirt_has_one_lexeme_in_common():
    assert set.intersection(*(set(lexemes(text)) for text in ("t-shirt", "tshirt", "t shirt", "T-Shirts"))) == {
        "tshirt"
    }


def test_stop_words_stay_where_there_is_nothing_else():
    assert lexemes("the who") == ["the", "who"]
    assert lexemes("什么") == ["什么"]
    assert lexemes("the who shirt") == ["shirt"]


def test_tokens_point_into_the_original_text():
    text = "Straße ﬁne\u0301 ½ T恤 e\u0301t\u200be 连衣裙"
    for token in analyse(text):
        assert text[token.start : token.end] == token.surface
    assert Token("Straße", "strass", 0, 6) in analyse(text)
    assert {"fine", "ete", "连衣裙"} <= set(lexemes(text))


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\x00", "\ud800", "'", "-.,&'", "\\", "!", "😀", "\ufeff", "\u0301", "'s", "\U0010ffff"],
)
def test_text_without_words_has_at_most_a_letter(text):
    assert len(lexemes(text)) <= 1


def test_long_texts_and_words_are_cut():
    assert len(analyse("red blue " * 10_000)) == MAX_TOKENS
    assert lexemes("x" * (MAX_CHARACTERS + 10)) == ["x" * MAX_LEXEME_CHARACTERS]
    assert len(analyse("连衣裙" * 100_000)) == MAX_TOKENS


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("red dress", "en"), ("", "en"), ("红色连衣裙", "zh"), ("Nike 跑鞋", "zh"), ("T恤", "zh"), ("kimono 着 for women", "en"),
        ("12345", "en"),
    ],
)  # fmt: skip
def test_language_is_that_of_most_words(text, language):
    assert detect_language(text) == language


def test_analysis_in_many_threads_gives_what_one_gives():
    words = [f"{first}{second}ings" for first in "abcdefghij" for second in "klmnopqrst"]
    expected = [lexemes(word + " 不锈钢保温杯") for word in words]
    from xsearch.text import english

    english.stem.cache_clear()
    found: list[list[list[str]]] = []
    threads = [
        threading.Thread(target=lambda: found.append([lexemes(word + " 不锈钢保温杯") for word in words]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8
