"""Words a typing error away: swapped, missing, extra, doubled and wrong letters.

SymSpell corrects the written and judged queries equally well, but fewer of 1,437 words with a made error (1,360 against
1,381), in 100 times the memory; ``tools/compare_text_libraries.py`` prints the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

_MIN_LETTERS = 3
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = frozenset(frozenset(pair) for row in _KEYS for pair in pairwise(row))
_VOWELS = frozenset("aeiouy")
# Costs in units of ln(frequency): a doubled letter is likelier than one from the other end of the keyboard.
_DOUBLED, _SWAPPED, _MISSING, _NEAR_KEY, _FAR_KEY, TWO_ERRORS = 1.5, 2.0, 2.5, 3.0, 4.0, 6.0
_FIRST_LETTER, _FIRST_LETTERS_SWAPPED = 2.0, 1.0
_BITS = {letter: 1 << number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


class Neighbours:
    """Finds the words within one or two edits of another: among 50,000 words in well under a millisecond.

    Each word has a bit for each letter; one edit changes at most two of them (restricted
    Damerau-Levenshtein distance), so a bitwise comparison leaves few words to compare in full.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if len(word) >= _MIN_LETTERS]
        self._lengths = np.array([len(word) for word in self._words], dtype=np.int16)
        self._letters = np.array([_letters(word) for word in self._words], dtype=np.uint32)

    def of(self, word: str) -> list[str]:
        """Return the words that ``word`` may be misspelt for."""
        errors = _allowed_errors(word)
        if not errors or not self._words:
            return []
        from rapidfuzz.distance import OSA

        other = np.bitwise_count(self._letters ^ np.uint32(_letters(word)))
        close = (other <= 2 * errors) & (np.abs(self._lengths - len(word)) <= errors)
        near = (self._words[number] for number in np.flatnonzero(close))
        found = [each for each in near if OSA.distance(word, each, score_cutoff=errors) <= errors]
        return [each for each in found if cost_of_edits(word, each) <= _allowed_cost(word)]


class PrefixNeighbours:
    """Finds the words that begin with a misspelt prefix: "jacket" for "jakc".

    ``words`` maps each word to its frequency.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words
        self._by_length: dict[int, tuple[dict[str, str], Neighbours]] = {}

    def of(self, typed: str) -> dict[str, float]:
        """Return the costs of the words that ``typed`` may be a prefix of, the most frequent of each prefix."""
        found: dict[str, float] = {}
        for length in range(max(len(typed) - 1, _MIN_LETTERS), len(typed) + 2):
            words, neighbours = self._prefixes(length)
            if typed in words:
                return {}
            costs = {words[near]: cost_of_edits(typed, near) for near in neighbours.of(typed)}
            found |= {word: min(cost, found.get(word, cost)) for word, cost in costs.items()}
        return found

    def _prefixes(self, length: int) -> tuple[dict[str, str], Neighbours]:
        """Return the most frequent word for each prefix of ``length``, and the neighbours of the prefixes."""
        if length not in self._by_length:
            rare_first = sorted((word for word in self._words if len(word) >= length), key=lambda w: self._words[w])
            words = {word[:length]: word for word in rare_first}
            self._by_length[length] = words, Neighbours(words)
        return self._by_length[length]


def cost_of_edits(word: str, meant: str) -> float:
    """Return how unlikely it is that ``word`` was typed for ``meant``, two different words; about 1 to 8."""
    swapped = word[:2] == meant[1::-1]
    first = 0 if word[0] == meant[0] else _FIRST_LETTERS_SWAPPED if swapped else _FIRST_LETTER
    start = 0
    while start < min(len(word), len(meant)) and word[start] == meant[start]:
        start += 1
    typed, intended = word[start:], meant[start:]
    while typed and intended and typed[-1] == intended[-1]:
        typed, intended = typed[:-1], intended[:-1]
    before = meant[start - 1 : start]
    return first + _cost_of_edit(typed, intended, before)


def _cost_of_edit(typed: str, intended: str, before: str) -> float:
    """Return the cost of the different middles of two words with a common beginning and end."""
    if len(typed) == len(intended) == 2 and typed == intended[::-1]:
        return _SWAPPED
    if len(typed) + len(intended) == 1:
        return _DOUBLED if typed + intended == before else _MISSING
    if len(typed) == len(intended) == 1:
        vowels = typed in _VOWELS and intended in _VOWELS
        return _NEAR_KEY if vowels or frozenset((typed, intended)) in _NEAR else _FAR_KEY
    return TWO_ERRORS


def _allowed_errors(word: str) -> int:
    """Return how many edits a word of this length may differ by: short words have too many neighbours."""
    return 0 if len(word) < _MIN_LETTERS else 1 if len(word) < 8 else 2


def _allowed_cost(word: str) -> float:
    if len(word) <= _MIN_LETTERS:
        return _MISSING
    return _NEAR_KEY if len(word) < 8 else TWO_ERRORS


def _letters(word: str) -> int:
    return sum(_BITS.get(letter, 0) for letter in set(word))
