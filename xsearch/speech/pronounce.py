"""Pronunciations of the shop's words: CMUdict where it knows them, rules where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from xsearch.speech.letters import letters_to_sounds, spell_out
from xsearch.speech.spelling import ways_to_say

#: Words of shops that CMUdict (or our rules) would get wrong.
EXTRA = {
    "boho": "B OW HH OW", "decor": "D EY K AO R", "diy": "D IY AY W AY", "duvet": "D UW V EY",
    "earbuds": "IH R B AH D Z", "eco": "IY K OW", "espresso": "EH S P R EH S OW", "fleece": "F L IY S",
    "gilet": "JH IH L EY", "hoodie": "HH UH D IY", "hoodies": "HH UH D IY Z", "leggings": "L EH G IH NG Z",
    "micro": "M AY K R OW", "oled": "OW L EH D", "ombre": "AA M B R EY", "parka": "P AA R K AH",
    "tee": "T IY", "tshirt": "T IY SH ER T", "tshirts": "T IY SH ER T S", "xl": "EH K S EH L",
    "xxl": "D AH B AH L EH K S EH L",
}  # fmt: skip

_VARIANT = re.compile(r"\(\d+\)$")
_MAX_VARIANTS = 4
_VOICELESS = frozenset(["P", "T", "K", "F", "TH"])
_HISSING = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])

_BRITISH = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r" AA (?!R )", " AO "),
        (r" AE ", " AA "),
        (r" ER (?=[^AEIOU]|$)", " AH "),
        (r" (AA|AO|EH|IH|UH|AY|AW) R (?=[^AEIOU]|$)", r" \1 "),
    )
)


class Lexicon:
    """Words → pronunciations as phones separated by spaces."""

    def __init__(self, entries: dict[str, list[str]]) -> None:
        self.entries = entries

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a dictionary in CMUdict's format."""
        entries = {word: [phones] for word, phones in EXTRA.items()}
        for line in path.read_text(encoding="utf-8").splitlines():
            word, _, phones = line.partition(" ")
            word = _VARIANT.sub("", word) if word.endswith(")") else word
            if word not in EXTRA:
                entries.setdefault(word, []).append(phones.strip())
        return cls(entries)

    def __contains__(self, word: object) -> bool:
        return word in self.entries

    def pronunciations(self, token: str) -> list[str]:
        """Return the pronunciations of a written token, a British one last; none when it cannot be said."""
        if token in self.entries:
            found = self.entries[token]
        else:
            found = [phones for way in ways_to_say(token) for phones in self._say(way.split())]
        american = list(dict.fromkeys(found))[:_MAX_VARIANTS]
        return list(dict.fromkeys([*american, *(british(phones) for phones in american[:1])]))

    def _say(self, words: list[str]) -> list[str]:
        """Return the pronunciations of words spoken in a row; only a single word has variants."""
        if len(words) == 1:
            return self._word(words[0])
        said = [self._word(word)[:1] for word in words]
        return [" ".join(first for (first,) in said)] if all(said) else []

    def _word(self, word: str) -> list[str]:
        if len(word) == 1:
            return [spell_out(word)]
        if word in self.entries:
            return self.entries[word][:_MAX_VARIANTS]
        return self._inflected(word) or self._compound(word) or self._by_rule(word)

    def _inflected(self, word: str) -> list[str]:
        """Say the plural or possessive of a known word."""
        stem = word[:-2] if word.endswith("'s") else word[:-1]
        if not word.endswith("s") or len(stem) < 3 or stem not in self.entries:
            return []
        return [f"{phones} {_plural_sound(phones)}" for phones in self.entries[stem][:2]]

    def _compound(self, word: str) -> list[str]:
        """Say two known words written as one ("headlamp"), the most even split first."""
        splits = sorted(range(3, len(word) - 2), key=lambda at: abs(2 * at - len(word)))
        for at in splits:
            left, right = word[:at], word[at:]
            if left in self.entries and right in self.entries:
                return [f"{self.entries[left][0]} {self.entries[right][0]}"]
        return []

    @staticmethod
    def _by_rule(word: str) -> list[str]:
        if not any(vowel in word for vowel in "aeiouy"):
            return [spell_out(word)] if len(word) <= 5 else []
        spelled = [spell_out(word)] if len(word) <= 4 else []
        return [letters_to_sounds(word), *spelled]


def british(phones: str) -> str:
    """Turn an American pronunciation into a British one: silent r, and the vowels of "lot" and "trap"."""
    said = f" {phones} "
    for pattern, replacement in _BRITISH:
        said = pattern.sub(replacement, said)
    return said.strip()


def _plural_sound(phones: str) -> str:
    last = phones.rsplit(" ", 1)[-1]
    if last in _HISSING:
        return "IH Z"
    return "S" if last in _VOICELESS else "Z"


def dictionary_lines(lexicon: Lexicon, words: Iterable[str]) -> list[str]:
    """Return the lines of a pocketsphinx dictionary for ``words``; what cannot be said is left out."""
    lines = []
    for word in words:
        for number, phones in enumerate(lexicon.pronunciations(word), start=1):
            lines.append(f"{word} {phones}" if number == 1 else f"{word}({number}) {phones}")
    return lines
