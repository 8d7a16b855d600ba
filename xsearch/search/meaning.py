"""What a query means in a catalogue: its typing errors corrected, its prices, values and negations understood."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import DatabaseError

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Synonym
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

Correct = Callable[[str], str | None]


@dataclass(frozen=True)
class Meaning:
    """The ``interpretation`` of a query, and the whole of it as it was ``corrected``, if it was."""

    interpretation: Interpretation
    corrected: str | None = None


def meaning_of(
    indexes: Sequence[Index],
    text: str,
    degraded: list[str],
    *,
    correct: bool = True,
    understood: bool = True,
    modes: Mapping[str, Mode] | None = None,
) -> Meaning:
    """Return what ``text`` means in catalogues that are searched together.

    What it says about prices and wishes comes first, so that only the rest is corrected.
    """
    version = words_version(indexes) if correct or understood else None
    read = _reader(indexes, version, modes or {}, degraded) if version and understood else _as_words
    interpretation = read(text)
    if not correct:
        return Meaning(interpretation)
    meant = _corrected(text, interpretation, lambda part: corrected(indexes, part, degraded, version))
    return Meaning(read(meant), meant) if meant != text else Meaning(interpretation)


def without_filtered(interpretation: Interpretation, filters: Mapping[str, Any]) -> Interpretation:
    """Leave out what is said about fields that the customer filters by: what was chosen wins over what was said."""
    chosen = {name for name, value in filters.items() if value not in ("", None, [])}
    fields = chosen | {name.removesuffix("_min").removesuffix("_max") for name in chosen}
    kept = tuple(each for each in interpretation.conditions if each.field not in fields)
    return replace(interpretation, conditions=kept)


def softenings(interpretation: Interpretation | None) -> Iterator[Interpretation]:
    """Yield the interpretation with what was strict soft and said to be relaxed: numbers alone, then everything."""
    conditions = interpretation.conditions if interpretation else ()
    strict = [condition for condition in conditions if condition.mode == "strict"]
    numbers = [condition for condition in strict if condition.op not in {"is", "is_not"}]
    for chosen in ([numbers] if len(numbers) < len(strict) else []) + [strict]:
        if interpretation and chosen:
            softer = tuple(replace(each, mode="soft") if each in chosen else each for each in conditions)
            yield replace(interpretation, conditions=softer, relaxed=tuple(condition.id for condition in chosen))


def parameters_of(condition: Condition) -> dict[str, Any]:
    """Return what a condition is as parameters of the declared filters."""
    name, numbers = str(condition.field), condition.values
    if condition.op in ("is", "is_not"):
        return {name: list(condition.values)}
    if condition.op == "about":
        numbers = (numbers[0] * (1 - ABOUT), numbers[0] * (1 + ABOUT))
    least = {} if condition.op == "at_most" else {f"{name}_min": numbers[0]}
    return least if condition.op == "at_least" else {**least, f"{name}_max": numbers[-1]}


def _reader(
    indexes: Sequence[Index], version: Version, modes: Mapping[str, Mode], degraded: list[str]
) -> Callable[[str], Interpretation]:
    """Return what understands texts; one that it fails with is taken as words."""

    def read(text: str) -> Interpretation:
        try:
            return understand(text, _lexicon(indexes, version), modes)
        except DatabaseError:
            raise
        except Exception:
            # A query is answered as plain words, whatever a library throws.
            logger.exception("Understanding a query failed")
            degraded.append("understanding")
            return _as_words(text)

    return read


def _as_words(text: str) -> Interpretation:
    return Interpretation(text, free=((0, len(text)),))


def _lexicon(indexes: Sequence[Index], version: Version) -> ValueLexicon:
    counted = [
        index for index, last in zip(indexes, version.counted, strict=True) if last is not None or not index.text
    ]
    if not counted:  # nothing is indexed yet
        return ValueLexicon(price=price_filter(indexes))
    # Where no terms are counted, nothing tells of changes.
    age = 0.0 if all(index.text for index in indexes) else time.monotonic() // settings.VOCABULARY_MAX_AGE_S
    return lexicon_of(indexes, (version, age), _synonyms)


def _synonyms() -> Iterator[tuple[str, str]]:
    for synonym in Synonym.objects.all():
        yield from pairs_of(synonym)


def _corrected(text: str, interpretation: Interpretation, correct: Correct) -> str:
    """Correct what is neither a price nor a negating word."""
    for start, end in reversed(interpretation.free):
        part = text[start:end]
        kept = part.strip()
        if kept and (meant := correct(kept)):
            place = start + part.index(kept)
            text = text[:place] + meant + text[place + len(kept) :]
    return text
