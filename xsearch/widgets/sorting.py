"""The menu of orders of a results page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xsearch.index.sorts import POPULARITY, RELEVANCE, common_sorts, sort_label
from xsearch.search import SearchResults
from xsearch.search.sorting import has_popularity
from xsearch.widgets.query import PageQuery


@dataclass(frozen=True)
class SortOption:
    """One order: its name in addresses, and its label."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class SortMenu:
    """The orders to choose from, and the parameters that stay as they are."""

    options: Sequence[SortOption]
    hidden: Sequence[tuple[str, str]]


def sort_menu(query: PageQuery, results: SearchResults) -> SortMenu | None:
    """Return the menu; None if there is nothing to choose from, or to sort."""
    if len(results) < 2:
        return None
    names = [name for name in common_sorts(query.shown) if _is_offered(query, name)]
    if len(names) < 2:
        return None
    index = query.index
    options = [SortOption(name, sort_label(index, name), name == results.sort) for name in names]
    return SortMenu(options, query.pairs(without=["sort"]))


def _is_offered(query: PageQuery, name: str) -> bool:
    if name == RELEVANCE:
        return query.searches
    return name != POPULARITY or name == query.sort or all(map(has_popularity, query.shown))
