"""Folding of characters: one form for what customers take for the same letter."""

from __future__ import annotations

import unicodedata

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
    """What each character becomes; filled while it is used, as ``str.translate`` wants it."""

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
    """Return the text in lower case without accents, signs and controls, and each character's origin."""
    folded = text.translate(_FOLDING)
    if text.isascii() and len(folded) == len(text):
        return folded, range(len(folded))
    origins = [index for index, character in enumerate(text) for _ in _FOLDING[ord(character)]]
    return folded, origins
