"""Suggestions while the customer types: completions, facet values, what others ask, and the best products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.db import models

from xsearch.index.registry import Index, get_index
from xsearch.search.context import SearchContext
from xsearch.search.scope import SearchScope
from xsearch.search.suggestions.completions import Completion, completions, is_in_page_language
from xsearch.search.suggestions.prefixes import frequent_words, last_words, prefix_matches
from xsearch.search.words.spelling import completed
from xsearch.text.prefix_keys import typed_key, words_with_prefix
from xsearch.visitors import popular_queries

FACETS = 3
POPULAR = 3
OBJECTS = 4
_MAX_TYPED = 100  # characters
_WORDS = 3  # in which the last word is completed
_ENOUGH = 8  # phrases


@dataclass
class Suggestions:
    """Suggestions for a typed prefix; ``objects`` are the best products."""

    texts: list[str] = field(default_factory=list)
    facets: list[Completion] = field(default_factory=list)
    popular: list[str] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    #: The corrected prefix that the suggestions complete; None if nothing was corrected.
    corrected: str | None = None


def suggest(source: Index | models.QuerySet[Any], prefix: str, *, limit: int = 8) -> list[str]:
    """Return texts that complete ``prefix``, likeliest first."""
    queryset = source.get_queryset() if isinstance(source, Index) else source
    return suggestions_for(queryset, prefix, limit=limit).texts


def suggestions_for(queryset: models.QuerySet[Any], typed: str, *, limit: int = 8) -> Suggestions:
    """Return up to ``limit`` texts, with facet values, popular queries and objects of ``queryset``.

    Labels and titles are in the active language. Completions without an object in ``queryset`` are left out. The work
    is bounded, whatever is typed and however large the catalogue is.
    """
    context = SearchContext(get_index(queryset.model), queryset.db)
    scope = SearchScope(queryset, [], {})
    typed = " ".join(typed.replace("\x00", "").split())[:_MAX_TYPED]
    if not typed_key(typed):
        return Suggestions()
    found = _for(context, scope.objects(), typed)
    if not (found.texts or found.facets) and (meant := completed(context, typed)):
        better = _for(context, scope.objects(), meant)
        if better.objects:
            found, better.corrected, better.texts = better, meant, [meant, *better.texts]
    found.texts = _different(found.texts, known=[typed, *_names(found.facets)])[:limit]
    found.popular = _different(popular_queries(context.index, typed, POPULAR), known=[typed, *found.texts])
    there = scope.load(found.objects[: 2 * OBJECTS])
    found.objects = [there[key] for key in found.objects if key in there][:OBJECTS]
    return found


def _for(context: SearchContext, objects: models.QuerySet[Any], typed: str) -> Suggestions:
    """Return the suggestions for ``typed`` without correction, with the keys of the objects."""
    begun = completions(context, objects, typed)
    facets = [one for one in begun if one.facet][:FACETS]
    phrases = [one for one in begun if not one.facet]
    # Documents are only searched where few phrases begin with what was typed.
    keys = prefix_matches(context, objects, typed) if len(phrases) < _ENOUGH else []
    words = last_words(context, keys, typed) if keys else _begun_words(phrases, typed_key(typed))
    to_key = context.index.model._meta.pk.to_python
    examples = [to_key(key) for key in _in_turn([one.examples for one in (*phrases, *facets)])]
    written = {typed_key(one.text): one.text for one in phrases}
    texts = [*(written.get(typed_key(word), word) for word in words[:_WORDS]), *written.values()]
    return Suggestions(texts, facets, objects=list(dict.fromkeys([*keys, *examples])))


def _begun_words(phrases: Sequence[Completion], key: str) -> list[str]:
    """Return the words of ``phrases`` that begin with ``key``."""
    counts = Counter(word for one in phrases if (word := words_with_prefix(one.text, key)))
    readable = {word: count for word, count in counts.items() if is_in_page_language(word)}
    return frequent_words(Counter(readable) or counts)


def _in_turn(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return the first of each list, then the second of each, and so on."""
    return [value for values in zip_longest(*lists) for value in values if value is not None]


def _names(facets: Sequence[Completion]) -> list[str]:
    return [name for facet in facets for name in (facet.label, facet.text)]


def _different(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return ``texts`` without those that differ from ``known`` or an earlier one by case and signs only."""
    seen = {typed_key(text) for text in known}
    found = []
    for text in texts:
        if (key := typed_key(text)) not in seen:
            seen.add(key)
            found.append(text)
    return found
