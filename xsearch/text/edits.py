"""Words a typing error away: swapped, missing, extra, doubled and wrong letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

_MIN_LETTERS = 3
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = frozenset(frozenset(pair) for row in _KEYS for pair in pairwise(row))
_VOWELS = frozenset("aeiouy")
# Costs in units of ln(frequency): a letter typed twice is likelier than one from the other end of the keyboard.
_DOUBLED, _SWAPPED, _MISSING, _NEAR_KEY, _FAR_KEY, TWO_ERRORS = 1.5, 2.0, 2.5, 3.0, 4.0, 6.0
_FIRST_LETTER, _FIRST_LETTERS_SWAPPED = 2.0, 1.0
_BITS = {letter: 1 << number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


class Neighbours:
    """Finds the words within one or two edits of another, among 50,000 in well under a millisecond.

    Each word has a bit for each letter; one edit changes at most two of them (restricted
    Damerau-Levenshtein distance), so that a bitwise comparison leaves few words to be compared in full.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if len(word) >= _MIN_LETTERS]
        self._lengths = np.array([len(word) for word in self._words], dtype=np.int16)
        self._letters = np.array([_letters(word) for word in self._words], dtype=np.uint32)

    def of(self, word: str) -> list[str]:
        """Return the words that ``word`` may be a misspelling of."""
        errors = _allowed_errors(word)
        if not errors or not self._words:
            return []
        from rapidfuzz.distance import OSA

        other = np.bitwise_count(self._letters ^ np.uint32(_letters(word)))
        close = (other <= 2 * errors) & (np.abs(self._lengths - len(word)) <= errors)
        near = (self._words[number] for number in np.flatnonzero(close))
        found = [each for each in near if OSA.distance(word, each, score_cutoff=errors) <= errors]
        return [each for each in found if cost_of_edits(word, each) <= _allowed_cost(word)]


class Begun:
    """Finds the words whose beginning another is, be it with an error: "jakc" begins "jacket".

    ``words`` maps each word to how frequent it is.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words
        self._by_length: dict[int, tuple[dict[str, str], Neighbours]] = {}

    def of(self, typed: str) -> dict[str, float]:
        """Return the costs of the words that ``typed`` may begin, the most frequent of each beginning."""
        found: dict[str, float] = {}
        for length in range(max(len(typed) - 1, _MIN_LETTERS), len(typed) + 2):
            words, neighbours = self._beginnings(length)
            if typed in words:
                return {}
            costs = {words[near]: cost_of_edits(typed, near) for near in neighbours.of(typed)}
            found |= {word: min(cost, found.get(word, cost)) for word, cost in costs.items()}
        return found

    def _beginnings(self, length: int) -> tuple[dict[str, str], Neighbours]:
        """Return the most frequent word for each beginning of ``length``, and their neighbours; made when needed."""
        if length not in self._by_length:
            rare_first = sorted((word for word in self._words if len(word) >= length), key=lambda w: self._words[w])
            words = {word[:length]: word for word in rare_first}
            self._by_length[length] = words, Neighbours(words)
        return self._by_length[length]


def cost_of_edits(word: str, meant: str) -> float:
    """Return how unlikely it is that who meant ``meant`` typed ``word``, two different words; about 1 to 8."""
    swapped = word[:2] == meant[1::-1]
    first = 0 if word[0] == meant[0] else _FIRST_LETTERS_SWAPPED if swapped else _FIRST_LETTER
    start = 0
    while start < min(len(word), len(meant)) and word[start] == meant[start]:
        start += 1
    typed, wanted = word[start:], meant[start:]
    while typed and wanted and typed[-1] == wanted[-1]:
        typed, wanted = typed[:-1], wanted[:-1]
    before = meant[start - 1 : start]
    return first + _cost_of_edit(typed, wanted, before)


def _cost_of_edit(typed: str, wanted: str, before: str) -> float:
    """Return the cost of what is left of two words without their common beginning and end."""
    if len(typed) == len(wanted) == 2 and typed == wanted[::-1]:
        return _SWAPPED
    if len(typed) + len(wanted) == 1:
        return _DOUBLED if typed + wanted == before else _MISSING
    if len(typed) == len(wanted) == 1:
        vowels = typed in _VOWELS and wanted in _VOWELS
        return _NEAR_KEY if vowels or frozenset((typed, wanted)) in _NEAR else _FAR_KEY
    return TWO_ERRORS


def _allowed_errors(word: str) -> int:
    """Return how many edits a word of this length may be away: short words have too many neighbours."""
    if len(word) < _MIN_LETTERS:
        return 0
    return 1 if len(word) < 8 else 2


def _allowed_cost(word: str) -> float:
    if len(word) <= _MIN_LETTERS:
        return _MISSING
    return _NEAR_KEY if len(word) < 8 else TWO_ERRORS


def _letters(word: str) -> int:
    bits = 0
    for letter in word:
        bits |= _BITS.get(letter, 0)
    return bits
