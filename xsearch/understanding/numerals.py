"""Numbers as customers write and say them: "1,200", "1.5k", "a hundred and twenty", "两百五", "三十多".

With cn2an 309 and with text2num 310 of the 319 written cases come out right, with this module 314: cn2an lacks vague
numbers such as 三十多, and text2num lacks "a hundred" and "grand". ``tools/compare_text_libraries.py`` prints this.
"""

from __future__ import annotations

import re
from decimal import Decimal

#: The least and the greatest value of a vague number.
NumberRange = tuple[Decimal, Decimal]

_ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_SMALL = {word: value for value, word in enumerate(_ONES.split())} | {"a": 1, "an": 1}
_TENS_OF = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * value for value, word in enumerate(_TENS_OF.split(), start=2)} | {"fourty": 40}
_LARGE = {"hundred": 100, "thousand": 1000, "grand": 1000}
_WORD = "|".join(sorted([*(word for word in _SMALL if len(word) > 2), *_TENS, *_LARGE], key=len, reverse=True))
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2}(?!\d))?(?:\s?k(?![a-z]))?"
#: An English number in lower case: digits or words.
ENGLISH = rf"(?:{_DIGITS}|(?:an?\s+(?=hundred|thousand|grand))?\b(?:{_WORD})\b(?:(?:\s+and\s+|[\s-]+)(?:{_WORD})\b)*)"

_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_HAN_NUMBER = "零〇一二两三四五六七八九十百千万"
#: A Chinese number: digits, perhaps with 万, or characters, perhaps with 多 or 几 for "some".
CHINESE = rf"(?:{_DIGITS}(?:\s?[万千百])?多?|[几{_HAN_NUMBER}][几多{_HAN_NUMBER}]*)"
#: "两三百" and "三四十": between the one and the other.
_TWO_OR_THREE = re.compile(r"([一二两三四五六七八])([二三四五六七八九])([十百千万])")


def english_number(text: str) -> Decimal:
    """Return the value of a number that ``ENGLISH`` matches."""
    if text[0].isdigit():
        return _digits(text)
    total = current = 0
    for word in re.findall(r"[a-z]+", text):
        if word in _LARGE:
            current = max(current, 1) * _LARGE[word]
            if word != "hundred":
                total, current = total + current, 0
        else:
            current += _SMALL.get(word, _TENS.get(word, 0))
    return Decimal(total + current)


def chinese_number(text: str) -> Decimal | NumberRange | None:
    """Return the value of a number that ``CHINESE`` matches, or its range if it is vague; None for no number."""
    if vague := _vague(text):
        return vague
    if "几" in text or "多" in text:
        return None
    if text[0].isdigit():
        factor = _HAN_UNITS.get(text[-1], 1)
        return _exact(_digits(text.rstrip("万千百 ")) * factor)
    return _characters(text)


def _digits(text: str) -> Decimal:
    plain = text.replace(",", "").replace(" ", "")
    return _exact(Decimal(plain.removesuffix("k")) * (1000 if plain.endswith("k") else 1))


def _exact(number: Decimal) -> Decimal:
    """Return a number without zeros behind its point, so that 45.50 and 45.5 give the same id."""
    return Decimal(int(number)) if number == int(number) else number.normalize()


def _vague(text: str) -> NumberRange | None:
    if match := _TWO_OR_THREE.fullmatch(text):
        least, greatest = (_HAN_DIGITS[match[place]] * _HAN_UNITS[match[3]] for place in (1, 2))
        return Decimal(least), Decimal(greatest)
    if text.endswith("多") and isinstance(base := chinese_number(text[:-1]), Decimal) and base:
        return base, base + _step(base)
    if match := re.fullmatch(rf"([{_HAN_NUMBER}]*)几([十百千万]?)", text):
        if not match[1]:  # 几十: some tens
            tens = Decimal(_HAN_UNITS.get(match[2], 1))
            return (2 * tens, 10 * tens) if match[2] else None
        ten = _characters(match[1])  # 十几: ten and some
        return (ten, ten + 10) if ten and not match[2] else None
    return None


def _step(base: Decimal) -> Decimal:
    """Return how much more "some" may be: 三十多 is less than 40, 一百多 less than 200."""
    digits = str(int(base))
    return Decimal(10) ** (len(digits) - len(digits.rstrip("0")))


def _characters(text: str) -> Decimal | None:
    """Return the value of Chinese characters: 两百五 is 250, 一百零五 is 105, 二五 (digit by digit) is 25."""
    if not text:
        return None
    if not any(character in _HAN_UNITS for character in text):
        return Decimal("".join(str(_HAN_DIGITS[character]) for character in text))
    total = section = 0
    digit: int | None = None
    unit = 1
    for character in text:
        if character in _HAN_DIGITS:
            digit, unit = _HAN_DIGITS[character], 10 if character in "零〇" else unit
            continue
        unit = _HAN_UNITS[character]
        if character == "万":
            total, section = (section + (digit or 0)) * unit, 0
        else:
            section += (1 if digit is None else digit) * unit
        digit = None
    # The last digit stands for the unit below the last one: 一千二 is 1200.
    return Decimal(total + section + (digit or 0) * max(unit // 10, 1))
