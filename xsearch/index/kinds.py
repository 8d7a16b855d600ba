"""The kinds of declared filters, and which of them a declared name is."""

from __future__ import annotations

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch.errors import BadQuery
from xsearch.index.declaration import Declaration
from xsearch.index.fields import AnyField, BooleanFilter, DateFilter, ExactFilter, FilterField, NumberFilter, TextFilter
from xsearch.index.lists import ArrayFilter, JsonFilter
from xsearch.index.prepared_filters import prepared_filter
from xsearch.index.related import RelatedFilter
from xsearch.index.translations import TranslatedFilter

#: A declared name is of the first kind that takes the field at the end of its path.
KINDS: list[type[FilterField]] = [
    NumberFilter, BooleanFilter, DateFilter, TranslatedFilter, TextFilter, ExactFilter, ArrayFilter, JsonFilter,
    RelatedFilter,
]  # fmt: skip
#: The code of the error for a field of no kind.
UNSUPPORTED = "unsupported_filter"


def filter_field(index: Declaration, name: str) -> FilterField:
    """Return the filter or facet ``name`` of an index, resolved once; raises ``BadQuery`` if it cannot be one."""
    if name not in index.resolved:
        resolve = prepared_filter if name in index.prepared else _resolve
        index.resolved[name] = resolve(index, name)
    return index.resolved[name]


def final_field(model: type[models.Model], path: str) -> AnyField:
    """Return the model field that ``path`` ends at, or the JSON field whose keys it names."""
    field: AnyField = None
    for name in path.split(LOOKUP_SEP):
        if isinstance(field, models.JSONField):
            break
        if field is not None and not isinstance(field.related_model, type):
            raise BadQuery(f"{path!r}: {field.name!r} is no relation; end the path there.", code="bad_filter")
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise BadQuery(f"{path!r} is not a field of {model._meta.label}.", code="bad_filter") from error
        model = field.related_model or model
    return field


def _resolve(index: Declaration, name: str) -> FilterField:
    path = index.aliases.get(name, name)
    field = final_field(index.model, path)
    for kind in KINDS:
        if kind.takes(field):
            return kind(index, name, path, field)
    raise BadQuery(
        f"{name!r} of {index.label} is a {type(field).__name__}, whose values are not compared.", code=UNSUPPORTED
    )
