"""The terms of a query: words and phrases with their readings, also written together or apart (back pack, backpack)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from xsearch.text import Token, analyse
from xsearch.text.analysis import quoted
from xsearch.text.folding import fold

#: The worth of a reading; that of the word as it was typed is 1, so that exact words win.
PARTS_WORTH = 0.9  # "water" and "resistant" for "water-resistant"
JOINED_WORTH = 0.95  # "backpack" for "back pack"
SYNONYM_WORTH = 0.8
TRANSLATION_WORTH = 0.75  # "backpack" for 背包, by the glossary
VARIANT_WORTH = 0.6  # "rucksack" for "backpack", by the glossary
PREFIX_WORTH = 0.7


@dataclass(frozen=True)
class ReadingPart:
    """One lexeme, and the fraction of the reading that it makes up."""

    lexeme: str
    fraction: float = 1.0
    is_prefix: bool = False

    @property
    def literal(self) -> str:
        """The part as PostgreSQL's ``tsquery``."""
        return quoted(self.lexeme) + (":*" if self.is_prefix else "")


@dataclass(frozen=True)
class Reading:
    """One way to read a word: a document that has any of its parts, or all of them, has ``worth`` of the word."""

    parts: tuple[ReadingPart, ...]
    worth: float = 1.0
    needs_all: bool = False
    kind: str = "word"

    @classmethod
    def of(cls, lexemes: Sequence[str], worth: float = 1.0, kind: str = "word") -> Reading:
        """Return the reading as all of ``lexemes`` together."""
        return cls(tuple(ReadingPart(lexeme) for lexeme in lexemes), worth, needs_all=len(lexemes) > 1, kind=kind)

    @property
    def is_of_glossary(self) -> bool:
        """True if it is neither a word of the query nor one of the shop's synonyms."""
        return self.kind in {"translation", "variant"}

    @property
    def literal(self) -> str:
        """The reading as PostgreSQL's ``tsquery``."""
        joint = " & " if self.needs_all else " | "
        return f"({joint.join(dict.fromkeys(part.literal for part in self.parts))})"


@dataclass(frozen=True)
class QueryWord:
    """A word of the query; ``weight`` is its share of the score, once words are weighted by how rare they are.

    ``is_modifier`` is True for a word that specifies the next one, as "garden" in "garden hose".
    """

    surface: str
    start: int
    end: int
    lexeme: str
    readings: tuple[Reading, ...]
    weight: float = 0.0
    is_modifier: bool = False


@dataclass(frozen=True)
class Phrase:
    """Neighbouring words, and ``others``: readings of all of them together, as a synonym or a compound."""

    words: tuple[QueryWord, ...]
    others: tuple[Reading, ...] = field(default=())

    @property
    def weight(self) -> float:
        """The share of the score that its words have together."""
        return sum(word.weight for word in self.words)

    def scaled(self, share: float, plus: Phrase | None = None) -> Phrase:
        """Return the phrase with ``share`` of its weight, plus the weight of the same phrase ``plus``."""
        others = [word.weight for word in plus.words] if plus else [0.0] * len(self.words)
        pairs = zip(self.words, others, strict=True)
        return replace(self, words=tuple(replace(word, weight=word.weight * share + other) for word, other in pairs))

    @property
    def literal(self) -> str:
        """All readings, any of which a document must have, as PostgreSQL's ``tsquery``."""
        return " | ".join(dict.fromkeys(reading.literal for reading in self.readings()))

    def readings(self) -> Iterator[Reading]:
        """Yield every reading, of the words and of all of them together."""
        for word in self.words:
            yield from word.readings
        yield from self.others

    def lexemes(self) -> set[str]:
        """Return every lexeme of every reading."""
        return {part.lexeme for reading in self.readings() for part in reading.parts}


def words_of(tokens: Sequence[Token]) -> list[QueryWord]:
    """Return the words of a query, each once; tokens that overlap ("t-shirt" → tshirt, shirt) are one word."""
    groups: list[list[Token]] = []
    end = -1
    for token in sorted(tokens, key=lambda token: (token.start, -token.end)):
        if token.start >= end:
            groups.append([])
        groups[-1].append(token)
        end = max(end, token.end)
    words = [_word(group) for group in groups]
    return [word for number, word in enumerate(words) if word.readings not in [w.readings for w in words[:number]]]


def _word(tokens: Sequence[Token]) -> QueryWord:
    start, end = tokens[0].start, max(token.end for token in tokens)
    whole = [token for token in tokens if (token.start, token.end) == (start, end)]
    parts = [token for token in tokens if token not in whole]
    readings = tuple(Reading.of([token.lexeme]) for token in whole)
    if parts:
        # A part weighs more than its share of the letters: 运动鞋 are 鞋.
        fractions = ((token.lexeme, ((token.end - token.start) / (end - start)) ** 0.5) for token in parts)
        readings += (Reading(tuple(ReadingPart(*each) for each in fractions), PARTS_WORTH, kind="parts"),)
    first = whole[0] if whole else max(parts, key=lambda token: token.end - token.start)
    surface = first.surface if whole else " ".join(token.surface for token in parts)
    return QueryWord(surface, start, end, first.lexeme, readings)


def with_prefix(word: QueryWord) -> QueryWord:
    """Return ``word`` with one more reading: as the prefix of other words."""
    typed, _origins = fold(word.surface)
    typed = typed if typed.startswith(word.lexeme) else word.lexeme  # skirts do not begin with "skis"
    prefix = Reading((ReadingPart(typed, is_prefix=True),), PREFIX_WORTH, kind="prefix")
    return replace(word, readings=(*word.readings, prefix))


_MIN_HALF = 3  # letters
_LETTERS_AND_NUMBER = re.compile(r"([a-z]+)(\d[\d.]*)")


class Compounds:
    """Other ways to write the words of ``phrases``, joined or apart; counts tell which of them the catalogue has."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._phrases = phrases
        words = [word for phrase in phrases for word in phrase.words]
        self._joined = {pair: lexeme for pair in pairwise(words) if (lexeme := _together(*pair))}
        self._halves = {word: _apart(word) for word in words}

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
                    other = Reading.of([lexeme], JOINED_WORTH, "joined")
                    done[-1] = Phrase((*before.words, *phrase.words), (other,))
                    continue
            done.append(phrase)
        return [replace(each, words=tuple(self._with_halves(word, counts) for word in each.words)) for each in done]

    def _with_halves(self, word: QueryWord, counts: Mapping[str, int]) -> QueryWord:
        known = [pair for pair in self._halves.get(word, ()) if all(counts.get(half) for half in pair)]
        if counts.get(word.lexeme) or not known:
            return word
        pair = max(known, key=lambda halves: min(counts[half] for half in halves))
        apart = Reading.of(pair, JOINED_WORTH, "apart")
        return replace(word, readings=(*word.readings, apart))


def _together(first: QueryWord, second: QueryWord) -> str:
    """Return the lexeme of the word that two neighbours make when joined, such as "back pack"; or an empty one."""
    joined = first.surface + second.surface
    are_words = first.surface.isalpha() and (second.surface.isalpha() or second.surface.isdigit())
    return _lexeme(joined) if second.start - first.end == 1 and joined.isascii() and are_words else ""


def _apart(word: QueryWord) -> list[tuple[str, str]]:
    """Return the pairs of lexemes that a word may be made of."""
    text = word.surface.lower()
    places: Iterable[int] = ()
    if found := _LETTERS_AND_NUMBER.fullmatch(text):
        places = [found.end(1)]
    elif text.isascii() and text.isalpha():
        places = range(_MIN_HALF, len(text) - _MIN_HALF + 1)
    pairs = ((_lexeme(text[:place]), _lexeme(text[place:])) for place in places)
    return [pair for pair in pairs if all(pair)]


@lru_cache(maxsize=20_000)
def _lexeme(text: str) -> str:
    words = words_of(analyse(text))
    return words[0].lexeme if len(words) == 1 else ""
