"""Prices in a query: "under $50", "between twenty and forty euros", "两百块以内"; no currency is converted.

Numbers are read as customers write and say them: "1,200", "1.5k", "a hundred and twenty", "两百五", "三十多". With
cn2an 309 and with text2num 310 of the 319 written cases come out right, with this module 314: cn2an lacks vague numbers
such as 三十多, and text2num lacks "a hundred" and "grand". ``tools/compare_text_libraries.py`` prints this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from xsearch.text.folding import CHINESE_UNITS, UNITS
from xsearch.text.word_lists import word_list
from xsearch.understanding.conditions import Op

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
_NUMBER = rf"(?:{_DIGITS}|(?:an?\s+(?=hundred|thousand|grand))?\b(?:{_WORD})\b(?:(?:\s+and\s+|[\s-]+)(?:{_WORD})\b)*)"

_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_HAN_NUMBER = "零〇一二两三四五六七八九十百千万"
#: A Chinese number: digits, perhaps with 万, or characters, perhaps with 多 or 几 for "some".
_ZH_NUMBER = rf"(?:{_DIGITS}(?:\s?[万千百])?多?|[几{_HAN_NUMBER}][几多{_HAN_NUMBER}]*)"
#: "两三百" and "三四十": between the one and the other.
_TWO_OR_THREE = re.compile(r"([一二两三四五六七八])([二三四五六七八九])([十百千万])")

#: How far from "around 50" a price may be, as a fraction of it.
ABOUT = Decimal("0.2")
#: Numbers from this on are no prices.
_NO_PRICE = Decimal(10**9)


class Price(NamedTuple):
    """A part of a text that states a price."""

    start: int
    end: int
    op: Op
    numbers: tuple[Decimal, ...]


_UNIT = "|".join(sorted(UNITS | word_list("counted things"), key=len, reverse=True))
_BEFORE = r"(?:us\$|[$€£¥]|(?:usd|eur|gbp|rmb|cny|chf)\b)\s*"
_AFTER = r"\s*(?:[$€£¥]|(?:dollars?|bucks?|euros?|eur|usd|pounds?|quid|gbp|yuan|rmb|cny|kuai|chf|francs?)\b)"
# Not part of a code, a decimal or a size.
_ALONE = r"(?<![\w.\-/#])"
_ENDS = r"(?![\w%\"'″′°/]|[.,]\d|-\w)"
_MONEY = rf"(?:{_BEFORE}{_NUMBER}(?:{_AFTER}|(?![\w]|[.,]\d))|{_NUMBER}{_AFTER})"
_BARE = rf"{_NUMBER}{_ENDS}(?!\s*-?\s*(?:{_UNIT})\b)"
_SUM = rf"(?:{_MONEY}|{_BARE})"
_LEAD = (
    r"(?:\b(?:(?:that|which)\s+)?(?:(?:is|are|cost|costs|costing|priced|price|prices|for|at|but|and|my)\s+)+|(?<!\w))"
)
_NOT = r"(?:not|no|isn't|never)\s+"
_SAID = r"(?<!not\s)(?<!no\s)"
_LESS = r"(?:under|below|less\s+than|cheaper\s+than|lower\s+than|fewer\s+than)"
_MORE = r"(?:over|above|more\s+than|higher\s+than|dearer\s+than)"
_AT_MOST = (
    rf"(?:{_SAID}{_LESS}|up\s+to|at\s+most|(?<!air\s)(?<!pro\s)(?<!ultra\s)max(?:imum)?(?:\s+price)?(?:\s+of)?|{_NOT}{_MORE}|"
    rf"{_NOT}exceeding|(?:with\s+)?(?:an?\s+)?budget(?:\s+is|\s+of)?(?:\s+(?:under|up\s+to))?|<=?|≤)"
)
_AT_LEAST = (
    rf"(?:{_SAID}{_MORE}|at\s+least|min(?:imum)?(?:\s+price)?(?:\s+of)?|starting\s+(?:at|from)|{_NOT}{_LESS}|>=?|≥)"
)
_ABOUT = r"(?:around|about|roughly|approximately|approx\.?|circa|~|≈)"
# "seventy-five" is one number, "20-40" is a range.
_TO = r"(?:\s*[-–—~]\s*(?=[\d$€£¥])|\s+to\s+)"
_AND = r"(?:\s*[-–—~]\s*|\s+(?:to|and)\s+)"
_RANGE_LEAD = rf"{_LEAD}(?:(?:in\s+the\s+)?(?:price\s+)?range\s+(?:of|from)\s+)?"

_Pattern = tuple[re.Pattern[str], Op]
_Read = Callable[[str], Decimal | NumberRange | None]

_ENGLISH: list[_Pattern] = [
    (re.compile(rf"{_RANGE_LEAD}between\s+({_SUM}){_AND}({_SUM})"), "between"),
    (re.compile(rf"{_RANGE_LEAD}(?:from\s+)?{_ALONE}({_MONEY}|{_NUMBER}){_TO}({_MONEY})"), "between"),
    (re.compile(rf"{_LEAD}{_AT_MOST}\s*({_SUM})"), "at_most"),
    (re.compile(rf"{_LEAD}within\s+({_MONEY})"), "at_most"),
    (re.compile(rf"{_LEAD}{_ALONE}({_SUM})\s+or\s+(?:less|under|below|cheaper)\b"), "at_most"),
    (re.compile(rf"{_LEAD}{_AT_LEAST}\s*({_SUM})"), "at_least"),
    (re.compile(rf"{_LEAD}from\s+({_MONEY})"), "at_least"),
    (re.compile(rf"{_LEAD}{_ALONE}({_MONEY})(?:\s*\+|\s+(?:and|or)\s+(?:up|more|over|above)\b)"), "at_least"),
    (re.compile(rf"{_LEAD}{_ABOUT}\s*({_SUM})"), "about"),
    (re.compile(rf"{_LEAD}{_ALONE}({_MONEY})"), "about"),
]

_YUAN = r"\s?(?:元钱?|块钱?|圆|人民币|美元|美金|欧元|英镑|刀|rmb)"
_ZH_UNITS = "|".join(sorted(CHINESE_UNITS, key=len, reverse=True))
_ZH_COUNTED = rf"(?:{_ZH_UNITS}|[岁人个件双只条张把台码号寸度层片支瓶包盒页本次倍天年月周度折级位小分秒斤℃°a-z%])"
_ZH_MONEY = rf"(?:[¥$€£]\s?{_ZH_NUMBER}(?:{_YUAN})?|{_ZH_NUMBER}{_YUAN})"
_ZH_BARE = rf"{_ZH_NUMBER}(?![\d.{_HAN_NUMBER}几多])(?!\s?{_ZH_COUNTED})"
_ZH_SUM = rf"(?:{_ZH_MONEY}|{_ZH_BARE})"
_ZH_HUNDREDS = "[一二两三四五六七八九十百千万]*[百千万][一二两三四五六七八九十百]*"  # no size, no age
_ZH_ALONE = r"(?<![\da-z.零〇一二两三四五六七八九十百千万几第])"
_ZH_LEAD = r"(?:(?:价格|价位|价钱|售价|单价|价)(?:是|为|在)?\s?)?"
_ZH_ABOUT = r"(?:大概|大约|差不多|大致|约|左右)"
_ZH_WITHIN = r"(?:及以下|以内|以下|之内|之下|内|封顶)"
_ZH_AT_MOST = (
    r"(?:不超过|不高于|不多于|不大于|(?:不要|别|不能)(?:超过|高于|多于)|低于|少于|小于|最多|最高|至多|顶多|不到|"
    r"(?:我的)?预算(?:是|为|在|大概)?)"
)
_ZH_AT_LEAST = r"(?:不低于|不少于|不小于|超过|高于|多于|大于|至少|最低|最少|起码)"
_ZH_TO = r"\s?(?:到|至|-|–|—|~|～)\s?"
_CHINESE: list[_Pattern] = [
    (re.compile(rf"{_ZH_LEAD}(?:从|介于)?{_ZH_ALONE}({_ZH_SUM}){_ZH_TO}({_ZH_SUM})之间"), "between"),
    (re.compile(rf"{_ZH_LEAD}(?:从|介于)?{_ZH_ALONE}({_ZH_MONEY}|{_ZH_NUMBER}){_ZH_TO}({_ZH_MONEY})"), "between"),
    (re.compile(rf"{_ZH_LEAD}(?:从|介于)?{_ZH_ALONE}({_ZH_HUNDREDS}){_ZH_TO}({_ZH_HUNDREDS})(?=的|\s|$)"), "between"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_AT_MOST}\s?({_ZH_SUM})(?:{_ZH_WITHIN}|左右)?"), "at_most"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({_ZH_NUMBER}(?:{_YUAN})?|{_ZH_MONEY}){_ZH_WITHIN}"), "at_most"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_AT_LEAST}\s?({_ZH_SUM})(?:以上)?"), "at_least"),
    (
        re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({_ZH_NUMBER}(?:{_YUAN})?|{_ZH_MONEY})(?:及以上|以上|之上|往上)"),
        "at_least",
    ),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({_ZH_MONEY})起"), "at_least"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ABOUT}?{_ZH_ALONE}({_ZH_MONEY})(?:左右|上下|前后)?"), "about"),
    (
        re.compile(rf"{_ZH_LEAD}{_ZH_ABOUT}?{_ZH_ALONE}(?<![米点斤号高])({_ZH_NUMBER})(?:左右|上下)(?=的|\s|$)"),
        "about",
    ),
]
# 一块布 is a piece of cloth, and watches are counted in 块.
_PIECE = re.compile(r"[一二两三四五六七八九几1-9]\s?块")


def find_prices(text: str) -> list[Price]:
    """Return the prices in a text that ``fold_in_place`` has made, from left to right."""
    found: list[Price] = []
    for match, op, read in _matches(text):
        sums = [_sum_of(group, read) for group in match.groups()]
        overlaps = any(match.start() < price.end and price.start < match.end() for price in found)
        if not overlaps and all(sums) and not (op == "about" and _PIECE.fullmatch(match[0])):
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            found.append(_price(start, match.end(), op, sums))
    return sorted(found)


def _matches(text: str) -> Iterator[tuple[re.Match[str], Op, _Read]]:
    for patterns, number, read in (
        (_ENGLISH, _NUMBER, english_number),
        (_CHINESE, _ZH_NUMBER, chinese_number),
    ):
        if re.search(number, text):
            for pattern, op in patterns:
                yield from ((match, op, read) for match in pattern.finditer(text))


def _sum_of(text: str, read: _Read) -> tuple[Decimal, ...]:
    """Return the number in a sum of money, two for a vague one; none if it is zero or no price."""
    pattern = _NUMBER if read is english_number else _ZH_NUMBER
    match = re.search(pattern, text)
    number = read(match[0]) if match else None
    numbers = number if isinstance(number, tuple) else (number,)
    return tuple(each for each in numbers if each and each < _NO_PRICE)


def _price(start: int, end: int, op: Op, sums: list[tuple[Decimal, ...]]) -> Price:
    numbers = [number for each in sums for number in each]
    least, greatest = min(numbers), max(numbers)
    if op in ("at_most", "at_least"):
        return Price(start, end, op, (greatest if op == "at_most" else least,))
    return Price(start, end, "between", (least, greatest)) if len(numbers) > 1 else Price(start, end, op, (least,))


def english_number(text: str) -> Decimal:
    """Return the value of a number that ``_NUMBER`` matches."""
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
    """Return the value of a number that ``_ZH_NUMBER`` matches, or its range if it is vague; None for no number."""
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
        digits = str(int(base))  # 三十多 is less than 40, 一百多 less than 200
        return base, base + Decimal(10) ** (len(digits) - len(digits.rstrip("0")))
    if match := re.fullmatch(rf"([{_HAN_NUMBER}]*)几([十百千万]?)", text):
        if not match[1]:  # 几十: some tens
            tens = Decimal(_HAN_UNITS.get(match[2], 1))
            return (2 * tens, 10 * tens) if match[2] else None
        ten = _characters(match[1])  # 十几: ten and some
        return (ten, ten + 10) if ten and not match[2] else None
    return None


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
