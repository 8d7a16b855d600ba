"""Related rows that results show, loaded with them: a statement for each hit would be one too many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch.index.declaration import Declaration
from xsearch.index.paths import relations, values
from xsearch.index.registry import Index


def with_relations(index: Index, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Select the rows that declared paths lead to with the objects, unless the caller chose what to select."""
    fields, is_deferred = queryset.query.deferred_loading
    if queryset.query.distinct or queryset.query.select_related is True or not is_deferred:
        return queryset
    names = [name for name in _single_relations(index) if name.partition(LOOKUP_SEP)[0] not in fields]
    return queryset.select_related(*names) if names else queryset


def prefetch_photos(index: Index, objects: Sequence[models.Model]) -> None:
    """Load the rows of photos of those objects that have no photo on an earlier path: what ``image_url`` looks at."""
    if type(index).image_url is not Declaration.image_url:
        return
    without = list(objects)
    for path in index.image_paths():
        steps = relations(index.model, path)
        many = next((step for step in steps if step.is_many), None)
        if many and without:
            models.prefetch_related_objects(without, many.attribute)
        without = [obj for obj in without if not any(values(obj, path))]


def _single_relations(index: Index) -> list[str]:
    """Return the relations to one row each that declared texts, photos, filters and facets begin with."""
    names = [name for name in [*index.filters, *index.facets] if name not in index.prepared]
    paths: Iterable[str] = [*index.paths(), *(index.field(name).column_path for name in names)]
    steps = [takewhile(lambda step: not step.is_many, relations(index.model, path)) for path in paths]
    return list(dict.fromkeys(step.lookup for found in steps for step in found))
