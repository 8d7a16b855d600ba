"""Words written together or apart: "back pack" and backpack, "raincoat" and "Rain coat", "xps13" and "XPS 13"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from xsearch.search.words.terms import JOINED_WORTH, Phrase, QueryWord, Reading, ReadingPart, words_of
from xsearch.text import analyse

_MIN_HALF = 3  # letters
_LETTERS_AND_NUMBER = re.compile(r"([a-z]+)(\d[\d.]*)")


class Compounds:
    """Other ways to write the words of ``phrases``, joined or apart; counts tell which of them the catalogue has."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._phrases = phrases
        words = [word for phrase in phrases for word in phrase.words]
        self._joined = {pair: lexeme for pair in pairwise(words) if (lexeme := _together(*pair))}
        self._halves = {word: list(_apart(word)) for word in words}

    def lexemes(self) -> set[str]:
        """Return the lexemes to count."""
        halves = {lexeme for pairs in self._halves.values() for pair in pairs for lexeme in pair}
        return {*self._joined.values(), *halves}

    def applied(self, counts: Mapping[str, int]) -> list[Phrase]:
        """Return the phrases with the other ways to write them that ``counts`` has."""
        done: list[Phrase] = []
        for phrase in self._phrases:
            before = done[-1] if done else None
            if before and len(before.words) == len(phrase.words) == 1 and not before.others and not phrase.others:
                lexeme = self._joined.get((before.words[0], phrase.words[0]), "")
                if lexeme and counts.get(lexeme):
                    other = Reading((ReadingPart(lexeme),), JOINED_WORTH, kind="joined")
                    done[-1] = Phrase((*before.words, *phrase.words), (other,))
                    continue
            done.append(phrase)
        return [replace(each, words=tuple(self._with_halves(word, counts) for word in each.words)) for each in done]

    def _with_halves(self, word: QueryWord, counts: Mapping[str, int]) -> QueryWord:
        known = [pair for pair in self._halves.get(word, ()) if all(counts.get(half) for half in pair)]
        if counts.get(word.lexeme) or not known:
            return word
        pair = max(known, key=lambda halves: min(counts[half] for half in halves))
        apart = Reading(tuple(ReadingPart(half) for half in pair), JOINED_WORTH, needs_all=True, kind="apart")
        return replace(word, readings=(*word.readings, apart))


def _together(first: QueryWord, second: QueryWord) -> str:
    """Return the lexeme of the word that two neighbours make when joined, such as "back pack"; or an empty one."""
    if second.start - first.end != 1 or not (first.surface + second.surface).isascii() or not first.surface.isalpha():
        return ""
    if not (second.surface.isalpha() or second.surface.isdigit()):
        return ""
    return _lexeme(first.surface + second.surface)


def _apart(word: QueryWord) -> Iterator[tuple[str, str]]:
    """Yield the pairs of lexemes that a word may be made of."""
    text = word.surface.lower()
    if found := _LETTERS_AND_NUMBER.fullmatch(text):
        places = [found.end(1)]
    elif text.isascii() and text.isalpha():
        places = list(range(_MIN_HALF, len(text) - _MIN_HALF + 1))
    else:
        return
    for place in places:
        halves = _lexeme(text[:place]), _lexeme(text[place:])
        if all(halves):
            yield halves


@lru_cache(maxsize=20_000)
def _lexeme(text: str) -> str:
    words = words_of(analyse(text))
    return words[0].lexeme if len(words) == 1 else ""
