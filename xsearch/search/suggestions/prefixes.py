"""Prefix matches: objects with the typed words, of which the last is still incomplete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connections, models, transaction

from xsearch.index.stores import rows_of
from xsearch.models import IndexRecord
from xsearch.search.context import SearchContext
from xsearch.search.words.expressions import Matches
from xsearch.search.words.lexical import LexicalQuery, lexical_query
from xsearch.search.words.terms import with_prefix
from xsearch.text import english
from xsearch.text.prefix_keys import last_word, words_with_prefix

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
    names = [str(key) for key in keys[:_READ]]
    of_index = IndexRecord.objects.using(context.using).filter(content_type=context.index.content_type)
    records = of_index.filter(object_id__in=names)
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
