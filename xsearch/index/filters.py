"""Declared filters: parameters of a request become conditions on a queryset, and values of facets become labels.

django-filter does not replace this module: a ``FilterSet`` returns a queryset, but exclusions and soft preferences need
a ``Q``, and it repeats the rows of a to-many relation (``tests/index/test_django_filter.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index.declaration import Declaration
from xsearch.index.paths import relations

NUMBERS = (models.IntegerField, models.FloatField, models.DecimalField)
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
#: A decimal comma, as in "12,50"; not "1,000".
_DECIMAL_COMMA = re.compile(r"^(-?\d+),(\d{1,2})$")
_LABEL_FIELDS = ("name", "title", "label", "slug")


def has_one_value(index: Declaration, name: str) -> bool:
    """Return True if an object has at most one value of a declared filter, and no related rows with more."""
    steps = relations(index.model, _bound_of(index, name)[0])
    return not any(step.field.one_to_many or step.field.many_to_many for step in steps)


def condition(index: Declaration, name: str, value: Any) -> models.Q:
    """Return the condition that an object has ``value`` of a declared filter, or one of a list of values."""
    found = _condition(index, name, as_list(value))
    if has_one_value(index, name):
        return found
    # A join finds several rows of one object: find it once.
    return models.Q(pk__in=index.model._base_manager.filter(found).values("pk"))


def field_label(index: Declaration, name: str) -> str:
    """Return the label of a filter for customers."""
    try:
        field = final_field(index.model, name)
    except BadQuery:
        return capfirst(name.replace("_", " "))
    return capfirst(str(getattr(field, "verbose_name", name)))


def final_field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    """Return the model field that ``path`` ends at."""
    field: Any = None
    for name in path.split(LOOKUP_SEP):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise BadQuery(f"{path!r} is not a field of {model._meta.label}.", code="bad_filter") from error
        model = field.related_model or model
    return field  # type: ignore[no-any-return]


def label_path(index: Declaration, name: str) -> str:
    """Return the lookup of a filter's readable value: "category" → "category__name"."""
    field = final_field(index.model, name)
    if not field.related_model:
        return name
    related: Any = field.related_model
    fields = {f.name for f in related._meta.get_fields()}
    chosen = next((label for label in _LABEL_FIELDS if label in fields), related._meta.pk.name)
    return f"{name}{LOOKUP_SEP}{chosen}"


def raw_path(index: Declaration, name: str) -> str:
    """Return the lookup of a filter's raw value: "category" → "category__pk"."""
    return f"{name}{LOOKUP_SEP}pk" if label_path(index, name) != name else name


def value_labels(index: Declaration, name: str, readable: Mapping[Any, Any]) -> dict[Any, str]:
    """Return the labels of a filter's values, {raw: readable}, in the language of the page."""
    field = final_field(index.model, name)
    related: Any = field.related_model
    if related:
        own = {obj.pk: str(obj) for obj in related._base_manager.filter(pk__in=list(readable))}
    else:
        own = {value: str(label) for value, label in field.flatchoices or ()}
    return {raw: own.get(raw) or index.facet_label(name, value) for raw, value in readable.items()}


def _condition(index: Declaration, name: str, values: Sequence[Any]) -> models.Q:
    bare, bound = _bound_of(index, name)
    field = final_field(index.model, bare)
    if bound:
        return models.Q(**{f"{bare}__{bound}": _number(name, values[-1])})
    if isinstance(field, NUMBERS):
        return models.Q(**{f"{bare}__in": [_number(name, value) for value in values]})
    if isinstance(field, models.BooleanField):
        return models.Q(**{f"{bare}__in": [_boolean(name, value) for value in values]})
    return reduce(or_, [_has_value(index, bare, field, _text(bare, value)) for value in values], models.Q())


def _bound_of(index: Declaration, name: str) -> tuple[str, str]:
    if name in index.filters:
        return name, ""
    bare, _, bound = name.rpartition("_")
    return bare, {"min": "gte", "max": "lte"}[bound]


def _has_value(index: Declaration, name: str, field: models.Field[Any, Any], text: str) -> models.Q:
    if field.related_model:
        found = models.Q(**{f"{label_path(index, name)}__iexact": text})
        is_key = text.isascii() and text.isdigit() and len(text) < 18
        return found | models.Q(**{f"{name}__pk": int(text)}) if is_key else found
    if isinstance(field, models.CharField | models.TextField):
        return models.Q(**{f"{name}__iexact": text})
    try:
        return models.Q(**{name: field.to_python(text)})
    except ValidationError as error:
        raise BadQuery(f"{name}: {' '.join(error.messages)}", code="bad_filter") from error


def as_list(value: Any) -> list[Any]:
    """Return the values of a parameter that are not empty."""
    if isinstance(value, list | tuple):
        return [item for item in value if item not in ("", None)]
    return [] if value in ("", None) else [value]


def _text(name: str, value: Any) -> str:
    text = str(value)
    if "\x00" in text or len(text) > 300:
        raise BadQuery(f"{name}: a value has at most 300 characters and no NUL.", code="bad_filter")
    return text


def _number(name: str, value: Any) -> Decimal:
    text = str(value).strip()
    try:
        number = Decimal(_DECIMAL_COMMA.sub(r"\1.\2", text))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**15:
        given = {"name": name, "value": repr(str(value)[:40])}
        raise BadQuery(_("%(name)s must be a number, not %(value)s.") % given, code="bad_filter")
    return number


def _boolean(name: str, value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise BadQuery(f"{name} must be true or false, not {str(value)[:40]!r}.", code="bad_filter")
