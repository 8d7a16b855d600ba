"""Facets of a ranking: the values of the objects, counted, and the range of numbers and dates."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, Coalesce

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.fields import FilterField
from xsearch.index.kinds import final_field
from xsearch.index.prepared_filters import PreparedFilter
from xsearch.index.registry import Index
from xsearch.index.translations import plain
from xsearch.index.trees import Place, up
from xsearch.models import IndexRecord
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.results import Bucket, FacetRange, FacetValue
from xsearch.search.scope import SearchScope

_BUCKETS = 20


@dataclass(frozen=True)
class GroupsAndFacets:
    """The group of each object, and of each facet the (group, value) that occur."""

    groups: Mapping[Any, Any]
    values: Mapping[str, set[tuple[Any, Any]]]


def facet_names(index: Index, names: Sequence[str] | None) -> list[str]:
    """Return the facets to count (empty: all declared ones; None: none); raises ``BadQuery`` for unknown ones."""
    if names is None:
        return []
    unknown = sorted(set(names) - set(index.facets))
    if unknown:
        raise BadQuery(f"Unknown facets: {', '.join(unknown)}. Declared: {', '.join(index.facets) or 'none'}.")
    return list(names or index.facets)


def group_of(index: Index) -> Any:
    """Return the expression of an object's group; of an object without a parent, the group of its own children."""
    own = _key_of_parents(index)
    return Coalesce(F(str(index.group_by)), F(own)) if own else F(index.group_by or "pk")


def members_of(index: Index, groups: Sequence[Any]) -> Q:
    """Return the condition that an object is in one of ``groups``."""
    own = _key_of_parents(index)
    members = Q(**{f"{index.group_by}__in": groups})
    return members | Q(**{f"{own}__in": groups}) if own else members


def _key_of_parents(index: Index) -> str | None:
    """Return the field that children name their parent by, if objects are grouped by a parent of the same model."""
    if not index.group_by or LOOKUP_SEP in index.group_by:
        return None
    field: Any = final_field(index.model, index.group_by)
    is_own = bool(field.related_model) and issubclass(index.model, field.related_model)
    return str(field.target_field.name) if is_own else None


def read_groups_and_facets(
    context: SearchContext, scope: SearchScope, keys: Sequence[Any], names: Sequence[str]
) -> GroupsAndFacets:
    """Read the group and the facets ``names`` of the objects ``keys``.

    One statement reads all facets of one value; each facet of several values has its own, for a join of all would
    multiply their rows.
    """
    index = context.index
    values: dict[str, set[tuple[Any, Any]]] = {name: set() for name in names}
    if not keys or not (names or index.group_by):
        return GroupsAndFacets({key: key for key in keys}, values)
    objects = plain(index.model._base_manager.using(context.using).filter(IsAnyOf("pk", keys)).order_by())
    single = [name for name in names if not index.field(name).is_multiple]
    groups: dict[Any, Any] = {key: key for key in keys}
    if single or index.group_by:
        columns = [group_of(index), *(index.field(name).expression() for name in single)]
        for key, group, *found in objects.values_list("pk", *columns):
            groups[key] = key if group in (None, "") else ("group", group)
            for name, value in zip(single, found, strict=True):
                values[name].add((groups[key], value))
    for name in names:
        if name not in single:
            rows = _values_of(context, scope, index.field(name), keys)
            values[name].update((groups[key], value) for key, value in rows)
    return GroupsAndFacets(groups, values)


def _values_of(
    context: SearchContext, scope: SearchScope, field: FilterField, keys: Sequence[Any]
) -> Iterable[tuple[Any, Any]]:
    """Return the values of a field of objects that may have several: (key, value)."""
    if not isinstance(field, PreparedFilter):
        objects = context.index.model._base_manager.using(context.using).filter(IsAnyOf("pk", keys)).order_by()
        return objects.filter(scope.rows_of(field.name)).values_list("pk", field.expression())
    by_id = {str(key): key for key in keys}
    records = IndexRecord.objects.using(context.using).filter(content_type=context.index.content_type)
    kept = Cast(KeyTransform(field.name, "values"), models.TextField())
    rows = records.filter(IsAnyOf("object_id", list(by_id))).values_list("object_id", kept)
    read = cache(lambda text: field.from_json(json.loads(text)))  # many objects have the same values
    return [(by_id[object_id], value) for object_id, text in rows if text for value in read(text)]


@dataclass(frozen=True)
class CountedFacet:
    """The most frequent values of a facet, and the range of all values where these are numbers or dates."""

    values: list[FacetValue]
    range: FacetRange | None = None


def count_facet(index: Index, name: str, found: GroupsAndFacets) -> CountedFacet:
    """Count the values of a facet; variants of one product count once."""
    field = index.field(name)
    there = [(group, value) for group, value in found.values[name] if value not in (None, "")]
    counts = Counter(value for _group, value in there)
    if places := field.places(counts):
        return CountedFacet(_tree(field, there, places))
    chosen = sorted(counts, key=lambda value: (-counts[value], str(value)))[: settings.FACET_SIZE]
    labels = field.labels(chosen)
    values = [FacetValue(value, labels[value], counts[value]) for value in chosen if value in labels]
    ordered = sorted(values, key=lambda value: (-value.count, value.label))
    return CountedFacet(ordered, _range(there) if field.has_range and there else None)


def _tree(field: FilterField, there: Sequence[tuple[Any, Any]], places: Mapping[Any, Place]) -> list[FacetValue]:
    """Return the most frequent values and ancestors, each parent before its children; it counts all of theirs."""
    groups: dict[Any, set[Any]] = defaultdict(set)
    for group, value in there:
        for each in up(places, value):
            groups[each].add(group)
    chosen = sorted(groups, key=lambda key: (-len(groups[key]), places[key].depth, str(key)))[: settings.FACET_SIZE]
    labels = field.labels(chosen, places)
    children: dict[Any, list[FacetValue]] = defaultdict(list)
    for key in (key for key in chosen if key in labels):
        parent, depth = places[key]
        children[parent].append(FacetValue(key, labels[key], len(groups[key]), parent, depth))
    return list(_depth_first(children, None))


def _depth_first(children: Mapping[Any, list[FacetValue]], parent: Any) -> Iterator[FacetValue]:
    for value in sorted(children.get(parent, ()), key=lambda value: (-value.count, value.label)):
        yield value
        yield from _depth_first(children, value.value)


def _range(there: Sequence[tuple[Any, Any]]) -> FacetRange:
    """Return the smallest and greatest value, and how many groups have values in each part between them."""
    values = [value for _group, value in there]
    least, greatest = min(values), max(values)
    if isinstance(least, date):
        width: Any = timedelta(days=math.ceil(((greatest - least).days + 1) / _BUCKETS))
    else:
        width = (greatest - least) / _BUCKETS
    groups: dict[int, set[Any]] = defaultdict(set)
    for group, value in there:
        groups[min(int((value - least) / width), _BUCKETS - 1) if width else 0].add(group)
    starts = [least + width * place for place in range(max(groups) + 1)]
    ends = [*starts[1:], greatest]
    buckets = [Bucket(*part, len(groups[place])) for place, part in enumerate(zip(starts, ends, strict=True))]
    return FacetRange(least, greatest, buckets)
