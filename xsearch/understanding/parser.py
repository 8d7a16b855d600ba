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
            yield from _between(off, self.start, self.end)


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
    negated = {place for negation in negations for place in range(negation.start, negation.end)}
    groups += [_of_value(text, each, lexicon) for each in named if each.start not in negated]
    groups = [_completed(group, lexicon, modes or {}) for group in sorted(groups, key=lambda group: group.start)]
    return Interpretation(
        _left_of(text, [cut for group in groups for cut in group.cuts()]),
        tuple({each.id: each for group in groups for each in group.conditions}.values()),
        free=tuple(_between(sorted(taken), 0, len(text))),
    )


def _of_price(text: str, price: Price, field: str) -> _Group:
    phrase = text[price.start : price.end]
    condition = Condition(phrase, price.start, price.end, field, price.op, price.numbers, "strict")
    end = price.end + (text[price.end : price.end + 1] == "的")  # 两百块以内的
    return _Group(price.start, end, (condition,), is_cut=True)


def _of_negation(text: str, negation: Negation) -> _Group:
    """Excluded values filter, excluded words lower the score; one alone has the whole part as its phrase."""
    whole = negation.start, negation.end
    alone = len(negation.values) + len(negation.phrases) == 1
    conditions = []
    for value in negation.values:
        place = whole if alone else (value.start, value.end)
        conditions.append(Condition(_phrase(text, *place), *place, value.field, "is_not", value.values, "strict"))
    for words in negation.phrases:
        place = whole if alone else words
        conditions.append(Condition(_phrase(text, *place), *place, None, "is_not", (text[slice(*words)],)))
    return _Group(*whole, tuple(conditions), is_cut=True)


def _of_value(text: str, named: NamedValue, lexicon: ValueLexicon) -> _Group:
    place, describes = (named.start, named.end), named.field not in lexicon.kinds
    condition = Condition(_phrase(text, *place), *place, named.field, "is", named.values, describes=describes)
    return _Group(*place, (condition,), is_cut=False)


def _phrase(text: str, start: int, end: int) -> str:
    return text[start:end].strip(" ,，、")


def _completed(group: _Group, lexicon: ValueLexicon, modes: Mapping[str, Mode]) -> _Group:
    """Return the group with the customer's modes, and with labels for the page."""
    stated = group.conditions
    completed = (replace(each, mode=modes.get(each.id, each.mode), label=label_of(each, lexicon)) for each in stated)
    return replace(group, conditions=tuple(completed))


def _blanked(text: str, places: Iterable[_Place]) -> str:
    for start, end in places:
        text = text[:start] + _BORDER * (end - start) + text[end:]
    return text


def _between(places: Sequence[_Place], start: int, end: int) -> Iterator[_Place]:
    """Yield the gaps that ``places``, in their order, leave from ``start`` to ``end``."""
    for first, last in [*places, (end, end)]:
        if start < first:
            yield start, first
        start = max(start, last)


def _left_of(text: str, cuts: Sequence[_Place]) -> str:
    """Return ``text`` without ``cuts``; the empty text if only stop words are left."""
    if not cuts:
        return text
    rest = _BORDER.join(text[start:end].strip() for start, end in _between(cuts, 0, len(text)))
    rest = _LOOSE.sub("", " ".join(_IN_CHINESE.sub("", rest).replace(_BORDER, " ").split())).strip(_EDGES)
    return rest if any(not is_stop_word(word.surface) for word in tokenize(fold_in_place(rest))) else ""
