"""Catalogue text as speech: written tokens, and the words that a customer says for each of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

_TOKEN = re.compile(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*")
_RUNS = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_MAX_CODE = 6  # characters; longer mixes of letters and digits are article numbers, which nobody says


@cache
def word_lists() -> dict[str, list[str]]:
    """Return the lists of words.txt by name."""
    text = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
    named = [line.split(": ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: listed.split(", ") for name, listed in named}


@cache
def _pairs(name: str) -> dict[str, str]:
    """Return a list of words.txt whose items are a word and what is said for it."""
    return dict(item.split(" ", 1) for item in word_lists()[name])


def written_tokens(text: str, known: Callable[[str], bool]) -> list[str]:
    """Split text into lower-case ASCII tokens as the shop writes them; other scripts are left out.

    Hyphenated words are split unless ``known`` or spelled with a single letter (t-shirt, usb-c).
    """
    folded = unicodedata.normalize("NFKD", text.replace("’", "'").replace("&", " and ")).lower()
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    tokens: list[str] = []
    for token in _TOKEN.findall(plain):
        parts = token.split("-")
        if len(parts) > 1 and not known(token) and not any(len(part) == 1 and part.isalpha() for part in parts):
            tokens += parts
        else:
            tokens.append(token)
    return [token for token in tokens if _is_spoken(token)]


def spoken_forms(token: str) -> list[str]:
    """Return the words, separated by spaces, that may be said for a written token."""
    runs = _RUNS.findall(token)
    if not any(run[0].isdigit() for run in runs):
        return [" ".join(runs)] if "'" not in token else [token]
    if len(runs) == 2 and runs[1] in ("st", "nd", "rd", "th"):
        return [_ordinal(way) for way in _say_number(runs[0])]
    ways = [""]
    for before, run in zip([None, *runs], runs, strict=False):
        said = _say_number(run) if run[0].isdigit() else [_say_letters(run, after_number=before is not None)]
        ways = [f"{way} {more}".strip() for way in ways for more in said][:4]
    return ways


def _is_spoken(token: str) -> bool:
    digits = sum(char.isdigit() for char in token)
    return digits <= 4 and (digits in {0, len(token)} or len(token) <= _MAX_CODE)


def _say_letters(run: str, *, after_number: bool) -> str:
    if after_number and run in _pairs("units"):
        return _pairs("units")[run]
    return run if len(run) > 3 else " ".join(run)


def _say_number(number: str) -> list[str]:
    whole, _, decimals = number.partition(".")
    ways = _say_whole(int(whole))
    if decimals:
        point = " point " + " ".join(_below_hundred(int(digit)) for digit in decimals)
        return [way + point for way in ways[:1]]
    return ways


def _say_whole(value: int) -> list[str]:
    """Return 1250 as "one thousand two hundred fifty", "twelve hundred fifty" and "twelve fifty"."""
    if value < 100:
        return [_below_hundred(value)]
    hundreds, rest = divmod(value, 100)
    tail = f" {_below_hundred(rest)}" if rest else ""
    if hundreds < 10:
        plain = f"{_below_hundred(hundreds)} hundred"
        return [plain + tail, f"{plain} and{tail}"] if rest else [plain, "a hundred"][: 2 if value == 100 else 1]
    thousands, over = divmod(value, 1000)
    ways = [f"{_below_hundred(thousands)} thousand" + (f" {_say_whole(over)[0]}" if over else "")]
    if hundreds % 10 and hundreds < 100:
        ways.append(f"{_below_hundred(hundreds)} hundred{tail}")
    if rest >= 10 and hundreds < 100:
        ways.append(f"{_below_hundred(hundreds)}{tail}")
    return ways


def _below_hundred(value: int) -> str:
    small, tens = word_lists()["numbers"], word_lists()["tens"]
    if value < 20:
        return small[value]
    return tens[value // 10 - 2] + (f" {small[value % 10]}" if value % 10 else "")


def _ordinal(said: str) -> str:
    *before, last = said.split()
    ending = _pairs("ordinals").get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return " ".join([*before, ending])
