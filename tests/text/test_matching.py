"""The longest terms of a dictionary are found: English ones by words, Chinese ones however the text is segmented."""

import pytest

from xsearch.text import chinese
from xsearch.text.glossary import TermMatcher, TextSpan


@pytest.mark.parametrize(
    ("words", "terms", "expected"),
    [
        ("red wine glass", ["red wine", "red", "wine glass"], ["red wine", "glass"]),
        ("a navy blue hat", ["navy", "navy blue", "blue hat"], ["a", "navy blue", "hat"]),
        ("one two three", ["one two three"], ["one", "two", "three"]),  # longer than two words
        ("", ["red"], []),
    ],
)
def test_words_are_split_into_the_longest_terms_from_left_to_right(words, terms, expected):
    words, matcher = words.split(), TermMatcher({tuple(term.split()) for term in terms}, max_words=2)
    found = list(matcher.split(words))
    assert [" ".join(key) for key, _ in found] == expected
    assert [word for _, place in found for word in words[place]] == words


def found_in(text, *terms):
    words = [TextSpan(start, end) for _, start, end in chinese.segment(text)]
    whole = [
        word for word in words if not any(o != word and o.start <= word.start and word.end <= o.end for o in words)
    ]
    return [text[span.start : span.end] for span in TermMatcher(chinese=terms).find_chinese(text, whole)]


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        ("双人帐篷", ["双人", "帐篷"], ["双人", "帐篷"]),
        ("自行车头盔", ["自行车", "头盔", "自行车头盔"], ["自行车头盔"]),
        ("红色登山杖", ["登山杖", "红色"], ["红色", "登山杖"]),  # the segmenter cuts 登山 and 杖
        ("登山杖", ["登山", "登山杖"], ["登山杖"]),
        ("手机", ["手", "机"], []),
        ("和服务", ["和服"], []),
        ("跑步机器", ["跑步机", "跑步", "机器"], ["跑步", "机器"]),
        ("面包", ["包"], []),
        ("羽毛球拍", ["球拍", "羽毛"], ["羽毛", "球拍"]),
    ],
)  # fmt: skip
def test_terms_are_found_where_they_are_words(text, terms, expected):
    assert found_in(text, *terms) == expected


def test_a_compound_has_parts_of_two_characters_or_more():
    matcher = TermMatcher(chinese=["自行车", "头盔", "床", "双人"])
    assert matcher.parts("自行车头盔") == [TextSpan(0, 3), TextSpan(3, 5)]
    assert matcher.parts("双人床") == []
