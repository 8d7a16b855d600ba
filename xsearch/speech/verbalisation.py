"""Catalogue text as speech: written tokens, and the words that a customer says for each of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

#: Spoken forms of units after a number, in the plural: recognisers take the singular for it.
UNITS = {
    "cm": "centimeters", "mm": "millimeters", "m": "meters", "km": "kilometers", "in": "inches", "ft": "feet",
    "g": "grams", "kg": "kilograms", "lb": "pounds", "lbs": "pounds", "oz": "ounces", "ml": "milliliters",
    "cl": "centiliters", "l": "liters", "qt": "quarts", "gal": "gallons", "w": "watts", "v": "volts",
    "kw": "kilowatts", "mah": "milliamp hours", "gb": "gigabytes", "tb": "terabytes", "mb": "megabytes",
    "hz": "hertz", "ghz": "gigahertz", "mp": "megapixels", "pcs": "pieces", "pc": "piece", "pk": "pack",
}  # fmt: skip

_TOKEN = re.compile(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*")
_RUNS = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MAX_CODE = 6  # characters; longer mixes of letters and digits are article numbers, which nobody says


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
    if digits == len(token):
        return digits <= 4
    return digits == 0 or (digits <= 4 and len(token) <= _MAX_CODE)


def _say_letters(run: str, *, after_number: bool) -> str:
    if after_number and run in UNITS:
        return UNITS[run]
    return run if len(run) > 3 else " ".join(run)


def _say_number(number: str) -> list[str]:
    whole, _, decimals = number.partition(".")
    ways = _say_whole(int(whole))
    if decimals:
        point = " point " + " ".join(_SMALL[int(digit)] for digit in decimals)
        return [way + point for way in ways[:1]]
    return ways


def _say_whole(value: int) -> list[str]:
    """Return 1250 as "one thousand two hundred fifty", "twelve hundred fifty" and "twelve fifty"."""
    if value < 100:
        return [_below_hundred(value)]
    hundreds, rest = divmod(value, 100)
    tail = f" {_below_hundred(rest)}" if rest else ""
    if hundreds < 10:
        plain = f"{_SMALL[hundreds]} hundred"
        return [plain + tail, f"{plain} and{tail}"] if rest else [plain, "a hundred"][: 2 if value == 100 else 1]
    thousands, over = divmod(value, 1000)
    ways = [f"{_below_hundred(thousands)} thousand" + (f" {_say_whole(over)[0]}" if over else "")]
    if hundreds % 10 and hundreds < 100:
        ways.append(f"{_below_hundred(hundreds)} hundred{tail}")
    if rest >= 10 and hundreds < 100:
        ways.append(f"{_below_hundred(hundreds)}{tail}")
    return ways


def _below_hundred(value: int) -> str:
    if value < 20:
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f" {_SMALL[ones]}" if ones else "")


def _ordinal(said: str) -> str:
    *before, last = said.split()
    ending = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return " ".join([*before, ending])
