"""Parses a query: prices first, then negations, then the values that the rest names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xsearch.text.analysis import is_stop_word, tokenize
from xsearch.text.chinese import HAN
from xsearch.text.folding import fold_in_place
from xsearch.understanding.conditions import Condition, Interpretation, Mode, label_of
from xsearch.understanding.lexicon import NamedValue, ValueLexicon
from xsearch.understanding.negation import Negation, NegationParser, find_cues
from xsearch.understanding.prices import Price, find_prices

_Place = tuple[int, int]
_BORDER = "\n"  # neither word, number nor space of a phrase; no query has it
_LOOSE = re.compile(r"\s+(?=[,，。;；、!！?？])|(?<=[，。；、])\s+")
_IN_CHINESE = re.compile(rf"(?<=[{HAN}]){_BORDER}(?=[{HAN}])")
_EDGES = " ,，。.;；、的"


@dataclass(frozen=True)
class _Group:
    """Conditions that one part of the query states together; ``is_cut`` if its words are not searched for."""

    start: int
    end: int
    conditions: tuple[Condition, ...]
    is_cut: bool

    def cuts(self) -> Iterator[_Place]:
        """Yield the parts that are not searched for: all but the conditions that the customer switched off."""
        off = [(each.start, each.end) for each in self.conditions if each.mode == "off"]
        if self.is_cut and len(off) < len(self.conditions):
            yield from (
                (self.start + start, self.start + end)
                for start, end in _between(
                    [(start - self.start, end - self.start) for start, end in off], self.end - self.start
                )
            )


def understand(text: str, lexicon: ValueLexicon, modes: Mapping[str, Mode] | None = None) -> Interpretation:
    """Return the interpretation of ``text``; ``modes`` are the customer's choices for conditions, by their ids."""
    lower = fold_in_place(text)
    prices = find_prices(lower) if lexicon.price else []
    taken = [(price.start, price.end) for price in prices]
    lower = _blanked(lower, taken)
    cues = find_cues(lower)
    taken += [(cue.start, cue.end) for cue in cues]
    lower = _blanked(lower, taken)
    named = lexicon.find(words := tokenize(lower), lower, text)
    parser = NegationParser(lower, words, named, lexicon)
    negations = [found for cue in cues if (found := parser.parse(cue))]
    groups = [_of_price(text, price, str(lexicon.price)) for price in prices]
    groups += [_of_negation(text, negation) for negation in negations]
    groups += [_of_value(text, each, lexicon) for each in named if not _is_in_any(each, negations)]
    groups = [_completed(group, lexicon, modes or {}) for group in sorted(groups, key=lambda group: group.start)]
    return Interpretation(
        _left_of(text, [cut for group in groups for cut in group.cuts()]),
        tuple({each.id: each for group in groups for each in group.conditions}.values()),
        free=tuple(_between(sorted(taken), len(text))),
    )


def _of_price(text: str, price: Price, field: str) -> _Group:
    phrase = text[price.start : price.end]
    condition = Condition(phrase, price.start, price.end, field, price.op, price.numbers, "strict")
    return _Group(price.start, _with_particle(text, price.end), (condition,), is_cut=True)


def _of_negation(text: str, negation: Negation) -> _Group:
    """Excluded values filter, excluded words lower the score; one alone has the whole part as its phrase."""
    start, end = negation.start, negation.end
    alone = len(negation.values) + len(negation.phrases) == 1
    conditions = [
        _with_phrase(
            Condition("", *((start, end) if alone else each[:2]), each.field, "is_not", each.values, "strict"), text
        )
        for each in negation.values
    ] + [
        _with_phrase(Condition("", *((start, end) if alone else each), None, "is_not", (text[slice(*each)],)), text)
        for each in negation.phrases
    ]
    return _Group(start, end, tuple(conditions), is_cut=True)


def _of_value(text: str, named: NamedValue, lexicon: ValueLexicon) -> _Group:
    condition = Condition("", named.start, named.end, named.field, "is", named.values)
    condition = replace(_with_phrase(condition, text), describes=named.field not in lexicon.kinds)
    return _Group(named.start, named.end, (condition,), is_cut=False)


def _with_phrase(condition: Condition, text: str) -> Condition:
    return replace(condition, phrase=text[condition.start : condition.end].strip(" ,，、"))


def _completed(group: _Group, lexicon: ValueLexicon, modes: Mapping[str, Mode]) -> _Group:
    """Return the group with the customer's modes, and with labels for the page."""
    return replace(
        group,
        conditions=tuple(
            replace(each, mode=modes.get(each.id, each.mode), label=label_of(each, lexicon))
            for each in group.conditions
        ),
    )


def _is_in_any(named: NamedValue, negations: Iterable[Negation]) -> bool:
    return any(negation.start <= named.start < negation.end for negation in negations)


def _with_particle(text: str, end: int) -> int:
    """Return the end of a part, with the 的 that belongs to it: 两百块以内的."""
    return end + 1 if text[end : end + 1] == "的" else end


def _blanked(text: str, places: Iterable[_Place]) -> str:
    for start, end in places:
        text = text[:start] + _BORDER * (end - start) + text[end:]
    return text


def _between(places: Sequence[_Place], length: int) -> Iterator[_Place]:
    """Yield the gaps that ``places``, in their order, leave in a text of ``length`` characters."""
    position = 0
    for start, end in [*places, (length, length)]:
        if position < start:
            yield position, start
        position = max(position, end)


def _left_of(text: str, cuts: Sequence[_Place]) -> str:
    """Return ``text`` without ``cuts``; the empty text if only stop words are left."""
    if not cuts:
        return text
    rest = _BORDER.join(text[start:end].strip() for start, end in _between(cuts, len(text)))
    rest = _LOOSE.sub("", " ".join(_IN_CHINESE.sub("", rest).replace(_BORDER, " ").split())).strip(_EDGES)
    return rest if any(not is_stop_word(word.surface) for word in tokenize(fold_in_place(rest))) else ""
