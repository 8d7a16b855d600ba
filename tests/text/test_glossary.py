"""The bundled glossary is well formed, and terms are found in texts however these are segmented."""

from collections import Counter
from pathlib import Path

import pytest

from xsearch.conf import DEFAULTS
from xsearch.text import analyse, chinese
from xsearch.text.glossary import Finder, GlossaryError, Span, read_glossary, variants

LINES = read_glossary(Path(DEFAULTS["GLOSSARY"]))


def test_there_are_many_words_of_every_domain():
    domains = Counter(line.domain for line in LINES)
    assert len(LINES) >= 1_500
    assert len(domains) >= 35
    assert min(domains.values()) >= 10, domains.most_common()[-3:]


def test_no_pair_stands_twice():
    pairs = Counter((one, other) for line in LINES for one in line.chinese for other in line.english)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_no_term_stands_twice_in_a_line():
    assert [line for line in LINES if len({*line.chinese, *line.english}) < len(line.chinese) + len(line.english)] == []


def test_every_term_can_be_searched_for():
    assert [term for line in LINES for term in (*line.chinese, *line.english) if not analyse(term)] == []


def test_a_one_way_term_is_not_read_by_way_of_its_stem():
    def stems(terms):
        return {tuple(token.lexeme for token in analyse(term)) for term in terms}

    for line in LINES:
        assert not stems(line.one_way) & stems({*line.chinese, *line.english} - line.one_way), line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("背包 backpack\n", "line 1"), ("# words\n背包 = \n", "line 2"), ("backpack = 背包\n", "wrong side"),
        ("背包 = backpack = bag\n", "is not like"), ("背包, = backpack\n", "is not like"),
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named(tmp_path, text, said):
    file = tmp_path / "words.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GlossaryError, match=said):
        read_glossary(file)


def test_variants_stand_in_the_same_lines_only():
    found = set(variants([["trousers", "pants"], ["pants"], ["torch", "flashlight"]]))
    assert found == {("torch", "flashlight"), ("flashlight", "torch")}


def found_in(text, *terms):
    words = [Span(start, end) for _, start, end in chinese.segment(text)]
    whole = [
        word for word in words if not any(o != word and o.start <= word.start and word.end <= o.end for o in words)
    ]
    return [text[span.start : span.end] for span in Finder(terms).find(text, whole)]


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
    finder = Finder(["自行车", "头盔", "床", "双人"])
    assert finder.parts("自行车头盔") == [Span(0, 3), Span(3, 5)]
    assert finder.parts("双人床") == []
