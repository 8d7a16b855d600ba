"""The sound of Chinese words, in pinyin without tones."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

_MAX_LETTERS = 48  # of a text without spaces that is read as several words
_MAX_WORD = 24  # letters
# How syllables begin that are no English words: "pen" and "fan" are words of both languages.
_ONLY_CHINESE = ("x", "q", "zh")
_INITIAL = "(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])"
_FINAL = "(?:i?[ao]ng|i?ang|uang|[ei]ng|i?an|u?an|iao|uai|[eiu]n|ai|ei|ao|ou|er|i[aeu]|u[aeio]|[aeiouv])"
_SYLLABLES = re.compile(rf"(?:{_INITIAL}?{_FINAL}){{2,}}")


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
        alike: dict[str, tuple[int, str]] = {}
        spelt: dict[str, tuple[int, str]] = {}
        for word, sound, objects_with in words:
            alike[sound] = max(alike.get(sound, (0, "")), (objects_with, word))
            key = sound.replace(" ", "")
            spelt[key] = max(spelt.get(key, (0, "")), (objects_with, word))
        self._alike, self._spelt = alike, spelt
        self._syllables = {sound for sound in alike if " " not in sound}

    def alike(self, sound: str) -> str | None:
        """Return the word that sounds like this, as ``sound_of`` writes it."""
        found = self._alike.get(sound)
        return found[1] if found else None

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
