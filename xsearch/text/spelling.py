"""Typing errors, corrected with the words of the catalogue: English by edit distance, pinyin and Chinese by sound."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, takewhile
from operator import not_
from typing import NamedTuple

from xsearch.text import chinese, english
from xsearch.text.analysis import is_stop_word
from xsearch.text.chinese import HAN_WORD, Sounds, may_be_pinyin, sound_of
from xsearch.text.edits import TWO_ERRORS, Neighbours, PrefixNeighbours, cost_of_edits
from xsearch.text.folding import fold

_MAX_WORDS = 32
_MAX_ROUNDS = 3  # a corrected word may help to correct its neighbour
_MAX_SYLLABLES = 6
_MIN_HALF = 3  # letters on each side of a space that was forgotten
_FORGOTTEN_SPACE = 3.0  # its cost, in the unit of edits
_ONLY_IN_DESCRIPTIONS = 1.5  # cost of a word that is in no title
_LONG = 7  # letters: shorter words are corrected only to words in titles, longer ones by one error to any
# Neither part of a model number nor of a contraction.
_LATIN = re.compile(r"(?<![a-z0-9&'.\-])(?:[a-z]-)?[a-z]+(?![a-z0-9&'\-]|\.[a-z0-9])")
_LAST_LATIN = re.compile(r"(?<![a-z0-9&'.\-])[a-z]{3,}$")
_MAX_UNKNOWN = 3  # words to find the nearest for, and how many of these
_NEAREST = 8
# Addresses and Chinese numbers.
_KEPT = re.compile(r"\S*(?:@|://|www\.)\S*|[零〇一二两三四五六七八九十百千万亿]{2,}")


class Entry(NamedTuple):
    """A word of the catalogue: its forms in titles, separated by spaces, its frequency, and its pinyin if Chinese."""

    lexeme: str
    written: str
    objects_with: int
    sound: str = ""

    @property
    def forms(self) -> list[str]:
        """The English words to correct to; for a word that is only in descriptions, a guess from its stem."""
        if not self.lexeme.isascii():
            return []
        return self.written.split() or [english.written(self.lexeme)]


class _Part(NamedTuple):
    """A part of a folded text: the word there, or its correction."""

    start: int
    end: int
    text: str


class Speller:
    """Corrects unknown words to words of the catalogue; made once for a vocabulary.

    ``entries`` are the catalogue's words. ``familiar`` are lexemes of other words that are never corrected.
    ``translated`` maps Chinese words that the glossary translates into the catalogue's to how many objects have these.
    """

    def __init__(
        self, entries: Sequence[Entry], familiar: Iterable[str] = (), translated: Mapping[str, int] | None = None
    ) -> None:
        self._known = {entry.lexeme for entry in entries}
        self._familiar = frozenset(familiar)
        self._translated = translated or {}
        self._frequency = {form: entry.objects_with for entry in entries for form in entry.forms}
        self._titles = {form for entry in entries for form in entry.written.split()}
        self._neighbours = Neighbours(self._frequency)
        self._sounds = Sounds((entry.lexeme, entry.sound, entry.objects_with) for entry in entries if entry.sound)

    @cached_property
    def _translated_sounds(self) -> Sounds:
        """The translated words by their sound; made when needed, for it loads the library of sounds."""
        words = (word for word in self._translated if len(word) > 1 and chinese.is_chinese(word))
        return Sounds((word, sound_of(word), self._translated[word]) for word in words)

    @cached_property
    def _prefixes(self) -> PrefixNeighbours:
        return PrefixNeighbours({word: count for word, count in self._frequency.items() if word in self._titles})

    def correct(self, text: str) -> str | None:
        """Return ``text`` as it was probably meant; None if there is nothing to correct."""
        corrected = text
        for _round in range(_MAX_ROUNDS):
            better = self._corrected_once(corrected)
            if better == corrected:
                break
            corrected = better
        return corrected if corrected != text else None

    def completed(self, text: str) -> str | None:
        """Return ``text`` as it was probably meant while its last word is being typed; None if that is unknown.

        "red jakc" is "red jacket".
        """
        folded, origins = fold(text)
        last = _LAST_LATIN.search(folded)
        costs = self._prefixes.of(last[0]) if last else {}
        words = {word: self._likelihood(word, cost) for word, cost in costs.items()}
        if last is None or not words:
            return self.correct(text)
        before = text[: origins[last.start()]]
        return (self.correct(before) or before) + max(words, key=lambda word: (words[word], word))

    def nearest(self, text: str) -> dict[str, float]:
        """Return the words nearest in letters to the unknown words of ``text``, and their similarity in (0, 1).

        They serve as a fallback where no object has any word of ``text``: "asdfgh" is nearest to "ash".
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found: dict[str, float] = {}
        unknown = [word for word in fold(text)[0].split() if not self._has(word)]
        for word in unknown[:_MAX_UNKNOWN]:
            near = process.extract(word, self._frequent_first, scorer=OSA.normalized_similarity, limit=_NEAREST)
            found |= {each: max(nearness, found.get(each, 0)) for each, nearness, _ in near if nearness}
        return found

    @cached_property
    def _frequent_first(self) -> list[str]:
        words = self._titles or self._frequency
        return sorted(words, key=lambda word: (-self._frequency.get(word, 0), word))

    def _corrected_once(self, text: str) -> str:
        folded, origins = fold(_KEPT.sub(lambda kept: "0" * len(kept[0]), text))
        fixes = [*self._latin_fixes(folded), *self._chinese_fixes(folded)]
        for fix in sorted(fixes, reverse=True):
            start, end = origins[fix.start], origins[fix.end - 1] + 1
            text = text[:start] + fix.text + text[end:]
        return text

    def _has(self, word: str, *, familiar: bool = False) -> bool:
        """Return True if a folded word is a stop word, in the catalogue or, with ``familiar``, never corrected."""
        stem = english.stem(word.replace("-", ""))
        return is_stop_word(word) or stem in self._known or (familiar and stem in self._familiar)

    # Latin letters: English, or pinyin

    def _latin_fixes(self, folded: str) -> Iterator[_Part]:
        words = [_Part(*found.span(), found[0]) for found in _LATIN.finditer(folded)][:_MAX_WORDS]
        unknown = [not self._has(word.text, familiar=True) for word in words]
        position = 0
        while position < len(words):
            length = _neighbours_from(words, position, folded)
            taken, meant = self._latin_fix(words[position : position + length], unknown[position : position + length])
            if meant:
                yield _Part(words[position].start, words[position + taken - 1].end, meant)
            position += taken

    def _latin_fix(self, words: Sequence[_Part], unknown: Sequence[bool]) -> tuple[int, str | None]:
        """Return how many of the neighbouring ``words`` are done, and their correction if they need one."""
        texts = [word.text for word in words]
        for count in range(len(words), 1, -1):
            if any(unknown[:count]) and (meant := self._spelt(texts[:count])):
                return count, meant
        joined = "".join(texts[:2])
        if len(texts) > 1 and any(unknown[:2]) and english.stem(joined) in self._known:
            return 2, joined
        return 1, self._meant(texts[0]) if unknown[0] else None

    def _meant(self, text: str) -> str | None:
        """Return the meaning of an unknown word: pinyin, a word with an error, or two words without a space."""
        if meant := self._spelt([text]):
            return meant
        word = text.replace("-", "")
        costs = {near: cost_of_edits(word, near) for near in self._neighbours.of(word)}
        # Descriptions have many words that customers would not search for.
        candidates = {
            near: self._likelihood(near, cost)
            for near, cost in costs.items()
            if near in self._titles or (len(near) >= _LONG and cost < TWO_ERRORS)
        }
        candidates |= {f"{one} {other}": value for one, other, value in self._halves(word)}
        if candidates:
            return max(candidates, key=lambda candidate: (candidates[candidate], candidate))
        meant = self._sounds.sentence(text)
        return meant or (self._translated_sounds.sentence(text) if self._may_be_translated(text) else None)

    def _spelt(self, texts: Sequence[str]) -> str | None:
        """Return the word that is typed in pinyin: one of the catalogue, or one that is translated into such a word."""
        meant = self._sounds.spelt(texts)
        return meant or (self._translated_sounds.spelt(texts) if self._may_be_translated("".join(texts)) else None)

    def _may_be_translated(self, letters: str) -> bool:
        return bool(self._translated) and may_be_pinyin(letters)

    def _likelihood(self, word: str, cost: float) -> float:
        return math.log1p(self._frequency[word]) - cost - (word not in self._titles) * _ONLY_IN_DESCRIPTIONS

    def _halves(self, word: str) -> Iterator[tuple[str, str, float]]:
        for middle in range(_MIN_HALF, len(word) - _MIN_HALF + 1):
            one, other = word[:middle], word[middle:]
            if one in self._titles and other in self._titles:
                rarer = min(one, other, key=lambda half: self._frequency[half])
                yield one, other, self._likelihood(rarer, _FORGOTTEN_SPACE)

    # Chinese: other characters of the same sound

    def _chinese_fixes(self, folded: str) -> Iterator[_Part]:
        for run in HAN_WORD.finditer(folded):
            done = 0
            for segment, start, end in chinese.segment(run[0][:_MAX_WORDS]):
                is_known = self._is_known(segment) or segment in chinese.STOP_WORDS
                if start >= done and (not is_known or len(segment) == 1):
                    # Single characters may be the rest of a word with an error.
                    fix = self._sounding_alike(run[0], start, end, done, shortest=3 if is_known else 2)
                    if fix:
                        done = fix.end
                        yield _Part(run.start() + fix.start, run.start() + fix.end, fix.text)

    def _is_known(self, word: str) -> bool:
        return word in self._known or word in self._familiar

    def _alike(self, part: str, segment: str) -> str | None:
        """Return the known word that sounds like ``part``; a real word is no error for a translated one."""
        sound = sound_of(part)
        meant = self._sounds.alike(sound)
        if meant or len(segment) > 1 or not self._translated:
            return meant
        return self._translated_sounds.alike(sound)

    def _sounding_alike(self, run: str, start: int, end: int, free_from: int, *, shortest: int) -> _Part | None:
        """Return the longest known word that sounds like the text around ``run[start:end]``."""
        for length in range(min(_MAX_SYLLABLES, len(run)), shortest - 1, -1):
            for first in range(max(free_from, end - length, 0), min(start, len(run) - length) + 1):
                part = run[first : first + length]
                meant = self._alike(part, run[start:end]) if not self._is_known(part) else None
                if meant and len(meant) == length:
                    return _Part(first, first + length, meant)
        return None


def _neighbours_from(words: Sequence[_Part], position: int, folded: str) -> int:
    """Return how many words follow each other with nothing but spaces between them, from ``position`` on."""
    neighbours = pairwise(words[position : position + _MAX_SYLLABLES])
    gaps = (folded[one.end : other.start].strip() for one, other in neighbours)
    return 1 + sum(1 for _ in takewhile(not_, gaps))
