"""Results as examples on the results page: which the query has, and the addresses that take one more or one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xsearch.api.examples import EXAMPLES
from xsearch.registry import get_index

if TYPE_CHECKING:
    from django.db import models

    from xsearch.search import SearchResults
    from xsearch.widgets import PageQuery


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
    return Example(index.title(obj), index.image_url(obj), is_like, query.without_example(query.key_of(obj)))


def example_urls(query: PageQuery | None, obj: models.Model) -> dict[str, str]:
    """Return the addresses that take an object as an example; none without a query."""
    return {f"{name}_url": query.with_example(name, query.key_of(obj)) for name in EXAMPLES} if query else {}
