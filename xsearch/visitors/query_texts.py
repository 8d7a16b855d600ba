"""Which typed words may be stored: those of a search, and nothing that looks like somebody's own."""

from __future__ import annotations

import re
import unicodedata

from xsearch.models import QueryLog

MAX_CHARACTERS = 80
#: Digits that are more than a size or a price: phone, card, order and identity numbers, however they are grouped.
_MAX_DIGITS_IN_A_ROW = 6
_CENTS = re.compile(r"(?<=\d)\.\d\d?(?!\d)")
_DIGITS = re.compile(r"\d(?:[\s().+/-]{0,3}\d)*")
_ADDRESS = re.compile(r"@|＠|://|\bwww\.|\S\.(?:com|net|org|cn)\b")


def storable(text: str) -> str:
    """Return ``text`` as it may be stored, in lower case; nothing of it where it is long or looks personal."""
    normal = normalised(text)
    if len(normal) > MAX_CHARACTERS or _ADDRESS.search(normal):
        return ""
    if any(_digits_in(run) > _MAX_DIGITS_IN_A_ROW for run in _DIGITS.findall(_CENTS.sub("", normal))):
        return ""
    return normal


def normalised(text: str) -> str:
    """Return ``text`` in lower case, with full-width characters and spaces made plain."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\x00", "")
    return " ".join(plain.split())[: QueryLog._meta.get_field("text").max_length or None]


def _digits_in(run: str) -> int:
    return sum(character.isdigit() for character in run)
