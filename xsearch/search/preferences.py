"""Preferences: soft conditions of a query. Objects that violate one lose a part of their score, within bounds."""

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
from xsearch.index.stores import Store
from xsearch.search.context import SearchContext
from xsearch.search.expressions import DistanceFromLimits, DoubleCase
from xsearch.search.meaning import parameters_of
from xsearch.search.words.expressions import LexicalScore, Matches
from xsearch.search.words.lexical import expanded
from xsearch.search.words.terms import Phrase
from xsearch.understanding import Condition, Interpretation

#: One number per candidate, shape (n,); NaN where nothing can be compared.
ScoreColumn = NDArray[np.float64]

#: The name of preferences in explanations.
UNDERSTOOD = "understood"


@dataclass(frozen=True)
class Preference:
    """A soft condition: an object that violates it fully loses the fraction ``loss`` of its score."""

    name: str
    loss: float
    #: Makes the SQL expression, in [0, 1], of how far a row of a store violates it; null where nothing is known.
    violation: Callable[[Store], Any]
    #: Leave out all objects that violate it.
    excludes: bool = False


def preferences_of(context: SearchContext, interpretation: Interpretation | None) -> list[Preference]:
    """Return the preferences that follow from the conditions of a query."""
    index = context.index
    conditions = interpretation.active() if interpretation else []
    soft = [each for each in conditions if each.field in index.filters and each.mode == "soft"]
    relaxed = interpretation.relaxed if interpretation else ()
    found = [*_of_fields(context, soft, relaxed)]
    unwanted = [each for each in conditions if each.op == "is_not"] if index.text else []
    return found + [_of_words(context, each) for each in unwanted]


def unwanted_text(interpretation: Interpretation | None) -> str:
    """Return the words for what is not wanted; their vector lowers scores."""
    conditions = interpretation.active() if interpretation else []
    return ", ".join(dict.fromkeys(str(each.values[0]) for each in conditions if each.op == "is_not"))


def apply_preferences(
    preferences: Sequence[Preference], columns: Mapping[str, ScoreColumn], count: int
) -> tuple[ScoreColumn, NDArray[np.bool_]]:
    """Return the factor of each score, in (0, 1], and a mask of the objects that stay, both of shape (count,)."""
    factor, stays = np.ones(count), np.ones(count, dtype=bool)
    for preference in preferences:
        if preference.name in columns:
            violation = np.nan_to_num(columns[preference.name]).clip(0.0, 1.0)
            factor *= 1 - preference.loss * violation
            stays &= (violation == 0) | (not preference.excludes)
    return factor, stays


def _of_fields(
    context: SearchContext, conditions: Iterable[Condition], relaxed: Collection[str]
) -> Iterator[Preference]:
    """Yield one for each field; several values of a field are alternatives. A relaxed limit weighs more."""
    ordered = sorted(conditions, key=lambda each: (str(each.field), each.op))
    for (field, op), group in groupby(ordered, key=lambda each: (str(each.field), each.op)):
        alternatives = list(group)
        was_limit = op == "is_not" or any(each.id in relaxed for each in alternatives)
        loss = settings.AVOIDANCE if was_limit else settings.PREFERENCE
        yield Preference(f"{UNDERSTOOD}:{field}:{op}", loss, _violation(context, field, op, alternatives))


def _violation(context: SearchContext, field: str, op: str, conditions: Sequence[Condition]) -> Callable[[Store], Any]:
    index = context.index
    values = [value for each in conditions for value in parameters_of(each).get(field, [])]

    def expression(store: Store) -> Any:
        objects = index.model._base_manager.using(context.using).filter(pk=OuterRef(store.object_key))
        declared = index.field(field)
        if op not in {"is", "is_not"}:
            parameters = {name: value for each in conditions for name, value in parameters_of(each).items()}
            passes = Exists(index.filter_queryset(objects, parameters))
            number = Subquery(objects.values_list(declared.first())[:1])
            distance = DistanceFromLimits(number, parameters.get(f"{field}_min"), parameters.get(f"{field}_max"))
            return DoubleCase(When(passes, then=0.0), default=distance)
        matching, known = has_value(index, field, values), declared.known()
        if store.link or declared.is_multiple:  # otherwise the row has the value, which is many times faster
            matching, known = Q(Exists(objects.filter(matching))), Q(Exists(objects.filter(known)))
        if op == "is_not":
            return DoubleCase(When(matching, then=1.0), default=0.0)
        return DoubleCase(When(matching, then=0.0), When(known, then=1.0), default=None)

    return expression


def _of_words(context: SearchContext, condition: Condition) -> Preference:
    """Return the preference against documents that have the words for what is not wanted."""
    text = " ".join(str(value) for value in condition.values)
    read = expanded(context, text)
    words = sum(len(phrase.words) for phrase in read)
    phrases = [
        Phrase(tuple(replace(word, weight=1 / words) for word in phrase.words), phrase.others) for phrase in read
    ]
    literal = " | ".join(phrase.literal for phrase in phrases)

    def expression(_store: Store) -> Any:
        score = LexicalScore("search_document", phrases)
        return DoubleCase(When(Matches("search_document", literal), then=score), default=0.0)

    excludes = condition.field is None and condition.mode == "strict"
    return Preference(f"{UNDERSTOOD}:{condition.id}", settings.AVOIDANCE, expression, excludes)
