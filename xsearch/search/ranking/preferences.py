"""Soft conditions of a query: objects that go against them lose a part of their score, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, Subquery, When
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.index.filters import condition as has_value
from xsearch.index.filters import has_one_value, label_path
from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.search.expressions import DoubleCase, FarFrom, LexicalScore, Matches
from xsearch.search.meaning import parameters_of
from xsearch.search.retrieval.evidence import Floats
from xsearch.search.words import glossary, synonyms
from xsearch.search.words.terms import Phrase, words_of
from xsearch.text import analyse
from xsearch.understanding import Condition, Interpretation

#: What the change of the score is called in explanations.
UNDERSTOOD = "understood"


@dataclass(frozen=True)
class Leaning:
    """How much an object goes against a condition, in [0, 1], is evidence; it costs ``loss`` of the score.

    ``against`` makes the SQL expression for a store's rows; null where nothing is known of an object. ``drops`` leaves
    out all objects that go against it.
    """

    name: str
    loss: float
    against: Callable[[Store], Any]
    drops: bool = False


def leanings_of(index: Index, interpretation: Interpretation | None) -> list[Leaning]:
    """Return what the conditions of a query cost the objects that go against them."""
    conditions = interpretation.active() if interpretation else []
    soft = [each for each in conditions if each.field in index.filters and each.mode == "soft"]
    relaxed = interpretation.relaxed if interpretation else ()
    found = [*_of_fields(index, soft, relaxed)]
    unwanted = [each for each in conditions if each.op == "is_not"] if index.text else []
    return found + [_of_words(each) for each in unwanted]


def unwanted_text(interpretation: Interpretation | None) -> str:
    """Return the words for what is not wanted, for the vectors to keep away from."""
    conditions = interpretation.active() if interpretation else []
    return ", ".join(dict.fromkeys(str(each.values[0]) for each in conditions if each.op == "is_not"))


def lean(leanings: Sequence[Leaning], columns: Mapping[str, Floats], count: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return by what each score is multiplied, in (0, 1], and which objects stay, both of shape (count,)."""
    factor, stays = np.ones(count), np.ones(count, dtype=bool)
    for leaning in leanings:
        if leaning.name in columns:
            against = np.nan_to_num(columns[leaning.name]).clip(0.0, 1.0)
            factor *= 1 - leaning.loss * against
            stays &= (against == 0) | (not leaning.drops)
    return factor, stays


def _of_fields(index: Index, conditions: Iterable[Condition], relaxed: Collection[str]) -> Iterator[Leaning]:
    """Yield one for each wish; of several values of one field any will do. What was a limit weighs more."""
    ordered = sorted(conditions, key=lambda each: (str(each.field), each.op))
    for (field, op), group in groupby(ordered, key=lambda each: (str(each.field), each.op)):
        wishes = list(group)
        was_limit = op == "is_not" or any(each.id in relaxed for each in wishes)
        loss = settings.AVOIDANCE if was_limit else settings.PREFERENCE
        yield Leaning(f"{UNDERSTOOD}:{field}:{op}", loss, _against(index, field, op, wishes))


def _against(index: Index, field: str, op: str, conditions: Sequence[Condition]) -> Callable[[Store], Any]:
    values = [value for each in conditions for value in parameters_of(each).get(field, [])]

    def expression(store: Store) -> Any:
        objects = index.model._base_manager.filter(pk=OuterRef(store.object_key))
        if op not in {"is", "is_not"}:
            parameters = {name: value for each in conditions for name, value in parameters_of(each).items()}
            passes = Exists(index.filter_queryset(objects, parameters))
            number = Subquery(objects.values(field)[:1])
            distance = FarFrom(number, parameters.get(f"{field}_min"), parameters.get(f"{field}_max"))
            return DoubleCase(When(passes, then=0.0), default=distance)
        matching, known = has_value(index, field, values), Q(**{f"{label_path(index, field)}__gt": ""})
        if store.link or not has_one_value(index, field):  # else the row itself says it, many times faster
            matching, known = Q(Exists(objects.filter(matching))), Q(Exists(objects.filter(known)))
        if op == "is_not":
            return DoubleCase(When(matching, then=1.0), default=0.0)
        return DoubleCase(When(matching, then=0.0), When(known, then=1.0), default=None)

    return expression


def _of_words(condition: Condition) -> Leaning:
    """Return what it costs a document to have the words for what is not wanted."""
    text = " ".join(str(value) for value in condition.values)
    read = glossary.applied(synonyms.expand(words_of(analyse(text)), text), text)
    words = sum(len(stretch.words) for stretch in read)
    stretches = [
        Phrase(tuple(replace(word, weight=1 / words) for word in stretch.words), stretch.others) for stretch in read
    ]
    literal = " | ".join(stretch.literal for stretch in stretches)

    def expression(_store: Store) -> Any:
        score = LexicalScore("search_document", stretches)
        return DoubleCase(When(Matches("search_document", literal), then=score), default=0.0)

    drops = condition.field is None and condition.mode == "strict"
    return Leaning(f"{UNDERSTOOD}:{condition.id}", settings.AVOIDANCE, expression, drops)
