"""How much each word of a query says: the more, the fewer documents have it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from xsearch.search.words.terms import Reading, Stretch, Word

# Beside words for what is wanted, one for its colour, brand or the like says less, unless hardly a document has it.
_DESCRIPTION, _RARE = 0.3, 0.01
# A word that no document has says little about any of them, and all such words not much more than the others, so that
# even a translation of these is close; unless they only describe what the word is for.
_UNKNOWN_WORD, _UNKNOWN_MOST = 0.3, 1.4
# The 15 of "iphone 15" says how or how many; longer numbers are names, such as those of articles.
_COUNT_DIGITS = 2
# Of what the rarest word weighs; one that nearly all documents have is still the name of what is wanted.
_COMMON_WORD = 0.15


def weighted(
    stretches: Sequence[Stretch], counts: Mapping[str, int], describing: Collection[str], naming: Collection[str] = ()
) -> list[Stretch]:
    """Return ``stretches`` with the weights of their words, which add up to one.

    ``counts`` are how many documents have each lexeme, and how many there are under the empty one; ``describing`` are
    lexemes that say how a thing is, ``naming`` those that say what it is.
    """
    heard = [each for stretch in stretches for each in _heard(stretch, counts, describing, naming)]
    known = sum(each.weight for each in heard if each.is_known)
    unknown = sum(each.weight for each in heard if not each.is_known)
    most = 1.0
    if known and unknown:
        is_named = any(each.is_known and not each.describes for each in heard)
        most = min(1.0, _UNKNOWN_MOST * known / unknown) if is_named else 1 / _UNKNOWN_WORD
    whole = known + unknown * most
    shares = ((each.said, each.weight * (1.0 if each.is_known else most) / whole) for each in heard)
    return [
        replace(stretch, words=tuple(_with_share(word, *next(shares), counts) for word in stretch.words))
        for stretch in stretches
    ]


class _Heard(NamedTuple):
    """How much a word says, whether any document has it, and whether it just describes what is named by another."""

    said: float
    is_known: bool
    describes: bool

    @property
    def weight(self) -> float:
        return self.said * (_DESCRIPTION if self.describes else 1.0)


def _heard(
    stretch: Stretch, counts: Mapping[str, int], describing: Collection[str], naming: Collection[str]
) -> list[_Heard]:
    said = [_said(word, stretch, counts) for word in stretch.words]
    _head, has_head = said[-1]

    def describes(word: Word) -> bool:
        is_alone = word.is_modifier and not has_head and word.lexeme not in naming
        return is_alone or _describes(word, counts, describing)

    return [_Heard(*each, describes(word)) for word, each in zip(stretch.words, said, strict=True)]


def _describes(word: Word, counts: Mapping[str, int], describing: Collection[str]) -> bool:
    is_count = word.lexeme.isdigit() and len(word.lexeme) <= _COUNT_DIGITS
    is_common = counts.get(word.lexeme, 0) >= _RARE * counts[""]
    return is_count or (word.lexeme in describing and is_common)


def _with_share(word: Word, said: float, share: float, counts: Mapping[str, int]) -> Word:
    return replace(word, weight=share, readings=tuple(_damped(each, said, counts) for each in word.readings))


def _said(word: Word, stretch: Stretch, counts: Mapping[str, int]) -> tuple[float, bool]:
    """Return how much a word says, by how rare it is together with what stands for it, and whether any document has it.

    Until words are counted, all are taken for known.
    """
    total = counts[""]
    glossary = [reading for reading in (*word.readings, *stretch.others) if reading.is_of_glossary]
    same = [reading for reading in word.readings if reading.kind == "apart"]
    same += [reading for reading in stretch.others if not reading.is_of_glossary]
    means_it = sum(documents_with(reading, counts) for reading in same)
    with_it = counts.get(word.lexeme, 0) + means_it
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


def _damped(reading: Reading, said: float, counts: Mapping[str, int]) -> Reading:
    """Return a reading whose parts count less the more common they are: "ml" says less than "500ml"."""
    if reading.kind != "parts":
        return reading
    total = counts[""]
    rarities = [inverse_document_frequency(counts.get(part.lexeme, 0), total) for part in reading.parts]
    parts = zip(reading.parts, rarities, strict=True)
    return replace(reading, parts=tuple(replace(p, fraction=p.fraction * min(1.0, r / said)) for p, r in parts))


def documents_with(reading: Reading, counts: Mapping[str, int]) -> int:
    """Return how many documents have a reading, at most."""
    with_part = [counts.get(part.lexeme, 0) for part in reading.parts]
    return min(with_part) if reading.needs_all else sum(with_part)


def inverse_document_frequency(with_term: int, total: int) -> float:
    """Return BM25's idf (Robertson and Zaragoza, 2009): above zero, and larger for rarer terms."""
    with_term = min(with_term, total)
    return math.log(1 + (total - with_term + 0.5) / (with_term + 0.5))
