"""Weights of the words of a query: the fewer documents have a word, the more it weighs."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from xsearch.search.words.terms import Phrase, QueryWord, Reading

# A word for a colour, a brand or the like weighs less than one for the kind of thing, unless it is rare.
_DESCRIPTION, _RARE = 0.3, 0.01
# A word that no document has weighs little, and all such words together not much more than the others, so that even a
# translation of the others is close; unless the others only describe the thing that the unknown word names.
_UNKNOWN_WORD, _UNKNOWN_MOST = 0.3, 1.4
# The 15 of "iphone 15" is a count or a property; longer numbers are names, such as article numbers.
_COUNT_DIGITS = 2
# The least weight, as a fraction of the rarest word's: a word that nearly all documents have may still name the thing.
_COMMON_WORD = 0.15


def weighted(
    phrases: Sequence[Phrase], counts: Mapping[str, int], describing: Collection[str], naming: Collection[str] = ()
) -> list[Phrase]:
    """Return ``phrases`` with the weights of their words, which add up to one.

    ``counts`` maps each lexeme to the number of documents with it, and the empty one to that of all documents.
    ``describing`` are lexemes of properties, ``naming`` those of kinds of things.
    """
    importances = [each for phrase in phrases for each in _importances_of(phrase, counts, describing, naming)]
    known = sum(each.weight for each in importances if each.is_known)
    unknown = sum(each.weight for each in importances if not each.is_known)
    most = 1.0
    if known and unknown:
        is_named = any(each.is_known and not each.describes for each in importances)
        most = min(1.0, _UNKNOWN_MOST * known / unknown) if is_named else 1 / _UNKNOWN_WORD
    whole = known + unknown * most
    shares = ((each.value, each.weight * (1.0 if each.is_known else most) / whole) for each in importances)
    return [
        replace(phrase, words=tuple(_with_share(word, *next(shares), counts) for word in phrase.words))
        for phrase in phrases
    ]


class _Importance(NamedTuple):
    """The importance of a word, if any document has it, and if it only describes the thing that another word names."""

    value: float
    is_known: bool
    describes: bool

    @property
    def weight(self) -> float:
        return self.value * (_DESCRIPTION if self.describes else 1.0)


def _importances_of(
    phrase: Phrase, counts: Mapping[str, int], describing: Collection[str], naming: Collection[str]
) -> list[_Importance]:
    values = [_value(word, phrase, counts) for word in phrase.words]
    _head, has_head = values[-1]

    def describes(word: QueryWord) -> bool:
        is_alone = word.is_modifier and not has_head and word.lexeme not in naming
        is_count = word.lexeme.isdigit() and len(word.lexeme) <= _COUNT_DIGITS
        is_common = counts.get(word.lexeme, 0) >= _RARE * counts[""]
        return is_alone or is_count or (word.lexeme in describing and is_common)

    return [_Importance(*each, describes(word)) for word, each in zip(phrase.words, values, strict=True)]


def _with_share(word: QueryWord, value: float, share: float, counts: Mapping[str, int]) -> QueryWord:
    return replace(word, weight=share, readings=tuple(_damped(each, value, counts) for each in word.readings))


def _value(word: QueryWord, phrase: Phrase, counts: Mapping[str, int]) -> tuple[float, bool]:
    """Return the value of a word, by how rare it is together with its synonyms, and if any document has it.

    Until words are counted, all of them count as known.
    """
    total = counts[""]
    glossary = [reading for reading in (*word.readings, *phrase.others) if reading.is_of_glossary]
    same = [reading for reading in word.readings if reading.kind == "apart"]
    same += [reading for reading in phrase.others if not reading.is_of_glossary]
    with_it = counts.get(word.lexeme, 0) + sum(documents_with(reading, counts) for reading in same)
    # A word of the catalogue stays as rare as it is, however common what it is translated into.
    with_it = with_it or sum(documents_with(reading, counts) for reading in glossary)
    parts = [part.lexeme for reading in word.readings if reading.kind == "parts" for part in reading.parts]
    known = [inverse_document_frequency(counts[part], total) for part in parts if counts.get(part)]
    most = inverse_document_frequency(0, total)
    if with_it:
        known = [inverse_document_frequency(with_it, total)]
    if known or len(counts) == 1:
        return max(*known, most * _COMMON_WORD) if known else most, True
    return most * _UNKNOWN_WORD, False


def _damped(reading: Reading, value: float, counts: Mapping[str, int]) -> Reading:
    """Return a reading whose common parts weigh less: "ml" weighs less than "500ml"."""
    if reading.kind != "parts":
        return reading
    total = counts[""]
    rarities = [inverse_document_frequency(counts.get(part.lexeme, 0), total) for part in reading.parts]
    parts = zip(reading.parts, rarities, strict=True)
    return replace(reading, parts=tuple(replace(p, fraction=p.fraction * min(1.0, r / value)) for p, r in parts))


def documents_with(reading: Reading, counts: Mapping[str, int]) -> int:
    """Return the greatest possible number of documents with a reading."""
    with_part = [counts.get(part.lexeme, 0) for part in reading.parts]
    return min(with_part) if reading.needs_all else sum(with_part)


def inverse_document_frequency(with_term: int, total: int) -> float:
    """Return BM25's idf (Robertson and Zaragoza, 2009): above zero, and larger for rarer terms."""
    with_term = min(with_term, total)
    return math.log(1 + (total - with_term + 0.5) / (with_term + 0.5))
