"""A glossary of shop words, and where its Chinese terms stand in a text, however that is segmented."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from xsearch.text.chinese import HAN_WORD

_ONE_WAY = "~"
_MIN_ACROSS = 3  # characters of a term that begins in one word of the segmenter and ends in another


class GlossaryError(ValueError):
    """A file is no glossary."""


class Line(NamedTuple):
    """Terms that mean each other; those in ``one_way`` are found, but not read as the others."""

    domain: str
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    one_way: frozenset[str] = frozenset()


class Span(NamedTuple):
    """A stretch of a text."""

    start: int
    end: int


def read_glossary(path: Path) -> list[Line]:
    """Return the lines of a glossary file; its format stands at the top of the bundled one."""
    lines, domain = [], ""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = text.strip()
        if text.startswith("[") and text.endswith("]"):
            domain = text[1:-1]
        elif text and not text.startswith("#"):
            try:
                lines.append(_line(domain, text))
            except GlossaryError as error:
                raise GlossaryError(f"{path.name}, line {number}: {error}") from error
    return lines


def _line(domain: str, text: str) -> Line:
    sides = [[term.strip() for term in side.split(",")] for side in text.split("=")]
    if len(sides) != 2 or not all(term.strip(_ONE_WAY) for side in sides for term in side):
        raise GlossaryError(f"{text!r} is not like: 背包, 双肩包 = backpack, rucksack")
    chinese, english = (tuple(term.removeprefix(_ONE_WAY) for term in side) for side in sides)
    one_way = frozenset(term[1:] for side in sides for term in side if term.startswith(_ONE_WAY))
    line = Line(domain, chinese, english, one_way)
    wrong = [term for term in line.chinese if not has_chinese(term)] + [
        term for term in line.english if has_chinese(term)
    ]
    if wrong:
        raise GlossaryError(f"{wrong[0]!r} is on the wrong side; Chinese terms come first, then = and English ones.")
    return line


def has_chinese(text: str) -> bool:
    """Say whether a text has any Chinese character."""
    return HAN_WORD.search(text) is not None


class Finder:
    """Finds the longest terms in a text whose words are known; made once for a set of ``terms`` in lower case."""

    def __init__(self, terms: Collection[str]) -> None:
        self._terms = frozenset(terms)
        self._longest = max(map(len, terms), default=0)

    def find(self, text: str, words: Sequence[Span]) -> list[Span]:
        """Return where terms stand, from left to right.

        A term is made of whole ``words``, or it is the end of one (its kind, as in all compounds), or all of it is
        made of terms. Longer ones may also lie across words, where the segmenter cut otherwise.
        """
        text = "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
        ends = {word.end for word in words}
        found: list[Span] = []
        for word in words:
            position = max(word.start, found[-1].end if found else 0)
            while position < word.end:
                begins = position == word.start or bool(found and found[-1].end == position)
                end = self._end_of_term(text, position, word, ends, begins=begins)
                if end:
                    found.append(Span(position, end))
                position = end or position + 1
        return found

    def parts(self, term: str) -> list[Span]:
        """Return the terms of two characters or more that a compound is made of; none if it is not."""
        for end in range(len(term) - 2, 1, -1):
            if term[:end] in self._terms:
                rest = [Span(end, len(term))] if term[end:] in self._terms else _moved(self.parts(term[end:]), end)
                if rest:
                    return [Span(0, end), *rest]
        return []

    def _end_of_term(self, text: str, start: int, word: Span, ends: Collection[int], *, begins: bool) -> int | None:
        longest_first = range(min(start + self._longest, len(text)), start, -1)
        terms = [Span(start, end) for end in longest_first if text[start:end] in self._terms]
        aligned = (term.end for term in terms if self._fits(text, term, word, ends, begins=begins))
        across = (term.end for term in terms if term.end > word.end and term.end - start >= _MIN_ACROSS)
        return next(aligned, None) or next(across, None)

    def _fits(self, text: str, term: Span, word: Span, ends: Collection[int], *, begins: bool) -> bool:
        if begins and term.end in ends:
            return True
        if term.end - term.start == 1 or term.end > word.end:
            return False
        rest = text[term.end : word.end]
        return not rest or (begins and (rest in self._terms or bool(self.parts(rest))))


def _moved(spans: Sequence[Span], by: int) -> list[Span]:
    return [Span(span.start + by, span.end + by) for span in spans]


def variants(sides: Sequence[Collection[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of terms that stand in the same ``sides`` of lines, and in no others."""
    lines_of: dict[str, list[int]] = {}
    for number, side in enumerate(sides):
        for term in side:
            lines_of.setdefault(term, []).append(number)
    for side in sides:
        for term in side:
            for other in side:
                if other != term and lines_of[other] == lines_of[term]:
                    yield term, other
