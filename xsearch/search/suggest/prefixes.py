"""The objects that match words of which the last is still being typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connections, transaction

from xsearch.index.registry import Index
from xsearch.index.stores import main_store, rows_of
from xsearch.models import IndexRecord
from xsearch.search.expressions import Matches
from xsearch.search.scope import Objects
from xsearch.search.words.lexical import LexicalQuery, lexical_query
from xsearch.search.words.terms import with_prefix
from xsearch.text import english
from xsearch.text.prefix_keys import last_word, words_with_prefix

#: Matching objects that are looked at; which of more of them, the database chooses.
_LOOKED_AT = 60
#: Of these, the best, whose words say how the last word may go on.
_READ = 20
#: What the last word must have for it to be looked up by its beginning: one letter begins too many words.
_MIN_LETTERS = 2


def begun_objects(index: Index, objects: Objects, typed: str) -> list[Any]:
    """Return the keys of objects that have all words of ``typed``, the last one as a beginning, the best first.

    Of one letter more, the words before it choose.
    """
    last = last_word(typed)
    if last.isascii() and len(last) < _MIN_LETTERS:
        query = lexical_query(index, typed[: len(typed) - len(last)])
    else:
        query = (found := lexical_query(index, typed)) and _begun(found)
    return _matching(index, objects, query) if query else []


def _begun(query: LexicalQuery) -> LexicalQuery:
    """Return ``query`` with its last word taken as the beginning of one: all of "demo-mu", not "demo" alone."""
    *others, last = query.stretches
    word = last.words[-1]
    if word.surface.isascii():
        word = replace(word, readings=tuple(each for each in word.readings if each.kind != "parts"))
    return replace(query, stretches=[*others, replace(last, words=(*last.words[:-1], with_prefix(word)))])


def _matching(index: Index, objects: Objects, query: LexicalQuery) -> list[Any]:
    store = main_store(index)
    rows = rows_of(store, objects).filter(Matches("search_document", query.conjunction)).order_by()
    with transaction.atomic(using=objects.db), connections[objects.db].cursor() as cursor:
        # Asked for a few of many, the planner would read the table until it has met them: where there are
        # fewer than it thinks, all of the table.
        cursor.execute("SET LOCAL enable_seqscan = off")
        scored = dict(rows.values_list(store.object_key, query.score())[:_LOOKED_AT])
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
    return sorted(scored, key=lambda key: (-scored[key], key))


def last_words(index: Index, keys: Sequence[Any], typed: str) -> list[str]:
    """Return ``typed`` with its last word completed as in the texts of the objects ``keys``, frequent ones first."""
    last = last_word(typed)
    names = [str(key) for key in keys[:_READ]]
    records = IndexRecord.objects.filter(content_type=index.content_type, object_id__in=names)
    counts: Counter[str] = Counter()
    for phrases in records.values_list("phrases", flat=True):
        counts.update({word for phrase in phrases if (word := words_with_prefix(phrase, last) or "").startswith(last)})
    before = typed[: len(typed) - len(last)]
    return [before + word for word in frequent_words(counts)]


def frequent_words(counts: Counter[str]) -> list[str]:
    """Return words by how frequent they are, of "jacket" and "jackets" the more frequent or shorter one."""
    by_stem: dict[str, str] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], len(word), word)):
        by_stem.setdefault(english.stem(word), word)
    return list(by_stem.values())
