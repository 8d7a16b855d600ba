"""Finds the terms of a dictionary in a text, longest first: English terms by lexemes, Chinese ones by characters."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from typing import NamedTuple

#: The lexemes of a term's words.
TermKey = tuple[str, ...]

_MIN_ACROSS = 3  # characters of a term that begins in one word of the segmenter and ends in another


class TextSpan(NamedTuple):
    """A part of a text, from ``start`` up to ``end``."""

    start: int
    end: int


class TermMatcher:
    """Finds the longest terms of one dictionary.

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
