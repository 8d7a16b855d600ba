"""Chinese words: segmentation with overlapping sub-words, heads of compounds, stop words, and pinyin without tones."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Condition
from typing import Any

from cachetools import cached

from xsearch.text.word_lists import word_list

#: Chinese characters, for the inside of a regular expression's brackets.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAN_WORD = re.compile(rf"[{HAN}]+")

STOP_WORDS = word_list("chinese stop words")
# A compound is a kind of its last character: 跑鞋 and 运动鞋 are both 鞋, 深蓝 is a 蓝.
_HEADS = word_list("chinese heads")
_NOT_A_KIND = word_list("no chinese kinds")
# 红色 is 红, 鞋子 is 鞋.
_ENDINGS = "色子"

_MAX_LETTERS = 48  # of a text without spaces that is read as several words
_MAX_WORD = 24  # letters
# How syllables begin that are no English words: "pen" and "fan" are words of both languages.
_ONLY_CHINESE = ("x", "q", "zh")
_INITIAL = "(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])"
_FINAL = "(?:i?[ao]ng|i?ang|uang|[ei]ng|i?an|u?an|iao|uai|[eiu]n|ai|ei|ao|ou|er|i[aeu]|u[aeio]|[aeiouv])"
_SYLLABLES = re.compile(rf"(?:{_INITIAL}?{_FINAL}){{2,}}")


def is_chinese(word: str) -> bool:
    """Return True if a word is made of Chinese characters only."""
    return HAN_WORD.fullmatch(word) is not None


def has_chinese(text: str) -> bool:
    """Return True if a text has any Chinese character."""
    return HAN_WORD.search(text) is not None


def segment(run: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a run of Chinese characters as ``(word, start, end)``, long before short."""
    # Without the hidden Markov model: it guesses words from their context, so the same name would be cut
    # differently in a title and in a query.
    pieces = [(start, end) for _, start, end in _segmenter().tokenize(run, "search", False)]
    for start, end in sorted(pieces, key=lambda piece: (piece[0], -piece[1])):
        yield run[start:end], start, end


def tagged(run: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a run of Chinese characters one after the other, each with its part of speech (ICTCLAS)."""
    yield from _segmenter().tag(run, False)


def kinds(word: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield the one character for the kind or the colour of a compound: 鞋 of 跑鞋, 红 of 红色."""
    core = word[:-1] if word[-1] in _ENDINGS else word
    if len(word) > 1 and core[-1:] in _HEADS and word not in _NOT_A_KIND:
        end = start + len(core)
        # 红 means all that 红色 does; 鞋 is less than 跑鞋.
        yield (core, start, start + len(word)) if len(core) == 1 else (core[-1], end - 1, end)


@cached({}, condition=Condition())
def _segmenter() -> Any:
    import rjieba

    return rjieba.Jieba()


def may_be_pinyin(letters: str) -> bool:
    """Return True if letters can be cut into two or more syllables, roughly; it loads no library."""
    return _SYLLABLES.fullmatch(letters) is not None


@lru_cache(maxsize=100_000)
def sound_of(word: str) -> str:
    """Return the syllables of a Chinese word: "连衣裙" → "lian yi qun"; the library loads when it is first used."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(word))


class Sounds:
    """The Chinese words of a catalogue by their sound; the most frequent of those that sound alike."""

    def __init__(self, words: Iterable[tuple[str, str, int]]) -> None:
        self._alike: dict[str, tuple[int, str]] = {}
        self._spelt: dict[str, tuple[int, str]] = {}
        for word, sound, objects_with in words:
            for words_by, key in ((self._alike, sound), (self._spelt, sound.replace(" ", ""))):
                words_by[key] = max(words_by.get(key, (0, "")), (objects_with, word))
        self._syllables = {sound for sound in self._alike if " " not in sound}

    def alike(self, sound: str) -> str | None:
        """Return the word that sounds like this, as ``sound_of`` writes it."""
        return self._alike.get(sound, (0, None))[1]

    def spelt(self, syllables: Sequence[str]) -> str | None:
        """Return the word that is typed like this in pinyin, with or without spaces: ["lian", "yi", "qun"]."""
        key = "".join(syllables)
        found = self._spelt.get(key)
        if found and (len(found[1]) > 1 or key.startswith(_ONLY_CHINESE)):
            return found[1]
        if len(syllables) > 1 and all(syllable in self._syllables for syllable in syllables):
            return "".join(self._spelt[syllable][1] for syllable in syllables)
        return self.sentence(key) if len(syllables) > 1 else None

    def sentence(self, letters: str) -> str | None:
        """Return the words that are typed without any space: "hongselianyiqun" → "红色连衣裙"."""
        if len(letters) > _MAX_LETTERS:
            return None
        best: dict[int, tuple[float, list[str]]] = {0: (0.0, [])}
        for end in range(2, len(letters) + 1):
            ways = defaultdict(list)
            for start in range(max(0, end - _MAX_WORD), end - 1):
                found = self._spelt.get(letters[start:end])
                if found and start in best:
                    cost, words = best[start]
                    # Few long words rather than many syllables, which fit anything.
                    ways[cost + 10 - math.log1p(found[0])].append([*words, found[1]])
            if ways:
                cheapest = min(ways)
                best[end] = (cheapest, ways[cheapest][0])
        words = best.get(len(letters), (0.0, []))[1]
        return "".join(words) if any(len(word) > 1 for word in words) else None
