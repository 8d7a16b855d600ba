"""Negations: "without sleeves", "except Nike", "不要黑色", "除了耐克以外"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, NamedTuple

from xsearch.text.analysis import Token, is_stop_word, tokenize
from xsearch.text.chinese import is_chinese
from xsearch.text.word_lists import word_list
from xsearch.understanding.lexicon import NamedValue, ValueLexicon

#: "parts": negates parts of a thing ("without"); "other": anything ("except"); "single": one word ("not", "-red");
#: "value": only values and properties ("non-").
CueKind = Literal["parts", "other", "single", "value"]


class Cue(NamedTuple):
    """Words that negate the words after them."""

    start: int
    end: int
    kind: CueKind


class Negation(NamedTuple):
    """A part of a text with the values that it negates, and other negated words as (start, end)."""

    start: int
    end: int
    values: tuple[NamedValue, ...]
    phrases: tuple[tuple[int, int], ...]


_BEFORE = r"(?:(?:\bbut|\band|,|，|、|但是?|可是?)\s*)?"
_NOT_HAVE = r"(?:that\s+)?(?:doesn't|don't|does\s+not|do\s+not)\s+have"
_NOT_WANT = r"(?:i\s+)?(?:don't|do\s+not)\s+(?:want|like|need)"
_ENGLISH = re.compile(
    rf"{_BEFORE}(?:"
    rf"\b(?P<parts>without|w/o|with\s+no|{_NOT_HAVE}|no(?!\s*[-.\d]|\s+(?:one|longer|matter|more|less)\b))\b|"
    r"\b(?P<other>except(?:ing)?(?:\s+for)?|excluding|exclude|other\s+than|apart\s+from|avoid|"
    rf"(?:anything|everything|all)\s+but|{_NOT_WANT})\b|"
    r"\b(?P<value>non)[-\s]|"
    r"(?<=\s)(?P<minus>-)(?=[a-z])|"
    r"(?<!me\s)(?<!me-)(?<!or\s)(?<!if\s)(?<!why\s)\b(?P<single>not|isn't|aren't)(?!-)\b)"
)
_CHINESE = re.compile(
    rf"{_BEFORE}我?(?:(?P<parts>不含|不带|(?<!有)没有|没(?!有)|无)|"
    r"(?P<other>除了?|不想要|不需要|不要|别要|不喜欢|不买|排除|不是)|(?P<value>非))"
)
# Right before a value, these are enough: "minus the red".
_RIGHT_BEFORE = re.compile(
    r"(?:\b(?:without|no|not|non|minus|except)\b(?:\s+(?:any|the|a|an|in))*|不要|不带|没有|不是|去掉|别|无|非)[\s-]*$",
    re.IGNORECASE,
)
_MOST_WORDS = {"parts": 3, "other": 3, "single": 1, "value": 1}
_FILLERS, _JOINTS = word_list("negation fillers"), word_list("negation joints")
_DEGREES, _ENDS = word_list("negation degrees"), word_list("negation ends")
_AFTER_CHINESE = re.compile(r"\s*(?:以外|之外|外)?的?")
_GAP = re.compile(r"[\s\-、/]*")


def find_cues(text: str) -> list[Cue]:
    """Return the cues of a text that ``fold_in_place`` has made, from left to right."""
    ends = {word.start: word.end for word in tokenize(text)}
    found = []
    for pattern in (_ENGLISH, _CHINESE):
        for match in pattern.finditer(text):
            name = str(match.lastgroup)
            start, end = match.span(name)
            if name == "minus" or (start in ends and (end - start > 1 or ends[start] == end)):  # 无 of 无袖 is no word
                kind: CueKind = "single" if name == "minus" else name  # type: ignore[assignment]
                found.append(Cue(match.start(), match.end(), kind))
    return sorted(found)


def negation_before(text: str, end: int) -> int | None:
    """Return the start of the words that negate the value at ``end`` of a text that is not parsed, or None."""
    found = _RIGHT_BEFORE.search(text, 0, end)
    return found.start() if found else None


class NegationParser:
    """Finds the objects of cues among the ``words`` of a ``text`` that names the values ``named``."""

    def __init__(self, text: str, words: Sequence[Token], named: Sequence[NamedValue], lexicon: ValueLexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._words = words
        self._starts = [word.start for word in words]
        self._named = {each.start: each for each in named}

    def parse(self, cue: Cue) -> Negation | None:
        """Return the negation that begins with a cue; None if no object follows it."""
        values: list[NamedValue] = []
        phrases: list[tuple[int, int]] = []
        end = cue.end
        joint: int | None = cue.end
        while joint is not None and (part := self._part(cue, joint, values, phrases)):
            (values if isinstance(part, NamedValue) else phrases).append(part)  # type: ignore[arg-type]
            end = part[1]
            joint = self._after_joint(end)
        if end == cue.end:
            return None
        if is_chinese(self._text[end - 1]) and (after := _AFTER_CHINESE.match(self._text, end)):
            end = after.end()
        return Negation(cue.start, end, tuple(values), tuple(phrases))

    def _part(
        self, cue: Cue, start: int, values: Sequence[NamedValue], phrases: Sequence[tuple[int, int]]
    ) -> NamedValue | tuple[int, int] | None:
        word = self._beyond_fillers(start)
        if word is None:
            return None
        named = self._named.get(word.start)
        if named and not (cue.kind == "parts" and self._goes_on(named)):
            is_like_others = not phrases and all(named.field == other.field for other in values)
            return named if is_like_others else None
        if values or (cue.kind == "value" and not self._lexicon.describes(word)):
            return None
        return self._phrase(cue, word)

    def _phrase(self, cue: Cue, first: Token) -> tuple[int, int] | None:
        """Return the words from ``first`` on that name one thing: "leather strap", 拉链."""
        place = bisect_left(self._starts, first.start)
        last: Token | None = None
        for word in self._words[place : place + _MOST_WORDS[cue.kind]]:
            if last and (word.start in self._named or not self._touches(last.end, word)):
                break
            if last and first.tag and not (cue.kind == "parts" and self._is_before_de(word)):
                break
            if word.surface in _ENDS | _JOINTS | _DEGREES or (is_stop_word(word.surface) and not word.tag):
                break
            last = word
        return (first.start, last.end) if last else None

    def _goes_on(self, named: NamedValue) -> bool:
        """Return True if a value only describes a part: "without leather strap"."""
        word = self._next(named.end)
        return word is not None and not (
            word.surface in _ENDS | _JOINTS or is_stop_word(word.surface) or word.start in self._named
        )

    def _is_before_de(self, word: Token) -> bool:
        """Return True if Chinese words up to 的 follow: the words before it name a part of a thing."""
        rest = self._text[word.end : word.end + 6]
        return rest.startswith("的") or ("的" in rest and is_chinese(rest[: rest.index("的")]))

    def _beyond_fillers(self, end: int) -> Token | None:
        word = self._next(end)
        while word and word.start not in self._named and word.surface in _FILLERS:
            word = self._next(word.end)
        return word

    def _after_joint(self, end: int) -> int | None:
        """Return where another object may begin: after "or", 和 or a 、."""
        word = self._next(end)
        if word and word.surface in _JOINTS:
            return word.end
        return end if word and set(self._text[end : word.start]) & set("、/") else None

    def _next(self, end: int) -> Token | None:
        """Return the word right after ``end``; None if something else is between."""
        place = bisect_left(self._starts, end)
        following = self._words[place : place + 1]
        return next((word for word in following if self._touches(end, word)), None)

    def _touches(self, end: int, word: Token) -> bool:
        return _GAP.fullmatch(self._text, end, word.start) is not None
