"""Results as examples on the results page: which the query has, and the addresses that take one more or one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xsearch.index.registry import get_index
from xsearch.web.parameters import EXAMPLES

if TYPE_CHECKING:
    from django.db import models

    from xsearch.search import SearchResults
    from xsearch.widgets.query import PageQuery


@dataclass(frozen=True)
class Example:
    """A result that the query is like, or unlike, with the address that takes it back."""

    title: str
    image: str | None
    is_like: bool
    url: str


def examples(query: PageQuery, results: SearchResults) -> list[Example]:
    """Return the examples of a search."""
    return [
        _example(query, each, is_like=is_like)
        for is_like, objects in ((True, results.like), (False, results.unlike))
        for each in objects
    ]


def _example(query: PageQuery, obj: models.Model, *, is_like: bool) -> Example:
    index = get_index(type(obj))
    return Example(index.title(obj), index.image_url(obj), is_like, _url_without(query, _key_of(query, obj)))


def example_urls(query: PageQuery | None, obj: models.Model) -> dict[str, str]:
    """Return the addresses that take an object as an example; none without a query."""
    return {f"{name}_url": _url_with(query, name, _key_of(query, obj)) for name in EXAMPLES} if query else {}


def _key_of(query: PageQuery, obj: models.Model) -> str:
    """Return what names an object as an example; of other indexes than the first, the label leads it."""
    index = get_index(type(obj))
    return str(obj.pk) if index is query.indexes[0] else f"{index.label}:{obj.pk}"


def _url_with(query: PageQuery, name: str, key: str) -> str:
    """Return the address with one more example; one that was the opposite is no more."""
    others = _without(query, key)
    return query.url(others | {name: [*others.get(name, []), key]})


def _url_without(query: PageQuery, key: str) -> str:
    return query.url(_without(query, key))


def _without(query: PageQuery, key: str) -> dict[str, list[str]]:
    return {name: [text for text in texts if text != key] for name, texts in query.examples.items()}
