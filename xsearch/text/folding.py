"""Folding: one form for the ways to write a letter, and one for the ways to write a quantity."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from xsearch.text.word_lists import word_forms, word_list

# Marks that only decorate a letter. Others (Indic vowels, kana voicing) carry meaning and stay.
_DIACRITICS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE2F))
# Letters that Unicode does not decompose, and signs that would otherwise become letters.
_SPECIAL = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
    "™": " ", "®": " ", "©": " ", "℠": " ",
    "’": "'", "‘": "'", "ʼ": "'", "＇": "'", "`": "'", "´": "'", "′": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "_": "-",
}  # fmt: skip
_CONNECTORS = "'-.,&"


class _Folding(dict[int, str]):
    """Maps each character to its folded form; ``str.translate`` fills it while it is used."""

    def __missing__(self, code: int) -> str:
        folded = "".join(_plain(part) for part in _decomposed(chr(code)))
        if len(self) < 50_000:
            self[code] = folded
        return folded


def _decomposed(character: str) -> str:
    special = _SPECIAL.get(character) or _SPECIAL.get(character.casefold())
    if special is not None:
        return special
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return f" {parts} " if "\u2044" in parts else parts  # 4½ is not 41/2


def _plain(character: str) -> str:
    if character in _CONNECTORS:
        return character
    code, category = ord(character), unicodedata.category(character)
    if any(first <= code <= last for first, last in _DIACRITICS):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category[0] in "LMN":
        return _SPECIAL.get(character, character)
    if category in {"Cf", "Cs"} or (category == "Cc" and not character.isspace()):
        return ""
    return " "


_FOLDING = _Folding()


def fold(text: str) -> tuple[str, list[int] | range]:
    """Return the text in lower case without accents, signs and controls, and the place each character came from."""
    folded = text.translate(_FOLDING)
    if text.isascii() and len(folded) == len(text):
        return folded, range(len(folded))
    origins = [index for index, character in enumerate(text) for _ in _FOLDING[ord(character)]]
    return folded, origins


_APOSTROPHES = {"’": "'", "‘": "'", "＇": "'", "`": "'"}


def fold_in_place(text: str) -> str:
    """Return ``text`` in lower case and common width; every character keeps its place."""
    return "".join(_fold_in_place(character) for character in text)


@lru_cache(maxsize=20_000)
def _fold_in_place(character: str) -> str:
    other = _APOSTROPHES.get(character) or unicodedata.normalize("NFKC", character).lower()
    return other if len(other) == 1 else character


_SAME = word_forms("units")
#: Units that shops write with and without a space after the number.
UNITS = word_list("units") | _SAME.keys()
#: Chinese units by their international sign; they follow the number without a space.
CHINESE_UNITS = word_forms("chinese units")
#: How many of the smaller unit make one; grams and terabytes by their decimal prefix, as shops count them.
_SMALLER: dict[str, tuple[str, int | Decimal]] = {
    "l": ("ml", 1000), "cl": ("ml", 10), "kg": ("g", 1000), "mg": ("g", Decimal("0.001")), "cm": ("mm", 10),
    "m": ("mm", 1000), "kw": ("w", 1000), "kv": ("v", 1000), "tb": ("gb", 1000), "ghz": ("mhz", 1000),
}  # fmt: skip


def measure(number: str, unit: str) -> str:
    """Return a quantity in the unit that all ways to write it share: ("0.5", "l") → "500ml"."""
    unit = _SAME.get(unit, unit)
    smaller, factor = _SMALLER.get(unit, (unit, 1))
    try:
        value = (Decimal(number) * factor).normalize()
    except InvalidOperation:
        return number + unit
    return f"{value:f}{smaller}" if len(number) < 10 else number + unit
