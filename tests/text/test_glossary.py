"""The bundled glossary is well formed, and wrong lines are named."""

from collections import Counter
from pathlib import Path

import pytest

from xsearch.conf import DEFAULTS
from xsearch.text import analyse
from xsearch.text.glossary import GlossaryError, read_glossary, variants

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
