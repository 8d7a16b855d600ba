"""Kinds of declared filters: how each reads values of a request, limits querysets, and names values for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index import paths

if TYPE_CHECKING:
    from xsearch.index.declaration import Declaration

AnyField = Any  # a field or a relation of a model, forward or reverse
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
#: A decimal comma, as in "12,50"; not "1,000".
_DECIMAL_COMMA = re.compile(r"^(-?\d+),(\d{1,2})$")
_LABEL_FIELDS = ("name", "title", "label", "slug")
_BIGGEST_KEY = 2**63
_BOUNDS = {"min": "gte", "max": "lte"}


class FilterField:
    """A declared filter: its ``name`` in requests, the ``path`` of its values, and the model ``field`` at its end."""

    #: True if ``<name>_min`` and ``<name>_max`` limit it too.
    has_range: ClassVar[bool] = False
    #: True for yes or no.
    is_switch: ClassVar[bool] = False

    def __init__(self, index: Declaration, name: str, path: str, field: AnyField) -> None:
        self.index = index
        self.name = name
        self.path = path
        self.field = field

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True if this kind is for a model field."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """The name of the filter for customers."""
        return capfirst(str(getattr(self.field, "verbose_name", self.name)).replace("_", " "))

    # Values in the database

    @cached_property
    def many(self) -> str:
        """The first relation of the path that leads to several rows; "" if an object has one row at most."""
        steps = paths.relations(self.index.model, self.path)
        return next((step.lookup for step in steps if step.field.one_to_many or step.field.many_to_many), "")

    @property
    def is_multiple(self) -> bool:
        """True if an object may have several values."""
        return bool(self.many)

    def expression(self, prefix: str = "") -> Any:
        """Return the value of a row, repeated for several values; ``prefix`` leads from the row to the object."""
        return models.F(f"{prefix}{self.path}")

    def first(self) -> Any:
        """Return the value of an object, the smallest of several."""
        if not self.is_multiple:
            return self.expression()
        rows = self.index.model._base_manager.filter(pk=models.OuterRef("pk")).annotate(xs_value=self.expression())
        return models.Subquery(rows.order_by(models.F("xs_value").asc(nulls_last=True)).values("xs_value")[:1])

    def read(self, obj: models.Model) -> Iterator[Any]:
        """Yield the values of an object that is loaded."""
        return paths.values(obj, self.path)

    # Conditions

    def parse(self, value: Any, parameter: str = "") -> Any:
        """Return a value of a request as it is compared; raises ``BadQuery`` about the ``parameter``."""
        raise NotImplementedError

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``, as a request has them."""
        return models.Q(**{f"{self.path}__in": [self.parse(value) for value in values]})

    def bound(self, bound: str, value: Any) -> models.Q:
        """Return the condition that the value of a row is at least ("min") or at most ("max") ``value``."""
        return models.Q(**{f"{self.path}__{_BOUNDS[bound]}": self.parse(value, f"{self.name}_{bound}")})

    def known(self) -> models.Q:
        """Return the condition that a row has a value."""
        return models.Q(**{f"{self.path}__isnull": False})

    # Values for people

    def labels(self, values: Iterable[Any]) -> dict[Any, str]:
        """Return the label of each value in the language of the page."""
        return {value: self.index.facet_label(self.name, self.readable(value)) for value in values}

    def chosen_label(self, text: str) -> str:
        """Return the label of a value as a request has it."""
        try:
            value = self.parse(text)
        except BadQuery:
            return text
        return self.labels([value]).get(value, text)

    def readable(self, value: Any) -> str:
        """Return the label of one value, before the shop's own hook."""
        choices = {key: str(label) for key, label in getattr(self.field, "flatchoices", None) or ()}
        return choices.get(value, str(value))

    def _refuse(self, problem: str) -> BadQuery:
        return BadQuery(f"{self.name}: {problem}", code="bad_filter")

    def _text(self, value: Any) -> str:
        text = str(value)
        if "\x00" in text or len(text) > 300:
            raise self._refuse("a value has at most 300 characters and no NUL.")
        return text


class NumberFilter(FilterField):
    """A number; ``<name>_min`` and ``<name>_max`` are its bounds."""

    has_range = True

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for numbers of any kind."""
        return isinstance(field, models.IntegerField | models.FloatField | models.DecimalField)

    def parse(self, value: Any, parameter: str = "") -> Decimal:
        """Return a number; a decimal comma is one."""
        text = str(value).strip()
        try:
            number = Decimal(_DECIMAL_COMMA.sub(r"\1.\2", text))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > 10**15:
            given = {"name": parameter or self.name, "value": repr(str(value)[:40])}
            raise BadQuery(_("%(name)s must be a number, not %(value)s.") % given, code="bad_filter")
        return number


class BooleanFilter(FilterField):
    """Yes or no."""

    is_switch = True

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for booleans."""
        return isinstance(field, models.BooleanField)

    def parse(self, value: Any, parameter: str = "") -> bool:  # noqa: ARG002
        """Return what a form or JSON means."""
        text = str(value).strip().lower()
        if text in _TRUE | _FALSE:
            return text in _TRUE
        raise BadQuery(f"{self.name} must be true or false, not {str(value)[:40]!r}.", code="bad_filter")


class TextFilter(FilterField):
    """A short text or a choice, in any case."""

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for texts."""
        return isinstance(field, models.CharField | models.TextField)

    def parse(self, value: Any, parameter: str = "") -> str:  # noqa: ARG002
        """Return the text."""
        return self._text(value)

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``, in any case."""
        return reduce(or_, [models.Q(**{f"{self.path}__iexact": self.parse(value)}) for value in values], models.Q())

    def known(self) -> models.Q:
        """Return the condition that a row has a text."""
        return models.Q(**{f"{self.path}__gt": ""})


class ExactFilter(FilterField):
    """A value of another type that its model field can read from a text, such as a UUID."""

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for fields with a value."""
        return field.related_model is None

    def parse(self, value: Any, parameter: str = "") -> Any:  # noqa: ARG002
        """Return the value as the model field reads it."""
        try:
            return self.field.to_python(self._text(value))
        except ValidationError as error:
            raise self._refuse(" ".join(error.messages)) from error


class RowName(str):
    """A value of a filter that is the name of related rows, though it may look like a key: "7" as words say it."""

    __slots__ = ()


class RelatedFilter(FilterField):
    """A related row: its key is the value, its name the label."""

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for relations, forward or reverse."""
        return isinstance(field.related_model, type)

    @property
    def related(self) -> type[models.Model]:
        """The model of the related rows."""
        related: type[models.Model] = self.field.related_model
        return related

    @cached_property
    def name_field(self) -> str:
        """The field of a related row that has its name."""
        fields = {field.name for field in self.related._meta.get_fields()}
        return next((name for name in _LABEL_FIELDS if name in fields), str(self.related._meta.pk.name))

    def expression(self, prefix: str = "") -> Any:
        """Return the key of the related row."""
        return models.F(f"{prefix}{self.path}{LOOKUP_SEP}pk")

    def parse(self, value: Any, parameter: str = "") -> str:  # noqa: ARG002
        """Return the text."""
        return self._text(value)

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a related row is one of ``values``."""
        return models.Q(**{f"{self.path}{LOOKUP_SEP}pk__in": self.rows(values).values("pk")})

    def rows(self, values: Sequence[Any]) -> models.QuerySet[Any]:
        """Return the related rows that have one of ``values`` as their key; else those that have it as their name."""
        rows = self.related._base_manager.order_by()
        return rows.filter(reduce(or_, [self._is(value) for value in values], models.Q()))

    def labels(self, values: Iterable[Any]) -> dict[Any, str]:
        """Return the labels of keys: the related objects as texts."""
        rows = self.related._base_manager.filter(pk__in=list(values))
        return {row.pk: self.index.facet_label(self.name, str(row)) for row in rows}

    def chosen_label(self, text: str) -> str:
        """Return the name of the row that a value of a request names by its key."""
        row = self.rows([text]).first()
        return self.index.facet_label(self.name, str(row)) if row else text

    def _is(self, value: Any) -> models.Q:
        text = self.parse(value)
        named = models.Q(**{f"{self.name_field}__iexact": text})
        keys = {} if isinstance(value, RowName) else self._keys(text)
        if not keys:
            return named
        has_key = reduce(or_, (models.Q(**{name: key}) for name, key in keys.items()))
        return has_key | (named & ~models.Q(models.Exists(self.related._base_manager.filter(has_key))))

    def _keys(self, text: str) -> dict[str, Any]:
        """Return the keys that a text may be: the primary key, and the field that a foreign key refers to."""
        related = self.related._meta
        fields = {related.pk, getattr(self.field, "target_field", related.pk)}
        found = {}
        for field in fields:
            with suppress(ValidationError, ValueError, TypeError, ArithmeticError):
                found[field.name] = field.to_python(text)
        return {name: key for name, key in found.items() if not isinstance(key, int) or abs(key) < _BIGGEST_KEY}


#: The kinds of filters; a field is of the first that takes it.
KINDS: list[type[FilterField]] = [NumberFilter, BooleanFilter, TextFilter, RelatedFilter, ExactFilter]


def final_field(model: type[models.Model], path: str) -> AnyField:
    """Return the model field that ``path`` ends at."""
    field: AnyField = None
    for name in path.split(LOOKUP_SEP):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise BadQuery(f"{path!r} is not a field of {model._meta.label}.", code="bad_filter") from error
        model = field.related_model or model
    return field


def filter_field(index: Declaration, name: str) -> FilterField:
    """Return the filter or facet ``name`` of an index, resolved once; raises ``BadQuery`` if it leads nowhere."""
    found: FilterField | None = index.resolved.get(name)
    if found is None:
        found = index.resolved[name] = _resolve(index, name)
    return found


def _resolve(index: Declaration, name: str) -> FilterField:
    path = index.aliases.get(name, name)
    field = final_field(index.model, path)
    for kind in KINDS:
        if kind.takes(field):
            return kind(index, name, path, field)
    raise BadQuery(f"{name!r} of {index.label} cannot be a filter.", code="bad_filter")
