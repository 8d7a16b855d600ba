"""Facets and groups: the values of declared fields among the results, and the variants of one product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.filters import label_path, raw_path, value_labels
from xsearch.index.registry import Index
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.results import FacetValue


@dataclass(frozen=True)
class GroupsAndFacets:
    """The group of each object, and of each facet the (group, raw value, readable value) that occur."""

    groups: Mapping[Any, Any]
    values: Mapping[str, set[tuple[Any, Any, Any]]]


def facet_names(index: Index, names: Sequence[str] | None) -> list[str]:
    """Return the facets to count (empty: all declared ones; None: none); raises ``BadQuery`` for unknown ones."""
    if names is None:
        return []
    unknown = sorted(set(names) - set(index.facets))
    if unknown:
        raise BadQuery(f"Unknown facets: {', '.join(unknown)}. Declared: {', '.join(index.facets) or 'none'}.")
    return list(names or index.facets)


def read_groups_and_facets(context: SearchContext, keys: Sequence[Any], names: Sequence[str]) -> GroupsAndFacets:
    """Read the group and the facets ``names`` of the objects ``keys``, in one statement."""
    index = context.index
    paths = {name: (raw_path(index, name), label_path(index, name)) for name in names}
    columns = [index.group_by or "pk", *(path for pair in paths.values() for path in pair)]
    if not keys or columns == ["pk"]:
        return GroupsAndFacets({key: key for key in keys}, {name: set() for name in names})
    objects = index.model._base_manager.using(context.using).filter(IsAnyOf("pk", keys))
    groups: dict[Any, Any] = {}
    values: dict[str, set[tuple[Any, Any, Any]]] = {name: set() for name in names}
    for key, group, *found in objects.order_by().values_list("pk", *columns):
        groups[key] = key if group in (None, "") else ("group", group)
        for place, name in enumerate(names):
            values[name].add((groups[key], found[2 * place], found[2 * place + 1]))
    return GroupsAndFacets(groups, values)


def count_values(index: Index, name: str, found: GroupsAndFacets) -> list[FacetValue]:
    """Return the most frequent values of a facet; variants of one product count once."""
    there = {entry for entry in found.values[name] if entry[2] not in (None, "")}
    counts = Counter((raw, readable) for _, raw, readable in there)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0][1])))[: settings.FACET_SIZE]
    labels = value_labels(index, name, dict(pair for pair, _ in ordered))
    return [FacetValue(readable, labels[raw], count) for (raw, readable), count in ordered]
