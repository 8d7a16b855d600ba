"""How many results there are of each value of the declared fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Count

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.filters import final_field, label_path
from xsearch.registry import Index
from xsearch.search.results import FacetValue


def count_facets(
    index: Index, queryset: models.QuerySet[Any], keys: Sequence[Any], names: Sequence[str] | None
) -> dict[str, list[FacetValue]]:
    """Count the values of ``names`` (empty: the declared facets; None: none) among the objects ``keys``."""
    if names is None:
        return {}
    unknown = sorted(set(names) - set(index.facets))
    if unknown:
        raise BadQuery(f"Unknown facets: {', '.join(unknown)}. Declared: {', '.join(index.facets) or 'none'}.")
    objects = index.model._base_manager.using(queryset.db).filter(pk__in=keys)
    return {name: _count(index, objects, name) for name in names or index.facets}


def _count(index: Index, objects: models.QuerySet[Any], name: str) -> list[FacetValue]:
    path = label_path(index, name)
    key = f"{name}__pk" if path != name else name
    counted = objects.order_by().values(key, path) if key != path else objects.order_by().values(path)
    rows = list(counted.annotate(xsearch_count=Count("pk", distinct=True)).order_by("-xsearch_count", path))
    rows = [row for row in rows if row[path] not in (None, "")][: settings.FACET_SIZE]
    labels = _labels(index, name, [row[key] for row in rows])
    return [
        FacetValue(value := row[path], labels.get(row[key]) or index.facet_label(name, value), row["xsearch_count"])
        for row in rows
    ]


def _labels(index: Index, name: str, keys: Sequence[Any]) -> dict[Any, str]:
    """Return what the related objects call themselves in the language of the page."""
    field = final_field(index.model, name)
    related: Any = field.related_model
    if related:
        return {obj.pk: str(obj) for obj in related._base_manager.filter(pk__in=keys)}
    return {value: str(label) for value, label in (field.flatchoices or ())}
