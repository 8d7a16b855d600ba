"""Glossary files, with lines of Chinese and English terms of the same meaning, and the search for terms in a text."""

from __future__ import annotations

import logging
from collections.abc import Collection, Container, Iterator, Sequence
from functools import lru_cache
from itertools import filterfalse, permutations, product
from pathlib import Path
from typing import NamedTuple

from xsearch.text.chinese import has_chinese
from xsearch.text.word_lists import lines_by_section

logger = logging.getLogger("xsearch.text")

#: The lexemes of a term's words.
TermKey = tuple[str, ...]

_ONE_WAY = "~"
_MIN_ACROSS = 3  # characters of a term that begins in one word of the segmenter and ends in another


class GlossaryError(ValueError):
    """Raised for a file that is no glossary."""


class GlossaryLine(NamedTuple):
    """Terms with the same meaning; those in ``one_way`` are found by the others, but do not find them."""

    domain: str
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    one_way: frozenset[str] = frozenset()

    def both_ways(self, terms: Sequence[str]) -> list[str]:
        """Return those of ``terms`` that find the others."""
        return [term for term in terms if term not in self.one_way]

    def translations(self) -> Iterator[tuple[str, str]]:
        """Yield the pairs of terms in different languages, of which the first finds the second."""
        yield from product(self.both_ways(self.chinese), self.english)
        yield from product(self.both_ways(self.english), self.chinese)


def read_glossary(path: Path) -> list[GlossaryLine]:
    """Return the lines of a glossary file; the bundled file describes the format at its top."""
    lines = []
    for number, domain, text in lines_by_section(path):
        try:
            lines.append(_line(domain, text))
        except GlossaryError as error:
            raise GlossaryError(f"{path.name}, line {number}: {error}") from error
    return lines


@lru_cache(maxsize=4)
def glossary_lines(path: str | None) -> Sequence[GlossaryLine]:
    """Return the lines of the glossary that the settings name; none for None, or if the file cannot be read."""
    try:
        return read_glossary(Path(path)) if path else ()
    except (OSError, ValueError):
        # A search goes on without translations; `manage.py check` says what is wrong.
        logger.exception("The glossary cannot be read")
        return ()


def _line(domain: str, text: str) -> GlossaryLine:
    sides = [[term.strip() for term in side.split(",")] for side in text.split("=")]
    if len(sides) != 2 or not all(term.strip(_ONE_WAY) for side in sides for term in side):
        raise GlossaryError(f"{text!r} is not like: 背包, 双肩包 = backpack, rucksack")
    chinese, english = (tuple(term.removeprefix(_ONE_WAY) for term in side) for side in sides)
    one_way = frozenset(term[1:] for side in sides for term in side if term.startswith(_ONE_WAY))
    wrong = [*filterfalse(has_chinese, chinese), *filter(has_chinese, english)]
    if wrong:
        raise GlossaryError(f"{wrong[0]!r} is on the wrong side; Chinese terms come first, then = and English ones.")
    return GlossaryLine(domain, chinese, english, one_way)


def variants(sides: Sequence[Collection[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of terms that are in the same ``sides`` of lines, and in no others: they are synonyms."""
    lines_of: dict[str, list[int]] = {}
    for number, side in enumerate(sides):
        for term in side:
            lines_of.setdefault(term, []).append(number)
    for side in sides:
        for term, other in permutations(side, 2):
            if other != term and lines_of[other] == lines_of[term]:
                yield term, other


class TextSpan(NamedTuple):
    """A part of a text, from ``start`` up to ``end``."""

    start: int
    end: int


class TermMatcher:
    """Finds the terms of a dictionary in a text, longest first: English ones by lexemes, Chinese ones by characters.

    ``english`` holds the keys of its English terms, of which those of more than ``max_words`` words are ignored.
    ``chinese`` are its Chinese terms in lower case.
    """

    def __init__(self, english: Container[TermKey] = (), chinese: Collection[str] = (), *, max_words: int = 1) -> None:
        self._english = english
        self._max_words = max_words
        self._chinese = frozenset(chinese)
        self._max_characters = max(map(len, self._chinese), default=0)

    def split(self, lexemes: Sequence[str]) -> Iterator[tuple[TermKey, slice]]:
        """Yield the key and the place of each English term; a word outside of all terms is yielded on its own."""
        start = 0
        while start < len(lexemes):
            longest_first = range(min(start + self._max_words, len(lexemes)), start, -1)
            ends = (end for end in longest_first if tuple(lexemes[start:end]) in self._english)
            end = next(ends, start + 1)
            yield tuple(lexemes[start:end]), slice(start, end)
            start = end

    def find_chinese(self, text: str, words: Sequence[TextSpan]) -> list[TextSpan]:
        """Return the places of Chinese terms among the ``words`` that a segmenter cut ``text`` into.

        A term is made of whole words, or it is the end of one (the kind of a compound), or the word is made of terms.
        Terms of three characters and more may also lie across words, where the segmenter cut otherwise.
        """
        text = "".join(character.lower() if len(character.lower()) == 1 else character for character in text)
        ends = {word.end for word in words}
        found: list[TextSpan] = []
        for word in words:
            position = max(word.start, found[-1].end if found else 0)
            while position < word.end:
                begins = position == word.start or bool(found and found[-1].end == position)
                end = self._end_of_term(text, position, word, ends, begins=begins)
                if end:
                    found.append(TextSpan(position, end))
                position = end or position + 1
        return found

    def parts(self, term: str) -> list[TextSpan]:
        """Return the terms of at least two characters that a Chinese compound is made of; empty if it is none."""
        for end in range(len(term) - 2, 1, -1):
            if term[:end] not in self._chinese:
                continue
            rest = [TextSpan(0, len(term) - end)] if term[end:] in self._chinese else self.parts(term[end:])
            if rest:
                return [TextSpan(0, end), *(TextSpan(end + part.start, end + part.end) for part in rest)]
        return []

    def _end_of_term(self, text: str, start: int, word: TextSpan, ends: Collection[int], *, begins: bool) -> int | None:
        longest_first = range(min(start + self._max_characters, len(text)), start, -1)
        terms = [TextSpan(start, end) for end in longest_first if text[start:end] in self._chinese]
        aligned = (term.end for term in terms if self._is_aligned(text, term, word, ends, begins=begins))
        across = (term.end for term in terms if term.end > word.end and term.end - start >= _MIN_ACROSS)
        return next(aligned, None) or next(across, None)

    def _is_aligned(self, text: str, term: TextSpan, word: TextSpan, ends: Collection[int], *, begins: bool) -> bool:
        if begins and term.end in ends:
            return True
        if term.end - term.start == 1 or term.end > word.end:
            return False
        rest = text[term.end : word.end]
        return not rest or (begins and (rest in self._chinese or bool(self.parts(rest))))
