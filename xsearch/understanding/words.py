"""A query cut into words, each where it stands; Chinese ones with their part of speech."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from xsearch.text import chinese, english
from xsearch.text.chinese import HAN
from xsearch.text.folding import fold

_RUN = re.compile(rf"(?P<han>[{HAN}]+)|[^\W_{HAN}]+(?:'[^\W_{HAN}]+)*")
_NEIGHBOURS = re.compile(r"[\s\-&/]{0,3}")
_SAME = {"’": "'", "‘": "'", "＇": "'", "`": "'"}


class Word(NamedTuple):
    """A word of a text in lower case; ``tag`` is its part of speech, empty for English ones."""

    text: str
    start: int
    end: int
    tag: str = ""

    @property
    def key(self) -> str:
        """What all forms of an English word have in common."""
        return english.stem(fold(self.text)[0].replace("'", ""))

    @property
    def says_nothing(self) -> bool:
        """Whether it is a stop word, with which no thing is named."""
        return self.text in english.STOP_WORDS or self.text in chinese.STOP_WORDS


def plain(text: str) -> str:
    """Return ``text`` in lower case and common width, character by character, so that places stay the same."""
    return "".join(_plain(character) for character in text)


@lru_cache(maxsize=20_000)
def _plain(character: str) -> str:
    other = _SAME.get(character) or unicodedata.normalize("NFKC", character).lower()
    return other if len(other) == 1 else character


def words_in(text: str) -> list[Word]:
    """Return the words of a text that ``plain`` has made, in their order."""
    words: list[Word] = []
    for match in _RUN.finditer(text):
        if match["han"] is None:
            words.append(Word(match[0], match.start(), match.end()))
            continue
        start = match.start()
        for word, tag in chinese.tagged(match[0]):
            words.append(Word(word, start, start + len(word), tag))
            start += len(word)
    return words


def are_neighbours(text: str, one: Word, other: Word) -> bool:
    """Say whether nothing but spaces, a hyphen, & or / stands between two words of ``text``."""
    return _NEIGHBOURS.fullmatch(text, one.end, other.start) is not None
