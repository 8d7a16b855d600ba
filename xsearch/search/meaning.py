"""The meaning of a query in a catalogue: typing errors corrected, prices, values and negations read as conditions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import DatabaseError

from xsearch.conf import settings
from xsearch.index.related import RowName
from xsearch.models import Synonym
from xsearch.search.context import SearchContext
from xsearch.search.request import SearchRequest
from xsearch.search.words.spelling import Version, corrected, words_version
from xsearch.search.words.synonyms import pairs_of
from xsearch.understanding import (
    ABOUT,
    Condition,
    Interpretation,
    Mode,
    ValueLexicon,
    lexicon_of,
    price_filter,
    understand,
)

logger = logging.getLogger("xsearch.search")


@dataclass(frozen=True)
class Meaning:
    """The ``interpretation`` of a query, and all of its words as they were ``corrected``, if they were."""

    interpretation: Interpretation
    corrected: str | None = None


def meaning_of(context: SearchContext, text: str, request: SearchRequest) -> Meaning:
    """Return what ``text`` means in the catalogues that are searched together.

    Prices and conditions are read first, so that only the rest is corrected.
    """
    understood = request.understand and settings.UNDERSTAND
    version = words_version(context) if request.correct or understood else None
    read = _reader(context, version, request.modes or {}) if version and understood else _as_words
    interpretation = read(text)
    if not request.correct:
        return Meaning(interpretation)
    meant = _corrected(text, interpretation, lambda part: corrected(context, part))
    return Meaning(read(meant), meant) if meant != text else Meaning(interpretation)


def without_filtered(interpretation: Interpretation, filters: Mapping[str, Any]) -> Interpretation:
    """Leave out the conditions on fields that the customer filters by: a chosen filter wins over words."""
    chosen = {name for name, value in filters.items() if value not in ("", None, [])}
    fields = chosen | {name.removesuffix("_min").removesuffix("_max") for name in chosen}
    kept = tuple(each for each in interpretation.conditions if each.field not in fields)
    return replace(interpretation, conditions=kept)


def relaxations(interpretation: Interpretation | None) -> Iterator[Interpretation]:
    """Yield the interpretation with strict conditions relaxed to soft ones: those on numbers first, then all."""
    conditions = interpretation.conditions if interpretation else ()
    strict = [condition for condition in conditions if condition.mode == "strict"]
    numbers = [condition for condition in strict if condition.op not in {"is", "is_not"}]
    for chosen in ([numbers] if len(numbers) < len(strict) else []) + [strict]:
        if interpretation and chosen:
            softer = tuple(replace(each, mode="soft") if each in chosen else each for each in conditions)
            yield replace(interpretation, conditions=softer, relaxed=tuple(condition.id for condition in chosen))


def parameters_of(condition: Condition) -> dict[str, Any]:
    """Return a condition as parameters of the declared filters."""
    name, numbers = str(condition.field), condition.values
    if condition.op in ("is", "is_not"):
        return {name: [RowName(value) for value in condition.values]}
    if condition.op == "about":
        numbers = (numbers[0] * (1 - ABOUT), numbers[0] * (1 + ABOUT))
    least = {} if condition.op == "at_most" else {f"{name}_min": numbers[0]}
    return least if condition.op == "at_least" else {**least, f"{name}_max": numbers[-1]}


def _reader(context: SearchContext, version: Version, modes: Mapping[str, Mode]) -> Callable[[str], Interpretation]:
    """Return a function that reads texts; it returns a text as plain words if reading it fails."""

    def read(text: str) -> Interpretation:
        try:
            return understand(text, _lexicon(context, version), modes)
        except DatabaseError:
            raise
        except Exception:
            # A query is answered as plain words, whatever a library throws.
            logger.exception("Understanding a query failed")
            context.degrade("understanding")
            return _as_words(text)

    return read


def _as_words(text: str) -> Interpretation:
    return Interpretation(text, free=((0, len(text)),))


def _lexicon(context: SearchContext, version: Version) -> ValueLexicon:
    indexes = context.indexes
    counted = [
        index for index, last in zip(indexes, version.counted, strict=True) if last is not None or not index.text
    ]
    if not counted:  # nothing is indexed yet
        return ValueLexicon(price=price_filter(indexes))
    # Where no terms are counted, nothing tells of changes.
    age = 0.0 if all(index.text for index in indexes) else time.monotonic() // settings.VOCABULARY_MAX_AGE_S
    return lexicon_of(indexes, (version, age), lambda: _synonyms(context), context.scope)


def _synonyms(context: SearchContext) -> Iterator[tuple[str, str]]:
    for synonym in Synonym.objects.using(context.using):
        yield from pairs_of(synonym)


def _corrected(text: str, interpretation: Interpretation, correct: Callable[[str], str | None]) -> str:
    """Correct the words that are neither part of a price nor of a negation."""
    for start, end in reversed(interpretation.free):
        part = text[start:end]
        kept = part.strip()
        if kept and (meant := correct(kept)):
            place = start + part.index(kept)
            text = text[:place] + meant + text[place + len(kept) :]
    return text
