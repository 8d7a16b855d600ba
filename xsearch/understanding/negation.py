"""What the customer does not want: "without sleeves", "except Nike", "不要黑色", "除了耐克以外"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, NamedTuple

from xsearch.text.chinese import is_chinese
from xsearch.understanding.lexicon import Lexicon, Named
from xsearch.understanding.words import Word, words_in

#: "parts": of what a thing has ("without"); "other": of anything ("except"); "single": of one word ("not", "-red");
#: "value": of values only, and of what describes ("non-").
Kind = Literal["parts", "other", "single", "value"]


class Cue(NamedTuple):
    """Words that negate what follows them."""

    start: int
    end: int
    kind: Kind


class Negation(NamedTuple):
    """A stretch of a text with what it negates: values, and other words as (start, end)."""

    start: int
    end: int
    values: tuple[Named, ...]
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
_MOST_WORDS = {"parts": 3, "other": 3, "single": 1, "value": 1}
_WORDS = {
    "fillers": "a an the any in made of from by for anything 有 带 是 要 任何 那种",
    "degrees": "too very so that more less 很 太 那么 这么 特别 更",
    "joints": "or and nor 和 或 或者 跟 与 及 以及",
    "ends": "with without under over below above between around about but except not no 的 了 吗",
}
_FILLERS, _DEGREES, _JOINTS, _ENDS = (frozenset(words.split()) for words in _WORDS.values())
_AFTER_CHINESE = re.compile(r"\s*(?:以外|之外|外)?的?")
_GAP = re.compile(r"[\s\-、/]*")


def find_cues(text: str) -> list[Cue]:
    """Return the cues of a text that ``plain`` has made, from left to right."""
    ends = {word.start: word.end for word in words_in(text)}
    found = []
    for pattern in (_ENGLISH, _CHINESE):
        for match in pattern.finditer(text):
            name = str(match.lastgroup)
            start, end = match.span(name)
            if name == "minus" or (start in ends and (end - start > 1 or ends[start] == end)):  # 无 of 无袖 is no word
                kind: Kind = "single" if name == "minus" else name  # type: ignore[assignment]
                found.append(Cue(match.start(), match.end(), kind))
    return sorted(found)


class Objects:
    """Reads what cues negate among the ``words`` of a ``text`` where ``named`` stand."""

    def __init__(self, text: str, words: Sequence[Word], named: Sequence[Named], lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._words = words
        self._starts = [word.start for word in words]
        self._named = {each.start: each for each in named}

    def of(self, cue: Cue) -> Negation | None:
        """Return what follows the cue as its object; None where nothing does."""
        values: list[Named] = []
        phrases: list[tuple[int, int]] = []
        end = cue.end
        joint: int | None = cue.end
        while joint is not None and (part := self._part(cue, joint, values, phrases)):
            (values if isinstance(part, Named) else phrases).append(part)  # type: ignore[arg-type]
            end = part[1]
            joint = self._after_joint(end)
        if end == cue.end:
            return None
        if is_chinese(self._text[end - 1]) and (after := _AFTER_CHINESE.match(self._text, end)):
            end = after.end()
        return Negation(cue.start, end, tuple(values), tuple(phrases))

    def _part(
        self, cue: Cue, start: int, values: Sequence[Named], phrases: Sequence[tuple[int, int]]
    ) -> Named | tuple[int, int] | None:
        place = self._beyond_fillers(start)
        if place is None:
            return None
        named = self._named.get(self._words[place].start)
        if named and not (cue.kind == "parts" and self._goes_on(named)):
            is_like_others = not phrases and all(named.field == other.field for other in values)
            return named if is_like_others else None
        if values or (cue.kind == "value" and not self._lexicon.describes(self._words[place])):
            return None
        return self._phrase(cue, place)

    def _phrase(self, cue: Cue, place: int) -> tuple[int, int] | None:
        """Return the words from ``place`` on that are one thing: "leather strap", 拉链."""
        first = self._words[place]
        last: Word | None = None
        for word in self._words[place : place + _MOST_WORDS[cue.kind]]:
            if last and (word.start in self._named or not self._touches(last.end, word)):
                break
            if last and first.tag and not (cue.kind == "parts" and self._is_before_de(word)):
                break
            if word.text in _ENDS | _JOINTS | _DEGREES or (word.says_nothing and not word.tag):
                break
            last = word
        return (first.start, last.end) if last else None

    def _goes_on(self, named: Named) -> bool:
        """Say whether a value only describes a part: "without leather strap"."""
        place = bisect_left(self._starts, named.end)
        if place == len(self._words) or not self._touches(named.end, word := self._words[place]):
            return False
        return not (word.text in _ENDS | _JOINTS or word.says_nothing or word.start in self._named)

    def _is_before_de(self, word: Word) -> bool:
        """Say whether Chinese words up to 的 follow: what stands before it is what a thing has."""
        rest = self._text[word.end : word.end + 6]
        return rest.startswith("的") or ("的" in rest and is_chinese(rest[: rest.index("的")]))

    def _beyond_fillers(self, start: int) -> int | None:
        place = bisect_left(self._starts, start)
        end = start
        while place < len(self._words) and self._touches(end, self._words[place]):
            word = self._words[place]
            if word.start in self._named or word.text not in _FILLERS:
                return place
            place, end = place + 1, word.end
        return None

    def _after_joint(self, end: int) -> int | None:
        """Return where a further object may begin: after "or", 和 or a 、."""
        place = bisect_left(self._starts, end)
        if place == len(self._words) or not self._touches(end, self._words[place]):
            return None
        word = self._words[place]
        if word.text in _JOINTS:
            return word.end
        return end if set(self._text[end : word.start]) & set("、/") else None

    def _touches(self, end: int, word: Word) -> bool:
        return _GAP.fullmatch(self._text, end, word.start) is not None
