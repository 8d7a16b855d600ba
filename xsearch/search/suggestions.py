"""Suggestions while the customer types: completions, facet values, popular queries, and the best products."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import Any

from django.db import connections, models, transaction
from django.utils.translation import get_language

from xsearch.index.registry import Index, Searchable, get_index, queryset_of
from xsearch.index.stores import rows_of
from xsearch.indexing.suggestions import TIERS
from xsearch.models import IndexRecord, Suggestion, SuggestionKey
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.scope import SearchScope
from xsearch.search.words.expressions import Matches
from xsearch.search.words.lexical import LexicalQuery, lexical_query
from xsearch.search.words.spelling import completed
from xsearch.search.words.terms import with_prefix
from xsearch.text import english
from xsearch.text.chinese import has_chinese
from xsearch.text.prefix_keys import last_word, sound_key, typed_key, words_with_prefix
from xsearch.visitors import popular_queries

#: Keys that are read in each tier, whatever the size of the catalogue; within a tier in alphabetical order.
_PER_TIER = 40
#: Completions that are checked for being visible.
_CHECKED = 24

_KEYS = "(SELECT suggestion_id FROM {} WHERE content_type_id = %s AND tier = %s AND key >= %s AND key < %s LIMIT %s)"
_FIND = "SELECT facet, text, labels::text, objects_with, examples::text FROM {} WHERE id IN ({})"


@dataclass(frozen=True)
class Completion:
    """A phrase, or a value of ``facet`` with its label in the language of the page; some objects that have it."""

    text: str
    label: str
    facet: str
    objects_with: int
    examples: tuple[str, ...]


def completions(context: SearchContext, objects: models.QuerySet[Any], typed: str) -> list[Completion]:
    """Return completions of ``typed`` at any of their words, likeliest first, that some of ``objects`` have.

    Chinese is also found by its pinyin, by the initials of it, and by other characters of the same sound.
    """
    key = typed_key(typed)
    found = _find(context, key) if key else []
    if not found and not key.isascii():
        found = _find(context, sound_key(typed))
    return _visible(context.index, objects, sorted(found, key=lambda one: _order(one, key))[:_CHECKED])


def _find(context: SearchContext, key: str) -> list[Completion]:
    """Return the completions with a key that begins with ``key``; one statement of bounded work."""
    keys = " UNION ALL ".join(_KEYS.format(SuggestionKey._meta.db_table) for _ in TIERS)
    content_type_id, end = context.index.content_type.pk, f"{key}\U0010ffff"
    params = [value for tier in TIERS for value in (content_type_id, tier, key, end, _PER_TIER)]
    with connections[context.using].cursor() as cursor:
        cursor.execute(_FIND.format(Suggestion._meta.db_table, keys), params)
        return [_completion(*row) for row in cursor.fetchall()]


def _completion(facet: str, text: str, labels: str, objects_with: int, examples: str) -> Completion:
    names = json.loads(labels)
    label = names.get(get_language() or "") or next(iter(names.values()), text)
    return Completion(text, label, facet, objects_with, tuple(json.loads(examples)))


def is_in_page_language(text: str) -> bool:
    """Return True if a text is in the script of the page: with Chinese characters, or without."""
    return has_chinese(text) == (get_language() or "").startswith("zh")


def _order(one: Completion, key: str) -> tuple[Any, ...]:
    """Return the sort key: the page's language first, then the place of ``key``, frequency and length."""
    own = typed_key(one.label)
    return (
        not is_in_page_language(own),
        not own.startswith(key),  # it matches by its sound, or in another language
        key not in own,
        any(character.isdigit() for character in own),
        -len(str(one.objects_with)),
        len(own),
        own,
    )


def _visible(index: Index, objects: models.QuerySet[Any], found: Sequence[Completion]) -> list[Completion]:
    """Return those of ``found`` with an object that the customer may see, and only such objects."""
    to_key = index.model._meta.pk.to_python
    keys = {example: to_key(example) for one in found for example in one.examples}
    there = set(objects.filter(IsAnyOf("pk", list(keys.values()))).values_list("pk", flat=True)) if keys else set()
    seen = (replace(one, examples=tuple(each for each in one.examples if keys[each] in there)) for one in found)
    return [one for one in seen if one.examples]


#: Matching objects that are scored; of more, the database chooses which.
_LOOKED_AT = 60
#: The best of these, whose words complete the last word.
_READ = 20
#: Letters of the last word, from which on it is used as a prefix: one letter begins too many words.
_MIN_LETTERS = 2


def prefix_matches(context: SearchContext, objects: models.QuerySet[Any], typed: str) -> list[Any]:
    """Return the keys of objects that have all words of ``typed``, the last one as a prefix, best first.

    If the last word has one letter only, the words before it decide.
    """
    last = last_word(typed)
    if last.isascii() and len(last) < _MIN_LETTERS:
        query = lexical_query(context, typed[: len(typed) - len(last)])
    else:
        query = (found := lexical_query(context, typed)) and _with_last_prefix(found)
    return _matching(context, objects, query) if query else []


def _with_last_prefix(query: LexicalQuery) -> LexicalQuery:
    """Return ``query`` with its last word as a prefix: all of "demo-mu", not "demo" alone."""
    *others, last = query.phrases
    word = last.words[-1]
    if word.surface.isascii():
        word = replace(word, readings=tuple(each for each in word.readings if each.kind != "parts"))
    return replace(query, phrases=[*others, replace(last, words=(*last.words[:-1], with_prefix(word)))])


def _matching(context: SearchContext, objects: models.QuerySet[Any], query: LexicalQuery) -> list[Any]:
    store = context.main_store
    rows = rows_of(store, objects).filter(Matches("search_document", query.conjunction)).order_by()
    with transaction.atomic(using=objects.db), connections[objects.db].cursor() as cursor:
        # With a LIMIT the planner would scan the table until it has met enough rows; if there are fewer than it
        # expects, that is the whole table.
        cursor.execute("SET LOCAL enable_seqscan = off")
        scored = dict(rows.values_list(store.object_key, query.score())[:_LOOKED_AT])
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
    return sorted(scored, key=lambda key: (-scored[key], key))


def last_words(context: SearchContext, keys: Sequence[Any], typed: str) -> list[str]:
    """Return ``typed`` with its last word completed by the texts of the objects ``keys``, most frequent first."""
    last = last_word(typed)
    records = IndexRecord.objects.using(context.using).filter(content_type=context.index.content_type)
    records = records.filter(object_id__in=[str(key) for key in keys[:_READ]])
    counts: Counter[str] = Counter()
    for phrases in records.values_list("phrases", flat=True):
        counts.update({word for phrase in phrases if (word := words_with_prefix(phrase, last) or "").startswith(last)})
    before = typed[: len(typed) - len(last)]
    return [before + word for word in frequent_words(counts)]


def frequent_words(counts: Counter[str]) -> list[str]:
    """Return words by frequency; of "jacket" and "jackets" only the more frequent or shorter one."""
    by_stem: dict[str, str] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], len(word), word)):
        by_stem.setdefault(english.stem(word), word)
    return list(by_stem.values())


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


def suggest(source: Index | Searchable, prefix: str, *, limit: int = 8) -> list[str]:
    """Return texts that complete ``prefix``, likeliest first."""
    return suggestions_for(queryset_of(source), prefix, limit=limit).texts


def suggestions_for(queryset: Searchable, typed: str, *, limit: int = 8) -> Suggestions:
    """Return up to ``limit`` texts, with facet values, popular queries and objects of ``queryset``.

    Labels and titles are in the active language. Completions without an object in ``queryset`` are left out. The work
    is bounded, whatever is typed and however large the catalogue is.
    """
    objects = queryset_of(queryset)
    context = SearchContext(get_index(objects.model), objects.db)
    scope = SearchScope(objects.using(context.using), [], {})  # a router may name another replica each time
    typed = " ".join(typed.replace("\x00", "").split())[:_MAX_TYPED]
    if not typed_key(typed):
        return Suggestions()
    found = _for(context, scope.objects(), typed)
    if not (found.texts or found.facets) and (meant := completed(context, typed)):
        better = _for(context, scope.objects(), meant)
        if better.objects:
            found, better.corrected, better.texts = better, meant, [meant, *better.texts]
    found.texts = _different(
        found.texts, known=[typed, *(name for one in found.facets for name in (one.label, one.text))]
    )[:limit]
    found.popular = _different(popular_queries(context.index, typed, POPULAR), known=[typed, *found.texts])
    there = scope.load(found.objects[: 2 * OBJECTS])
    found.objects = [there[key] for key in found.objects if key in there][:OBJECTS]
    return found


def _for(context: SearchContext, objects: models.QuerySet[Any], typed: str) -> Suggestions:
    """Return the suggestions for ``typed`` without correction, with the keys of the objects."""
    found = completions(context, objects, typed)
    facets = [one for one in found if one.facet][:FACETS]
    phrases = [one for one in found if not one.facet]
    # Documents are only searched where few phrases begin with what was typed.
    keys = prefix_matches(context, objects, typed) if len(phrases) < _ENOUGH else []
    words = last_words(context, keys, typed) if keys else _words_of_phrases(phrases, typed_key(typed))
    to_key = context.index.model._meta.pk.to_python
    in_turn = chain.from_iterable(zip_longest(*(one.examples for one in (*phrases, *facets))))
    examples = [to_key(key) for key in in_turn if key is not None]
    written = {typed_key(one.text): one.text for one in phrases}
    texts = [*(written.get(typed_key(word), word) for word in words[:_WORDS]), *written.values()]
    return Suggestions(texts, facets, objects=list(dict.fromkeys([*keys, *examples])))


def _words_of_phrases(phrases: Sequence[Completion], key: str) -> list[str]:
    """Return the words of ``phrases`` that begin with ``key``."""
    counts = Counter(word for one in phrases if (word := words_with_prefix(one.text, key)))
    readable = {word: count for word, count in counts.items() if is_in_page_language(word)}
    return frequent_words(Counter(readable) or counts)


def _different(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return ``texts`` without those that differ from ``known`` or an earlier one by case and signs only."""
    seen = {typed_key(text) for text in known}
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(typed_key(text), text)
    return [text for key, text in first.items() if key not in seen]
