"""Declared filters: parameters of a request become conditions on a queryset.

django-filter does not replace this module: a ``FilterSet`` returns a queryset, but exclusions and soft preferences need
a ``Q``, and it repeats the rows of a to-many relation (``tests/index/test_django_filter.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.text import capfirst

from xsearch.errors import BadQuery
from xsearch.index.declaration import Declaration
from xsearch.index.fields import FilterField
from xsearch.index.kinds import filter_field

_MAX_VALUES = 100  # of one filter
#: Parameters of the API and the pages, which no filter can be called like.
# fmt: off
PARAMETERS = frozenset([
    "again", "audio", "crop", "csrfmiddlewaretoken", "drop", "event", "exact", "explain", "format", "heard", "id",
    "image", "lang", "like", "limit", "literal", "model", "object_id", "page", "page_size", "personal", "position",
    "q", "query_id", "soft", "sort", "spoken", "strict", "understand", "unlike", "weights",
])
# fmt: on


def condition(index: Declaration, name: str, value: Any) -> models.Q:
    """Return the condition that an object has ``value`` of a declared filter, or one of a list of values."""
    return conditions(index, {name: as_list(value)})[0]


def conditions(index: Declaration, params: Mapping[str, Sequence[Any]]) -> list[models.Q]:
    """Return the conditions of parameters, all of which an object must meet.

    Those that follow the same relation to several rows are one: the same row must meet all of them.
    """
    by_relation = row_conditions(index, params)
    plain = by_relation.pop("", None)
    # A join finds several rows of one object: find it once.
    found = [models.Q(pk__in=index.model._base_manager.filter(each).values("pk")) for each in by_relation.values()]
    return found if plain is None else [plain, *found]


def row_conditions(index: Declaration, params: Mapping[str, Sequence[Any]]) -> dict[str, models.Q]:
    """Return the conditions of parameters by the relation to several rows that they follow; "" for none."""
    found: dict[str, models.Q] = defaultdict(models.Q)
    bounds: dict[FilterField, dict[str, Any]] = defaultdict(dict)
    for name, values in params.items():
        if len(values) > _MAX_VALUES:
            raise BadQuery(f"{name}: at most {_MAX_VALUES} values, not {len(values)}.", code="bad_filter")
        field, bound = field_and_bound(index, name)
        if bound:
            bounds[field][bound] = values[-1]
        else:
            found[field.many] &= field.condition(values)
    for field, given in bounds.items():
        found[field.many] &= field.within(given)
    return found


def field_and_bound(index: Declaration, name: str) -> tuple[FilterField, str]:
    """Return the filter that a parameter limits, and which bound it is: "min", "max" or ""."""
    if name in index.filters:
        return filter_field(index, name), ""
    bare, _underscore, bound = name.rpartition("_")
    return filter_field(index, bare), bound


def field_label(index: Declaration, name: str) -> str:
    """Return the label of a filter for customers."""
    try:
        return filter_field(index, name).label
    except BadQuery:
        return capfirst(name.replace("_", " "))


def as_list(value: Any) -> list[Any]:
    """Return the values of a parameter that are not empty."""
    if isinstance(value, list | tuple):
        return [item for item in value if item not in ("", None)]
    return [] if value in ("", None) else [value]
