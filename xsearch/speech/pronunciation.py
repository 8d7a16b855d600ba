"""Pronunciations of the shop's words: from CMUdict, or by rules for words that it lacks.

The rules in spelling_rules.txt are a greedy, longest-match table. Phones are those of CMUdict without stress.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from xsearch.speech.verbalisation import spoken_forms, word_lists

_OWN = Path(__file__).with_name("pronunciations.txt")  # shop words that CMUdict or the rules get wrong
_RULES = Path(__file__).with_name("spelling_rules.txt")
_VARIANT = re.compile(r"\(\d+\)$")
_MAX_VARIANTS = 4
_VOICELESS = frozenset(["P", "T", "K", "F", "TH"])
_HISSING = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])

_BRITISH = (
    (r" AA (?!R )", " AO "),
    (r" AE ", " AA "),
    (r" ER (?=[^AEIOU]|$)", " AH "),
    (r" (AA|AO|EH|IH|UH|AY|AW) R (?=[^AEIOU]|$)", r" \1 "),
)


class PronunciationDictionary:
    """Pronunciations of words, as phones separated by spaces."""

    def __init__(self, entries: dict[str, list[str]]) -> None:
        self.entries = entries

    @classmethod
    def read(cls, path: Path) -> PronunciationDictionary:
        """Read a dictionary in CMUdict's format."""
        return cls({**_read_entries(path), **_read_entries(_OWN)})

    def __contains__(self, word: object) -> bool:
        return word in self.entries

    def pronunciations(self, token: str) -> list[str]:
        """Return the pronunciations of a written token, a British one last; none if there is no way to say it."""
        found = self.entries.get(token) or [phones for way in spoken_forms(token) for phones in self._say(way.split())]
        american = list(dict.fromkeys(found))[:_MAX_VARIANTS]
        return list(dict.fromkeys([*american, *(british(phones) for phones in american[:1])]))

    def _say(self, words: list[str]) -> list[str]:
        """Return the pronunciations of words in a row; only a single word has variants."""
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
        """Return the pronunciations of the plural or possessive of a known word."""
        stem = word[:-2] if word.endswith("'s") else word[:-1]
        if not word.endswith("s") or len(stem) < 3 or stem not in self.entries:
            return []
        return [f"{phones} {_plural_sound(phones)}" for phones in self.entries[stem][:2]]

    def _compound(self, word: str) -> list[str]:
        """Return the pronunciation of two known words written as one ("headlamp"), the most even split first."""
        for at in sorted(range(3, len(word) - 2), key=lambda at: abs(2 * at - len(word))):
            if (left := self.entries.get(word[:at])) and (right := self.entries.get(word[at:])):
                return [f"{left[0]} {right[0]}"]
        return []

    @staticmethod
    def _by_rule(word: str) -> list[str]:
        if not any(vowel in word for vowel in "aeiouy"):
            return [spell_out(word)] if len(word) <= 5 else []
        spelled = [spell_out(word)] if len(word) <= 4 else []
        return [letters_to_sounds(word), *spelled]


def british(phones: str) -> str:
    """Return an American pronunciation in British English: silent r, and the vowels of "lot" and "trap"."""
    said = f" {phones} "
    for pattern, replacement in _BRITISH:
        said = re.sub(pattern, replacement, said)
    return said.strip()


def _plural_sound(phones: str) -> str:
    last = phones.rsplit(" ", 1)[-1]
    return "IH Z" if last in _HISSING else "S" if last in _VOICELESS else "Z"


def dictionary_lines(dictionary: PronunciationDictionary, words: Iterable[str]) -> list[str]:
    """Return the lines of a pocketsphinx dictionary for ``words``; words without a pronunciation are left out."""
    return [
        f"{word} {phones}" if number == 1 else f"{word}({number}) {phones}"
        for word in words
        for number, phones in enumerate(dictionary.pronunciations(word), start=1)
    ]


def _read_entries(path: Path) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, phones = line.partition(" ")
        word = _VARIANT.sub("", word) if word.endswith(")") else word
        entries.setdefault(word, []).append(phones.strip())
    return entries


_Rule = tuple[str, re.Pattern[str], re.Pattern[str], list[str]]


@cache
def _spelling_rules() -> dict[str, list[_Rule]]:
    """Return the rules by their first letter."""
    rules: defaultdict[str, list[_Rule]] = defaultdict(list)
    lines = [line for line in _RULES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for rule in " ".join(lines).split():
        letters, before, after, phones = rule.split("|")
        left = re.compile(f"(?:{before})$" if before else "")
        rules[letters[0]].append((letters, left, re.compile(after), list(filter(None, phones.split("-")))))
    return rules


def spell_out(word: str) -> str:
    """Return the phones of the letters' names: "usb" → "Y UW EH S B IY"."""
    names = dict(zip(ascii_lowercase, word_lists()["letters"], strict=True))
    return " ".join(names[letter] for letter in word if letter in names)


def letters_to_sounds(word: str) -> str:
    """Return a likely pronunciation of a lower-case word as phones separated by spaces."""
    phones: list[str] = []
    position = 0
    while position < len(word):
        letters, sounds = _match(word, position)
        phones += sounds
        position += len(letters)
    return " ".join(phones) or spell_out(word)


def _match(word: str, position: int) -> tuple[str, list[str]]:
    before, rest = word[:position], word[position:]
    for letters, left, right, sounds in _spelling_rules().get(rest[0], []):
        if rest.startswith(letters) and left.search(before) and right.match(rest[len(letters) :]):
            return letters, sounds
    return rest[0], []
