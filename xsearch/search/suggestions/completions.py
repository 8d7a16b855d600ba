"""Completions of a typed prefix: phrases and facet values of the catalogue, found by their keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connections, models
from django.utils.translation import get_language

from xsearch.index.registry import Index
from xsearch.indexing.suggestions import TIERS
from xsearch.models import Suggestion, SuggestionKey
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.text.chinese import has_chinese
from xsearch.text.prefix_keys import sound_key, typed_key

#: Keys that are read in each tier, whatever the size of the catalogue; within a tier in alphabetical order.
_PER_TIER = 40
#: Completions that are checked for being visible.
_CHECKED = 24

_BRANCH = """
(SELECT suggestion_id FROM {keys} WHERE content_type_id = %s AND tier = %s AND key >= %s AND key < %s LIMIT %s)
"""
_FIND = """
SELECT facet, text, labels::text, objects_with, examples::text FROM {suggestions}
WHERE id IN ({branches})
"""


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
    branches = " UNION ALL ".join(_BRANCH.format(keys=SuggestionKey._meta.db_table) for _ in TIERS)
    content_type_id, end = context.index.content_type.pk, f"{key}\U0010ffff"
    params = [value for tier in TIERS for value in (content_type_id, tier, key, end, _PER_TIER)]
    with connections[context.using].cursor() as cursor:
        cursor.execute(_FIND.format(suggestions=Suggestion._meta.db_table, branches=branches), params)
        return [_completion(*row) for row in cursor.fetchall()]


def _completion(facet: str, text: str, labels: str, objects_with: int, examples: str) -> Completion:
    label = json.loads(labels).get(get_language() or "", text)
    return Completion(text, label, facet, objects_with, tuple(json.loads(examples)))


def is_in_page_language(text: str) -> bool:
    """Return True if a text is in the script of the page: with Chinese characters, or without."""
    return has_chinese(text) == (get_language() or "").startswith("zh")


def _order(one: Completion, key: str) -> tuple[Any, ...]:
    """Return the sort key: the page's language first, then the place of ``key``, frequency and length."""
    own = typed_key(one.label)
    return (
        not is_in_page_language(own),
        # A label without the key matches by its sound, or in another language.
        not own.startswith(key),
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
