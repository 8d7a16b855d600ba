"""Facets, ranges, active filters and scopes of a results page, each with the address that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from xsearch.index.filters import field_label, final_field
from xsearch.index.registry import ALL, Index
from xsearch.search import Counts, SearchResults
from xsearch.widgets.query import YES, PageQuery


@dataclass(frozen=True)
class Option:
    """A value of a facet, with the address that chooses or removes it."""

    label: str
    count: int | str | None
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """The values of one filter that results can be limited to."""

    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class RangeFilter:
    """Smallest and greatest value of a number, such as the price, as the customer entered them."""

    name: str
    label: str
    least: str
    greatest: str
    hidden: list[tuple[str, str]]


@dataclass(frozen=True)
class FacetGroup:
    """The facets and ranges of one index; with its name if other indexes are shown too."""

    name: str
    facets: list[Facet]
    ranges: list[RangeFilter]


def scopes(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the scopes of a page for several indexes, each with its number of close hits; none for a single index."""
    if len(query.indexes) < 2:
        return []
    names = {ALL: _("All")} | {index.label: index.name() for index in query.indexes}
    return [
        Option(name, _total(results, scope), query.url(scope=scope), scope == query.scope)
        for scope, name in names.items()
    ]


def _total(results: SearchResults, scope: str) -> str:
    """Return the number of close hits, in one of the models or in all."""
    close = [part for label, part in results.models.items() if part.is_close and scope in (ALL, label)]
    return sum((part.counts for part in close), Counts()).text


def facet_groups(query: PageQuery, results: SearchResults) -> list[FacetGroup]:
    """Return the facets of each index that is shown."""
    several = len(query.shown) > 1
    groups = [
        FacetGroup(
            index.name() if several else "",
            facets(query.within(index), results.models.get(index.label, results)),
            ranges(query.within(index)),
        )
        for index in query.shown
    ]
    return [group for group in groups if group.facets or group.ranges]


def chosen_in_all(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the active filters of all indexes that are shown."""
    found = [chosen(query.within(index), results.models.get(index.label, results)) for index in query.shown]
    return list(dict.fromkeys(option for options in found for option in options))


def facets(query: PageQuery, results: SearchResults) -> list[Facet]:
    """Return the facets of ``results``, yes-or-no filters included."""
    found = []
    for name, values in results.facets.items():
        options = [_option(query, name, value) for value in values]
        if options:
            found.append(Facet(name, field_label(query.index, name), options))
    return found + [_switch(query, name) for name in _filters_of(query.index, models.BooleanField)]


def chosen(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the active filters, each with the address that removes it."""
    labels = {
        (name, str(text).lower()): str(value.label)
        for name, values in results.facets.items()
        for value in values
        for text in (value.value, value.label)
    }
    return [
        Option(_chosen_label(query, name, text, labels), None, query.toggled(name, text), chosen=True)
        for name, texts in query.filters.items()
        if name in query.index.filter_names()
        for text in texts
    ]


def ranges(query: PageQuery) -> list[RangeFilter]:
    """Return the filters by a smallest and a greatest number."""
    names = [name.removesuffix("_min") for name in query.index.filter_names() if name.endswith("_min")]
    return [_range(query, name) for name in names if name in query.index.filters]


def _option(query: PageQuery, name: str, value: Any) -> Option:
    chosen = query.chosen(name, value.value, value.label)
    text = str(value.label) if query.chosen(name, value.label) else str(value.value)
    return Option(str(value.label), value.count, query.toggled(name, text), chosen)


def _switch(query: PageQuery, name: str) -> Facet:
    chosen = query.chosen(name, *YES)
    label = field_label(query.index, name)
    url = query.url({name: [] if chosen else ["true"]})
    return Facet(name, "", [Option(label, None, url, chosen)])


def _chosen_label(query: PageQuery, name: str, text: str, labels: dict[tuple[str, str], str]) -> str:
    """Return the text of an active filter: "Red", "Price ≥ 10", "In stock"."""
    bare, _underscore, end = name.rpartition("_")
    if name not in query.index.filters:
        return f"{field_label(query.index, bare)} {'≥' if end == 'min' else '≤'} {text}"
    if isinstance(final_field(query.index.model, name), models.BooleanField):
        label = field_label(query.index, name)
        return label if text.lower() in YES else _("Not: %(label)s") % {"label": label}
    return labels.get((name, text.lower()), text)


def _range(query: PageQuery, name: str) -> RangeFilter:
    ends = (f"{name}_min", f"{name}_max")
    hidden = query.words(literal=query.literal) + query.scope_pairs() + query.personal_pairs()
    hidden += [(key, text) for key, texts in query.examples.items() for text in texts]
    hidden += [(key, text) for key, texts in query.filters.items() if key not in ends for text in texts]
    least, greatest = ("".join(query.filters.get(end, [])[:1]) for end in ends)
    return RangeFilter(name, field_label(query.index, name), least, greatest, hidden)


def _filters_of(index: Index, kind: type[models.Field[Any, Any]]) -> list[str]:
    named = [name for name in index.filters if name not in index.facets]
    return [name for name in named if isinstance(final_field(index.model, name), kind)]
