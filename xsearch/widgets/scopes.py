"""What a results page over several models shows beside the results: which of them, and the filters of each."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from xsearch.index.registry import ALL
from xsearch.search import Counts, SearchResults
from xsearch.widgets.facets import Facet, Option, Range, chosen, facets, ranges
from xsearch.widgets.query import PageQuery


@dataclass(frozen=True)
class FacetGroup:
    """The facets and ranges of one index; its name, where others are shown too."""

    name: str
    facets: list[Facet]
    ranges: list[Range]


def scopes(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the scopes of a page for several indexes, each with the hits it has; of a page for one, none.

    Where nothing is close, there are none to be counted.
    """
    if len(query.indexes) < 2:
        return []
    names = {ALL: _("All")} | {index.label: index.name() for index in query.indexes}
    return [
        Option(name, _total(results, scope), query.url(scope=scope), scope == query.scope)
        for scope, name in names.items()
    ]


def _total(results: SearchResults, scope: str) -> str:
    """Return how many hits there are that are close, in one of the models or in all."""
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
    """Return the filters in force in any of the indexes that are shown."""
    found = [chosen(query.within(index), results.models.get(index.label, results)) for index in query.shown]
    return list(dict.fromkeys(option for options in found for option in options))
