"""Facets, ranges, active filters and scopes of a results page, each with the address that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from xsearch.index.filters import field_label
from xsearch.index.registry import ALL, Index
from xsearch.search import Counts, SearchResults
from xsearch.widgets.query import YES, PageQuery

#: Numbers and dates that are shown one by one; more are chosen by their bounds only.
_FEW = 10
#: Levels of a tree that are indented.
_DEEPEST = 4


@dataclass(frozen=True)
class Option:
    """A value of a facet, with the address that chooses or removes it."""

    label: str
    count: int | str | None
    url: str
    chosen: bool
    #: In a tree: the number of ancestors, as far as it is shown.
    depth: int = 0


@dataclass(frozen=True)
class Facet:
    """The values of one filter that results can be limited to."""

    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class RangeFilter:
    """Smallest and greatest value of a number or date, such as the price, as the customer entered them."""

    name: str
    label: str
    input_type: str
    least: str
    greatest: str
    hidden: list[tuple[str, str]]
    #: The smallest and greatest value there is, if it is known.
    bounds: tuple[Any, Any] | None = None


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
    close = {label: part.counts for label, part in results.models.items() if part.is_close}
    options = [(ALL, _("All"), sum(close.values(), Counts()))]
    options += [(index.label, index.name(), close.get(index.label, Counts())) for index in query.indexes]
    return [Option(name, counts.text, query.url(scope=scope), scope == query.scope) for scope, name, counts in options]


def facet_groups(query: PageQuery, results: SearchResults) -> list[FacetGroup]:
    """Return the facets of each index that is shown."""
    groups = []
    for index in query.shown:
        own = query.within(index)
        name = index.name() if len(query.shown) > 1 else ""
        found = results.models.get(index.label, results)
        groups.append(FacetGroup(name, facets(own, found), ranges(own, found)))
    return [group for group in groups if group.facets or group.ranges]


def chosen_in_all(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the active filters of all indexes that are shown."""
    found = [chosen(query.within(index), results.models.get(index.label, results)) for index in query.shown]
    return list(dict.fromkeys(option for options in found for option in options))


def facets(query: PageQuery, results: SearchResults) -> list[Facet]:
    """Return the facets of ``results``, yes-or-no filters included."""
    index = query.index
    found = [
        Facet(name, field_label(index, name), [_option(query, name, value) for value in values])
        for name, values in results.facets.items()
        if values and (name not in results.ranges or len(values) <= _FEW)
    ]
    for name in index.filters:
        if name not in index.facets and _is_switch(index, name):
            is_on = query.chosen(name, *YES)
            url = query.url({name: [] if is_on else ["true"]})
            found.append(Facet(name, "", [Option(field_label(index, name), None, url, is_on)]))
    return found


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


def ranges(query: PageQuery, results: SearchResults) -> list[RangeFilter]:
    """Return the filters by a smallest and a greatest number or date."""
    names = set(query.index.filter_names())
    found = []
    for name in query.index.filters:
        if f"{name}_min" not in names:
            continue
        ends = (f"{name}_min", f"{name}_max")
        least, greatest = ("".join(query.filters.get(end, [])[:1]) for end in ends)
        field, hidden = query.index.field(name), query.pairs(without=ends)
        label, there = field_label(query.index, name), results.ranges.get(name)
        bounds = (there.least, there.greatest) if there else None
        found.append(RangeFilter(name, label, field.input_type, least, greatest, hidden, bounds))
    return found


def _option(query: PageQuery, name: str, value: Any) -> Option:
    chosen = query.chosen(name, value.value, value.label)
    text = str(value.label) if query.chosen(name, value.label) else str(value.value)
    depth = min(value.depth or 0, _DEEPEST)
    return Option(str(value.label), value.count, query.toggled(name, text), chosen, depth)


def _chosen_label(query: PageQuery, name: str, text: str, labels: dict[tuple[str, str], str]) -> str:
    """Return the text of an active filter: "Red", "Price ≥ 10", "In stock"."""
    bare, _underscore, end = name.rpartition("_")
    if name not in query.index.filters:
        return f"{field_label(query.index, bare)} {'≥' if end == 'min' else '≤'} {text}"
    if _is_switch(query.index, name):
        label = field_label(query.index, name)
        if name in query.index.facets:
            return _("%(field)s: %(value)s") % {"field": label, "value": query.index.field(name).chosen_label(text)}
        return label if text.lower() in YES else _("Not: %(label)s") % {"label": label}
    return labels.get((name, text.lower())) or query.index.field(name).chosen_label(text)


def _is_switch(index: Index, name: str) -> bool:
    return index.field(name).is_switch
