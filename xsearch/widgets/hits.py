"""Hits, examples, understood conditions and notices as a results page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.index.filters import field_label
from xsearch.index.registry import get_index
from xsearch.search import Hit, SearchResults
from xsearch.search.ranking.personalisation import LOOK
from xsearch.web.parameters import EXAMPLES
from xsearch.web.responses import hit_body
from xsearch.widgets.query import PageQuery


@dataclass(frozen=True)
class Example:
    """An example of the query, like or unlike, with the address that removes it."""

    title: str
    image: str | None
    is_like: bool
    url: str


@dataclass(frozen=True)
class Chip:
    """An understood condition, with the addresses that remove it, restore it, or make it strict or soft."""

    id: str
    label: str
    mode: str
    relaxed: bool
    remove_url: str
    toggle_url: str
    restore_url: str


def cards(results: SearchResults, query: PageQuery | None = None) -> list[dict[str, Any]]:
    """Return each hit for its template: the fields of the API, its object and position, and how to show it.

    With a ``query``, the addresses that take the hit as an example too.
    """
    first = (results.page - 1) * results.page_size + 1
    return [_card(query, hit, position) for position, hit in enumerate(results.hits, start=first)]


def _card(query: PageQuery | None, hit: Hit, position: int) -> dict[str, Any]:
    index = get_index(type(hit.object))
    # Why taste moved the hit; nothing if it only moved for another hit.
    because = hit.personal["because"] if hit.personal else []
    shown = {
        "object": hit.object,
        "position": position,
        "template": index.template,
        "kind": capfirst(str(index.model._meta.verbose_name)),
        "reasons": [_("Looks") if name == LOOK else field_label(index, name) for name in because],
    }
    return hit_body(hit, index) | shown | (_example_urls(query, _key_of(query, hit.object)) if query else {})


def examples(query: PageQuery, results: SearchResults) -> list[Example]:
    """Return the examples of a search."""
    return [
        Example(index.title(each), index.image_url(each), is_like, query.url(_without(query, _key_of(query, each))))
        for is_like, objects in ((True, results.like), (False, results.unlike))
        for each in objects
        for index in [get_index(type(each))]
    ]


def _key_of(query: PageQuery, obj: models.Model) -> str:
    """Return the key of an example; for another index than the first, its label leads the key."""
    index = get_index(type(obj))
    return str(obj.pk) if index is query.indexes[0] else f"{index.label}:{obj.pk}"


def _example_urls(query: PageQuery, key: str) -> dict[str, str]:
    """Return the addresses with one more example, which is the opposite no longer."""
    others = _without(query, key)
    return {f"{name}_url": query.url(others | {name: [*others.get(name, []), key]}) for name in EXAMPLES}


def _without(query: PageQuery, key: str) -> dict[str, list[str]]:
    return {name: [text for text in texts if text != key] for name, texts in query.examples.items()}


def chips(query: PageQuery, results: SearchResults) -> list[Chip]:
    """Return the conditions that were understood in the words."""
    understood = results.interpretation
    if understood is None:
        return []
    return [
        Chip(
            each.id,
            each.label,
            each.mode,
            each.id in understood.relaxed,
            remove_url=query.with_mode(each.id, "drop"),
            toggle_url=query.with_mode(each.id, "soft" if each.mode == "strict" else "strict"),
            restore_url=query.with_mode(each.id, None),
        )
        for each in understood.conditions
    ]


def did_you_say(query: PageQuery, results: SearchResults) -> list[dict[str, str]]:
    """Return the other possible transcripts of the recording, each with the address that searches for it."""
    alternatives = results.alternatives if query.has_audio else ()
    return [{"text": text, "url": query.of_words(text)} for text, _confidence in alternatives]


def notices(degraded: list[str]) -> list[str]:
    """Return in plain words the parts that were left out of a search."""
    words = {
        "speech": _("Speech could not be understood right now. You can type instead."),
        "image": _("Photos could not be compared right now; the results rest on the other parts."),
        "audio": _("Sounds could not be compared right now; the results rest on the other parts."),
        "example": _("An example is not in the shop any more. It was left out."),
        "composition": _("The words could not change the photo right now; photo and words were compared one by one."),
        "personal": _("Results could not be put in the order of your taste right now."),
        "text": _("Only the exact words were compared right now, not their meaning."),
    }
    spoken = _("Speech in this language is not understood here yet. You can type instead.")
    other = _("A part of the search is not available right now; some results may be missing.")
    found = [spoken if code.startswith("speech:") else words.get(code.split(":")[0], other) for code in degraded]
    return list(dict.fromkeys(found))
