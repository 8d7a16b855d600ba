"""Typing errors, corrected with the words of the catalogue: English by edit distance, pinyin and Chinese by sound."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from xsearch.text import chinese, english
from xsearch.text.chinese import HAN_WORD
from xsearch.text.edits import TWO_ERRORS, Begun, Neighbours, cost_of_edits
from xsearch.text.folding import fold
from xsearch.text.pinyin import Sounds, may_be_pinyin, sound_of

_MAX_WORDS = 32
_MAX_ROUNDS = 3  # a word put right may show what its neighbour means
_MAX_SYLLABLES = 6
_MIN_HALF = 3  # letters on each side of a space that was forgotten
_FORGOTTEN_SPACE = 3.0  # what it costs beside edits
_ONLY_IN_DESCRIPTIONS = 1.5  # costs of a word that stands in no title
_LONG = 7  # letters: shorter words are corrected only to what stands in titles, longer ones by one error to others
# Neither part of a model number nor of a contraction.
_LATIN = re.compile(r"(?<![a-z0-9&'.\-])(?:[a-z]-)?[a-z]+(?![a-z0-9&'\-]|\.[a-z0-9])")
_LAST_LATIN = re.compile(r"(?<![a-z0-9&'.\-])[a-z]{3,}$")
_MAX_LACKING = 3  # words that are looked for among those nearest in letters, and how many of these
_NEAREST = 8
# Addresses and Chinese numbers.
_KEPT = re.compile(r"\S*(?:@|://|www\.)\S*|[零〇一二两三四五六七八九十百千万亿]{2,}")


class Entry(NamedTuple):
    """A word of the catalogue: its forms in titles with spaces between, its frequency, its pinyin if it is Chinese."""

    lexeme: str
    written: str
    objects_with: int
    sound: str = ""

    @property
    def forms(self) -> list[str]:
        """The English words to correct others to; a word of descriptions alone is guessed from its stem."""
        if not self.lexeme.isascii():
            return []
        return self.written.split() or [english.written(self.lexeme)]


class Word(NamedTuple):
    """A word of a folded text and where it stands."""

    text: str
    start: int
    end: int


class Fix(NamedTuple):
    """A stretch of a folded text, and what is meant by it."""

    start: int
    end: int
    text: str


class Speller:
    """Corrects words that neither the catalogue nor anybody else knows; made once for a vocabulary.

    ``entries`` are the catalogue's words; ``familiar`` are lexemes of others that are never corrected;
    ``translated`` are Chinese words that stand for words of the catalogue, and how many objects have these.
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
        """The words that are translated by their sound: it loads the library of sounds, so only when it is asked."""
        words = (
            (word, count) for word, count in self._translated.items() if len(word) > 1 and HAN_WORD.fullmatch(word)
        )
        return Sounds((word, sound_of(word), count) for word, count in words)

    @cached_property
    def _begun(self) -> Begun:
        return Begun({word: count for word, count in self._frequency.items() if word in self._titles})

    def knows(self, word: str) -> bool:
        """Say whether a folded word is in the catalogue, is familiar, or says nothing anyway."""
        return self._has(word) or english.stem(word.replace("-", "")) in self._familiar

    def _has(self, word: str) -> bool:
        """Say whether a folded word is in the catalogue, or says nothing anyway."""
        says_nothing = word in english.STOP_WORDS or word in chinese.STOP_WORDS
        return says_nothing or english.stem(word.replace("-", "")) in self._known

    def correct(self, text: str) -> str | None:
        """Return ``text`` as it was probably meant; None where there is nothing to correct."""
        corrected = text
        for _round in range(_MAX_ROUNDS):
            better = self._corrected_once(corrected)
            if better == corrected:
                break
            corrected = better
        return corrected if corrected != text else None

    def completed(self, text: str) -> str | None:
        """Return ``text`` as it was probably meant, if its last word is only begun; None where that is unknown.

        "red jakc" is "red jacket".
        """
        folded, origins = fold(text)
        last = _LAST_LATIN.search(folded)
        words = {word: self._likelihood(word, cost) for word, cost in self._begun.of(last[0]).items()} if last else {}
        if last is None or not words:
            return self.correct(text)
        before = text[: origins[last.start()]]
        return (self.correct(before) or before) + max(words, key=lambda word: (words[word], word))

    def nearest(self, text: str) -> dict[str, float]:
        """Return the words nearest in letters to those of ``text`` that the catalogue lacks, and how near, in (0, 1).

        They are what is left to show where nothing has anything of ``text``: "asdfgh" is nearest to "ash".
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found: dict[str, float] = {}
        lacking = [word for word in fold(text)[0].split() if not self._has(word)]
        for word in lacking[:_MAX_LACKING]:
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

    # Latin letters: English, or pinyin

    def _latin_fixes(self, folded: str) -> Iterator[Fix]:
        words = [Word(found[0], *found.span()) for found in _LATIN.finditer(folded)][:_MAX_WORDS]
        unknown = [not self.knows(word.text) for word in words]
        position = 0
        while position < len(words):
            length = _neighbours_from(words, position, folded)
            taken, meant = self._latin_fix(words[position : position + length], unknown[position : position + length])
            if meant:
                yield Fix(words[position].start, words[position + taken - 1].end, meant)
            position += taken

    def _latin_fix(self, words: Sequence[Word], unknown: Sequence[bool]) -> tuple[int, str | None]:
        """Return how many of the neighbouring ``words`` are done with, and what they mean if not what they say."""
        texts = [word.text for word in words]
        for count in range(len(words), 1, -1):
            if any(unknown[:count]) and (meant := self._spelt(texts[:count])):
                return count, meant
        if any(unknown[:2]) and self._is_one_word(texts[:2]):
            return 2, "".join(texts[:2])
        return 1, self._meant(texts[0]) if unknown[0] else None

    def _is_one_word(self, texts: Sequence[str]) -> bool:
        return len(texts) == 2 and english.stem("".join(texts)) in self._known

    def _meant(self, text: str) -> str | None:
        """Return what an unknown word means: pinyin, a word of the catalogue with an error, or two without space."""
        if meant := self._spelt([text]):
            return meant
        word = text.replace("-", "")
        costs = {near: cost_of_edits(word, near) for near in self._neighbours.of(word)}
        candidates = {near: self._likelihood(near, cost) for near, cost in costs.items() if self._is_told(near, cost)}
        candidates |= {f"{one} {other}": value for one, other, value in self._halves(word)}
        if candidates:
            return max(candidates, key=lambda candidate: (candidates[candidate], candidate))
        meant = self._sounds.sentence(text)
        return meant or (self._translated_sounds.sentence(text) if self._may_be_translated(text) else None)

    def _spelt(self, texts: Sequence[str]) -> str | None:
        """Return what is typed in pinyin: a word of the catalogue, or one that is translated into such."""
        meant = self._sounds.spelt(texts)
        return meant or (self._translated_sounds.spelt(texts) if self._may_be_translated("".join(texts)) else None)

    def _may_be_translated(self, letters: str) -> bool:
        return bool(self._translated) and may_be_pinyin(letters)

    def _is_told(self, word: str, cost: float) -> bool:
        """Say whether a word is one that customers would look for: descriptions have many that they would not."""
        return word in self._titles or (len(word) >= _LONG and cost < TWO_ERRORS)

    def _likelihood(self, word: str, cost: float) -> float:
        return math.log1p(self._frequency[word]) - cost - (word not in self._titles) * _ONLY_IN_DESCRIPTIONS

    def _halves(self, word: str) -> Iterator[tuple[str, str, float]]:
        for middle in range(_MIN_HALF, len(word) - _MIN_HALF + 1):
            one, other = word[:middle], word[middle:]
            if one in self._titles and other in self._titles:
                rarer = min(one, other, key=lambda half: self._frequency[half])
                yield one, other, self._likelihood(rarer, _FORGOTTEN_SPACE)

    # Chinese: other characters of the same sound

    def _chinese_fixes(self, folded: str) -> Iterator[Fix]:
        for run in HAN_WORD.finditer(folded):
            done = 0
            for segment, start, end in chinese.segment(run[0][:_MAX_WORDS]):
                is_known = self._is_known(segment) or segment in chinese.STOP_WORDS
                if start >= done and (not is_known or len(segment) == 1):
                    # Characters that stand alone may be what is left of a word that was broken.
                    fix = self._sounding_alike(run[0], start, end, done, shortest=3 if is_known else 2)
                    if fix:
                        done = fix.end
                        yield Fix(run.start() + fix.start, run.start() + fix.end, fix.text)

    def _is_known(self, word: str) -> bool:
        return word in self._known or word in self._familiar

    def _alike(self, stretch: str, segment: str) -> str | None:
        """Return the known word that sounds like ``stretch``; real words are no errors for translated ones."""
        sound = sound_of(stretch)
        meant = self._sounds.alike(sound)
        if meant or len(segment) > 1 or not self._translated:
            return meant
        return self._translated_sounds.alike(sound)

    def _sounding_alike(self, run: str, start: int, end: int, free_from: int, *, shortest: int) -> Fix | None:
        """Return the longest known word that sounds like the text around ``run[start:end]``."""
        for length in range(min(_MAX_SYLLABLES, len(run)), shortest - 1, -1):
            for first in range(max(free_from, end - length, 0), min(start, len(run) - length) + 1):
                stretch = run[first : first + length]
                meant = self._alike(stretch, run[start:end]) if not self._is_known(stretch) else None
                if meant and len(meant) == length:
                    return Fix(first, first + length, meant)
        return None


def _neighbours_from(words: Sequence[Word], position: int, folded: str) -> int:
    """Return how many words stand with nothing but spaces between them, from ``position`` on."""
    count = 1
    while position + count < len(words) and count < _MAX_SYLLABLES:
        if folded[words[position + count - 1].end : words[position + count].start].strip():
            break
        count += 1
    return count
