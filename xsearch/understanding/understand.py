"""A query → its interpretation: prices first, then what is not wanted, then what the rest names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xsearch.text.chinese import HAN
from xsearch.understanding.conditions import Condition, Interpretation, Mode
from xsearch.understanding.labels import label_of
from xsearch.understanding.lexicon import Lexicon, Named
from xsearch.understanding.negation import Negation, Objects, find_cues
from xsearch.understanding.prices import Price, find_prices
from xsearch.understanding.words import plain, words_in

Stretch = tuple[int, int]
_BORDER = "\n"  # neither word, number nor space of a phrase; no query has it
_LOOSE = re.compile(r"\s+(?=[,，。;；、!！?？])|(?<=[，。；、])\s+")
_IN_CHINESE = re.compile(rf"(?<=[{HAN}]){_BORDER}(?=[{HAN}])")
_EDGES = " ,，。.;；、的"


@dataclass(frozen=True)
class _Group:
    """Conditions that one stretch of the query says together, and whether its words are no longer searched for."""

    start: int
    end: int
    conditions: tuple[Condition, ...]
    is_cut: bool

    def cuts(self) -> Iterator[Stretch]:
        """Yield what is not searched for: all of it but what the customer switched off."""
        off = [(each.start, each.end) for each in self.conditions if each.mode == "off"]
        if self.is_cut and len(off) < len(self.conditions):
            yield from (
                (self.start + start, self.start + end)
                for start, end in _between(
                    [(start - self.start, end - self.start) for start, end in off], self.end - self.start
                )
            )


def understand(text: str, lexicon: Lexicon, modes: Mapping[str, Mode] | None = None) -> Interpretation:
    """Return what ``text`` says; ``modes`` are what the customer chose for conditions, by their ids."""
    lower = plain(text)
    prices = find_prices(lower) if lexicon.price else []
    spoken_of = [(price.start, price.end) for price in prices]
    lower = _blanked(lower, spoken_of)
    cues = find_cues(lower)
    spoken_of += [(cue.start, cue.end) for cue in cues]
    lower = _blanked(lower, spoken_of)
    named = lexicon.find(words := words_in(lower), lower, text)
    objects = Objects(lower, words, named, lexicon)
    negations = [found for cue in cues if (found := objects.of(cue))]
    groups = [_of_price(text, price, str(lexicon.price)) for price in prices]
    groups += [_of_negation(text, negation) for negation in negations]
    groups += [_of_value(text, each, lexicon) for each in named if not _is_in_any(each, negations)]
    groups = [_settled(group, lexicon, modes or {}) for group in sorted(groups, key=lambda group: group.start)]
    return Interpretation(
        _left_of(text, [cut for group in groups for cut in group.cuts()]),
        tuple({each.id: each for group in groups for each in group.conditions}.values()),
        free=tuple(_between(sorted(spoken_of), len(text))),
    )


def _of_price(text: str, price: Price, field: str) -> _Group:
    phrase = text[price.start : price.end]
    condition = Condition(phrase, price.start, price.end, field, price.op, price.numbers, "strict")
    return _Group(price.start, _with_particle(text, price.end), (condition,), is_cut=True)


def _of_negation(text: str, negation: Negation) -> _Group:
    """Values that are not wanted are left out, other words lowered; one alone has the whole stretch as its phrase."""
    start, end = negation.start, negation.end
    alone = len(negation.values) + len(negation.phrases) == 1
    conditions = [
        _spoken(
            Condition("", *((start, end) if alone else each[:2]), each.field, "is_not", each.values, "strict"), text
        )
        for each in negation.values
    ] + [
        _spoken(Condition("", *((start, end) if alone else each), None, "is_not", (text[slice(*each)],)), text)
        for each in negation.phrases
    ]
    return _Group(start, end, tuple(conditions), is_cut=True)


def _of_value(text: str, named: Named, lexicon: Lexicon) -> _Group:
    condition = Condition("", named.start, named.end, named.field, "is", named.values)
    condition = replace(_spoken(condition, text), describes=named.field not in lexicon.kinds)
    return _Group(named.start, named.end, (condition,), is_cut=False)


def _spoken(condition: Condition, text: str) -> Condition:
    return replace(condition, phrase=text[condition.start : condition.end].strip(" ,，、"))


def _settled(group: _Group, lexicon: Lexicon, modes: Mapping[str, Mode]) -> _Group:
    """Return the group with the customer's modes, and with labels for people."""
    return replace(
        group,
        conditions=tuple(
            replace(each, mode=modes.get(each.id, each.mode), label=label_of(each, lexicon))
            for each in group.conditions
        ),
    )


def _is_in_any(named: Named, negations: Iterable[Negation]) -> bool:
    return any(negation.start <= named.start < negation.end for negation in negations)


def _with_particle(text: str, end: int) -> int:
    """Return where a stretch ends that 的 belongs to: 两百块以内的."""
    return end + 1 if text[end : end + 1] == "的" else end


def _blanked(text: str, stretches: Iterable[Stretch]) -> str:
    for start, end in stretches:
        text = text[:start] + _BORDER * (end - start) + text[end:]
    return text


def _between(stretches: Sequence[Stretch], length: int) -> Iterator[Stretch]:
    """Yield what ``stretches``, in their order, leave of a text of ``length`` characters."""
    position = 0
    for start, end in [*stretches, (length, length)]:
        if position < start:
            yield position, start
        position = max(position, end)


def _left_of(text: str, cuts: Sequence[Stretch]) -> str:
    """Return ``text`` without ``cuts``; nothing where only words are left that say nothing."""
    if not cuts:
        return text
    rest = _BORDER.join(text[start:end].strip() for start, end in _between(cuts, len(text)))
    rest = _LOOSE.sub("", " ".join(_IN_CHINESE.sub("", rest).replace(_BORDER, " ").split())).strip(_EDGES)
    return rest if any(not word.says_nothing for word in words_in(plain(rest))) else ""
