"""Facets of a ranking: the values of the objects, counted, and the range of numbers and dates."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import models
from django.db.models import Count, F, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, Coalesce

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.fields import FilterField
from xsearch.index.kinds import final_field
from xsearch.index.prepared_filters import PreparedFilter
from xsearch.index.registry import Index
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
    objects = context.objects(keys)
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
        return context.objects(keys).filter(scope.rows_of(field.name)).values_list("pk", field.expression())
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
    groups: dict[Any, set[Any]] = defaultdict(set)
    for group, value in found.values[name]:
        groups[value].add(group)
    return _counted(index.field(name), groups)


def count_in_database(context: SearchContext, scope: SearchScope, name: str) -> CountedFacet | None:
    """Count a facet of all objects of the scope, without its own filter, in one statement.

    None where one group or several rows of an object may have a value, or several values are in a range: their numbers
    cannot be added up.
    """
    index, field = context.index, context.index.field(name)
    if index.group_by or field.many or (field.is_multiple and field.has_range):
        return None
    objects = scope.objects(without=name)
    if isinstance(field, PreparedFilter):
        keys = objects.values_list(Cast("pk", models.TextField()))
        records = IndexRecord.objects.using(context.using).filter(content_type=index.content_type, object_id__in=keys)
        rows = records.values_list(field.elements()).annotate(Count("pk"))
        return _counted(field, {value: count for kept, count in rows for value in field.from_json([kept])})
    values = objects.annotate(xs_value=field.expression()).values_list("xs_value")
    return _counted(field, dict(values.annotate(Count("pk", distinct=True))))


def _counted(field: FilterField, members: Mapping[Any, set[Any] | int]) -> CountedFacet:
    there = {value: found for value, found in members.items() if value not in (None, "") and _is_finite(value)}
    if places := field.places(there):
        return CountedFacet(_tree(field, there, places))
    chosen = sorted(there, key=lambda value: (-_size([there[value]]), str(value)))[: settings.FACET_SIZE]
    labels = field.labels(chosen)
    values = [FacetValue(value, labels[value], _size([there[value]])) for value in chosen if value in labels]
    ordered = sorted(values, key=lambda value: (-value.count, value.label))
    return CountedFacet(ordered, _range(there) if field.has_range and there else None)


def _is_finite(value: Any) -> bool:
    """Return False for what neither a range nor JSON can hold."""
    return not isinstance(value, float | Decimal) or math.isfinite(value)


def _size(members: Sequence[set[Any] | int]) -> int:
    """Return the number of groups that have any of several values."""
    numbers = [each for each in members if isinstance(each, int)]
    return sum(numbers) if numbers else len(set().union(*(each for each in members if not isinstance(each, int))))


def _tree(field: FilterField, members: Mapping[Any, set[Any] | int], places: Mapping[Any, Place]) -> list[FacetValue]:
    """Return the most frequent values and ancestors, each parent before its children; it counts all of theirs."""
    below: dict[Any, list[set[Any] | int]] = defaultdict(list)
    for value, found in members.items():
        for each in up(places, value):
            below[each].append(found)
    sizes = {key: _size(found) for key, found in below.items()}
    chosen = sorted(sizes, key=lambda key: (-sizes[key], places[key].depth, str(key)))[: settings.FACET_SIZE]
    labels = field.labels(chosen, places)
    children: dict[Any, list[FacetValue]] = defaultdict(list)
    for key in (key for key in chosen if key in labels):
        parent, depth = places[key]
        if key in up(places, parent):  # rows that name each other as parents have no root above them
            parent, depth = None, 0
        children[parent].append(FacetValue(key, labels[key], sizes[key], parent, depth))
    return list(_depth_first(children, None))


def _depth_first(children: Mapping[Any, list[FacetValue]], parent: Any) -> Iterator[FacetValue]:
    for value in sorted(children.get(parent, ()), key=lambda value: (-value.count, value.label)):
        yield value
        yield from _depth_first(children, value.value)


def _range(members: Mapping[Any, set[Any] | int]) -> FacetRange:
    """Return the smallest and greatest value, and how many groups have values in each part between them."""
    least, greatest = min(members), max(members)
    if isinstance(least, date):
        width: Any = timedelta(days=math.ceil(((greatest - least).days + 1) / _BUCKETS))
    else:
        width = (greatest - least) / _BUCKETS
    parts: dict[int, list[set[Any] | int]] = defaultdict(list)
    for value, found in members.items():
        parts[min(int((value - least) / width), _BUCKETS - 1) if width else 0].append(found)
    starts = [least + width * place for place in range(max(parts) + 1)]
    ends = [*starts[1:], greatest]
    buckets = [Bucket(*part, _size(parts[place])) for place, part in enumerate(zip(starts, ends, strict=True))]
    return FacetRange(least, greatest, buckets)
