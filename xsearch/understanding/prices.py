"""Prices in a query: "under $50", "between twenty and forty euros", "两百块以内"; no currency is converted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from xsearch.text.folding import CHINESE_UNITS, UNITS
from xsearch.understanding.conditions import Op
from xsearch.understanding.numerals import CHINESE, ENGLISH, NumberRange, chinese_number, english_number

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


_COUNTED = """
    inches feet foot yard yards metre metres meter meters mile miles millimetre millimeter centimetre centimeter
    centimetres centimeters millimetres millimeters gram grams kilo kilos kilogram kilograms ounce ounces gallon
    gallons liter liters millilitre millilitres watt watts volt volts amp amps hertz lumen lumens decibel
    decibels degree degrees percent second seconds sec minute minutes min hour hours hr hrs day days week weeks
    month months year years yr yrs old people person persons man men woman women kid kids child children adult
    adults player players guest guests piece pieces pack packs item items set sets pair pairs time times star
    stars seat seats drawer drawers shelf shelves cup cups slot slots port ports key keys layer layers speed
    speeds gear gears sheet sheets page pages bottle bottles pocket pockets compartment compartments button
    buttons burner burners door doors tier tiers row rows step steps megapixel megapixels pixel pixels carat
    carats karat thread threads count calories season seasons in
"""
_UNIT = "|".join(sorted({*UNITS, *_COUNTED.split()}, key=len, reverse=True))
_BEFORE = r"(?:us\$|[$€£¥]|(?:usd|eur|gbp|rmb|cny|chf)\b)\s*"
_AFTER = r"\s*(?:[$€£¥]|(?:dollars?|bucks?|euros?|eur|usd|pounds?|quid|gbp|yuan|rmb|cny|kuai|chf|francs?)\b)"
# Not part of a code, a decimal or a size.
_ALONE = r"(?<![\w.\-/#])"
_ENDS = r"(?![\w%\"'″′°/]|[.,]\d|-\w)"
_MONEY = rf"(?:{_BEFORE}{ENGLISH}(?:{_AFTER}|(?![\w]|[.,]\d))|{ENGLISH}{_AFTER})"
_BARE = rf"{ENGLISH}{_ENDS}(?!\s*-?\s*(?:{_UNIT})\b)"
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
    (re.compile(rf"{_RANGE_LEAD}(?:from\s+)?{_ALONE}({_MONEY}|{ENGLISH}){_TO}({_MONEY})"), "between"),
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
_ZH_MONEY = rf"(?:[¥$€£]\s?{CHINESE}(?:{_YUAN})?|{CHINESE}{_YUAN})"
_ZH_BARE = rf"{CHINESE}(?![\d.{'零〇一二两三四五六七八九十百千万几多'}])(?!\s?{_ZH_COUNTED})"
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
    (re.compile(rf"{_ZH_LEAD}(?:从|介于)?{_ZH_ALONE}({_ZH_MONEY}|{CHINESE}){_ZH_TO}({_ZH_MONEY})"), "between"),
    (re.compile(rf"{_ZH_LEAD}(?:从|介于)?{_ZH_ALONE}({_ZH_HUNDREDS}){_ZH_TO}({_ZH_HUNDREDS})(?=的|\s|$)"), "between"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_AT_MOST}\s?({_ZH_SUM})(?:{_ZH_WITHIN}|左右)?"), "at_most"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({CHINESE}(?:{_YUAN})?|{_ZH_MONEY}){_ZH_WITHIN}"), "at_most"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_AT_LEAST}\s?({_ZH_SUM})(?:以上)?"), "at_least"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({CHINESE}(?:{_YUAN})?|{_ZH_MONEY})(?:及以上|以上|之上|往上)"), "at_least"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ALONE}({_ZH_MONEY})起"), "at_least"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ABOUT}?{_ZH_ALONE}({_ZH_MONEY})(?:左右|上下|前后)?"), "about"),
    (re.compile(rf"{_ZH_LEAD}{_ZH_ABOUT}?{_ZH_ALONE}(?<![米点斤号高])({CHINESE})(?:左右|上下)(?=的|\s|$)"), "about"),
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
    for patterns, number, read in ((_ENGLISH, ENGLISH, english_number), (_CHINESE, CHINESE, chinese_number)):
        if re.search(number, text):
            for pattern, op in patterns:
                yield from ((match, op, read) for match in pattern.finditer(text))


def _sum_of(text: str, read: _Read) -> tuple[Decimal, ...]:
    """Return the number in a sum of money, two for a vague one; none if it is zero or no price."""
    pattern = ENGLISH if read is english_number else CHINESE
    match = re.search(pattern, text)
    number = read(match[0]) if match else None
    numbers = number if isinstance(number, tuple) else (number,)
    return tuple(each for each in numbers if each and each < _NO_PRICE)


def _price(start: int, end: int, op: Op, sums: list[tuple[Decimal, ...]]) -> Price:
    numbers = [number for each in sums for number in each]
    if op == "at_most":
        return Price(start, end, op, (max(numbers),))
    if op == "at_least":
        return Price(start, end, op, (min(numbers),))
    if len(numbers) > 1:
        return Price(start, end, "between", (min(numbers), max(numbers)))
    return Price(start, end, op, (numbers[0],))
