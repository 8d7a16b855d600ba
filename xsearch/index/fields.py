"""Kinds of declared filters: how each reads values of a request, limits querysets, and names values for people."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property, reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index import paths

if TYPE_CHECKING:
    from xsearch.index.declaration import Declaration
    from xsearch.index.trees import Place

AnyField = Any  # a field or a relation of a model, forward or reverse
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
#: A decimal comma, as in "12,50"; not "1,000".
_DECIMAL_COMMA = re.compile(r"^(-?\d+),(\d{1,2})$")
_GREATEST = 10**15
_DECIMALS = 1000  # PostgreSQL has 16,383 at most
_BOUNDS = {"min": "gte", "max": "lte"}


class FilterField:
    """A declared filter: its ``name`` in requests, the ``path`` of its values, and the model ``field`` at its end."""

    #: The types of model fields that this kind is for.
    model_fields: ClassVar[tuple[type, ...]] = ()
    #: True if ``<name>_min`` and ``<name>_max`` limit it too.
    has_range: ClassVar[bool] = False
    #: The type of the fields in a form that take the bounds.
    input_type: ClassVar[str] = "number"
    #: True for yes or no.
    is_switch: ClassVar[bool] = False
    #: True if the values are texts, which the words of a query may name.
    has_texts: bool = False

    def __init__(self, index: Declaration, name: str, path: str, field: AnyField) -> None:
        self.index = index
        self.name = name
        self.path = path
        self.field = field
        #: The path without the keys of JSON.
        self.column_path = path

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True if this kind is for a model field."""
        return isinstance(field, cls.model_fields)

    @property
    def label(self) -> str:
        """The name of the filter for customers."""
        own = self.index.filter_label(self.name)
        return own or capfirst(str(getattr(self.field, "verbose_name", self.name)).replace("_", " "))

    @cached_property
    def many(self) -> str:
        """The first relation of the path that leads to several rows; "" if an object has one row at most."""
        steps = paths.relations(self.index.model, self.column_path)
        return next((step.lookup for step in steps if step.is_many), "")

    @property
    def is_multiple(self) -> bool:
        """True if an object may have several values."""
        return bool(self.many)

    def column(self, prefix: str = "") -> Any:
        """Return the value of a row, repeated for several values; ``prefix`` leads from the row to the object."""
        return models.F(f"{prefix}{self.path}")

    def expression(self, prefix: str = "") -> Any:
        """Return the value of a row as a facet counts it, repeated for several values."""
        return self.column(prefix)

    def first(self) -> Any:
        """Return the value of an object, the smallest of several."""
        if not self.is_multiple:
            return self.column()
        rows = self.index.model._base_manager.filter(pk=models.OuterRef("pk")).annotate(xs_value=self.column())
        return models.Subquery(rows.order_by(models.F("xs_value").asc(nulls_last=True)).values("xs_value")[:1])

    def read(self, obj: models.Model) -> Iterator[Any]:
        """Yield the values of an object that is loaded."""
        return paths.values(obj, self.path)

    def parse(self, value: Any, parameter: str = "") -> Any:  # noqa: ARG002
        """Return a value of a request as it is compared; raises ``BadQuery`` about the ``parameter``."""
        return self._text(value)

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``, as a request has them."""
        return models.Q(**{f"{self.path}__in": [self.parse(value) for value in values]})

    def bound(self, bound: str, value: Any) -> models.Q:
        """Return the condition that the value of a row is at least ("min") or at most ("max") ``value``."""
        return models.Q(**{f"{self.path}__{_BOUNDS[bound]}": self.parse(value, f"{self.name}_{bound}")})

    def within(self, bounds: Mapping[str, Any]) -> models.Q:
        """Return the condition that the value of a row is within all ``bounds``."""
        return reduce(and_, [self.bound(bound, value) for bound, value in bounds.items()])

    def known(self) -> models.Q:
        """Return the condition that a row has a value."""
        return models.Q(**{f"{self.path}__isnull": False})

    def places(self, values: Iterable[Any]) -> Mapping[Any, Place]:  # noqa: ARG002
        """Return the places of ``values`` and their ancestors, if they make a tree."""
        return {}

    def labels(self, values: Iterable[Any], places: Mapping[Any, Place] | None = None) -> dict[Any, str]:  # noqa: ARG002
        """Return the label of each value in the language of the page; ``places`` are those of the values, if known."""
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

    model_fields = (models.IntegerField, models.FloatField, models.DecimalField)
    has_range = True

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``."""
        numbers = [self.parse(value) for value in values]
        # The database would be asked for 2 instead of 2.5.
        return models.Q(**{f"{self.path}__in": [number for number in numbers if self.fits(number)]})

    def bound(self, bound: str, value: Any) -> models.Q:
        """Return the condition that the value of a row is at least ("min") or at most ("max") ``value``."""
        number = self.parse(value, f"{self.name}_{bound}")
        limit = (math.ceil if bound == "min" else math.floor)(number) if self._is_whole else number
        return models.Q(**{f"{self.path}__{_BOUNDS[bound]}": limit})

    def fits(self, number: Decimal) -> bool:
        """Return False for a fraction where there are whole numbers only."""
        return not self._is_whole or number == number.to_integral_value()

    @property
    def _is_whole(self) -> bool:
        return isinstance(self.field, models.IntegerField)

    def parse(self, value: Any, parameter: str = "") -> Decimal:
        """Return a number; a decimal comma is one."""
        number = number_in(value)
        if number is None:
            given = {"name": parameter or self.name, "value": repr(str(value)[:40])}
            raise BadQuery(_("%(name)s must be a number, not %(value)s.") % given, code="bad_filter")
        return number


def number_in(value: Any) -> Decimal | None:
    """Return the number that a value of a request is; None for anything else, and for what no shop counts."""
    try:
        number = Decimal(_DECIMAL_COMMA.sub(r"\1.\2", str(value).strip()))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _GREATEST:
        return None
    return number if int(number.as_tuple().exponent) >= -_DECIMALS else None


class BooleanFilter(FilterField):
    """Yes or no."""

    model_fields = (models.BooleanField,)
    is_switch = True

    def parse(self, value: Any, parameter: str = "") -> bool:  # noqa: ARG002
        """Return what a form or JSON means."""
        text = str(value).strip().lower()
        if text in _TRUE | _FALSE:
            return text in _TRUE
        raise BadQuery(f"{self.name} must be true or false, not {str(value)[:40]!r}.", code="bad_filter")

    def readable(self, value: Any) -> str:
        """Return yes or no, unless the field has names for them."""
        return super().readable(value) if getattr(self.field, "choices", None) else _("Yes") if value else _("No")


class DateFilter(FilterField):
    """A day or a moment, also by its bounds; of moments, a day means all of it in the current time zone."""

    model_fields = (models.DateField,)  # moments are dates with a time
    has_range = True
    input_type = "date"

    def expression(self, prefix: str = "") -> Any:
        """Return the day."""
        return TruncDate(self.column(prefix)) if self._has_time else self.column(prefix)

    def parse(self, value: Any, parameter: str = "") -> date | datetime:
        """Return the day, or the moment if a time is given."""
        text = value.isoformat() if isinstance(value, date) else self._text(value).strip()
        try:
            found = parse_date(text) or parse_datetime(text)
        except ValueError:
            found = None
        if found is None or not 1 < found.year < 9999:
            given = {"name": parameter or self.name, "value": repr(text[:40])}
            raise BadQuery(_("%(name)s must be a date such as 2024-01-31, not %(value)s.") % given, code="bad_filter")
        return found

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``, or lies in one of the days."""
        given = [self.parse(value) for value in values]
        return reduce(or_, [self.bound("min", each) & self.bound("max", each) for each in given], models.Q())

    def bound(self, bound: str, value: Any) -> models.Q:
        """Return the condition that a row is not before ("min") or not after ("max") ``value``."""
        start, end = self._span(self.parse(value, f"{self.name}_{bound}"))
        if bound == "min":
            return models.Q(**{f"{self.path}__gte": start})
        return models.Q(**{f"{self.path}__{'lt' if start < end else 'lte'}": end})

    def readable(self, value: Any) -> str:
        """Return the day as the language of the page writes it."""
        return date_format(value)

    @property
    def _has_time(self) -> bool:
        return isinstance(self.field, models.DateTimeField)

    def _span(self, given: date | datetime) -> tuple[Any, Any]:
        """Return the first moment, and the first after the last; twice the same for a single one."""
        if isinstance(given, datetime):
            moment = _in_zone(given)
            return (moment, moment) if self._has_time else (moment.date(), moment.date())
        if not self._has_time:
            return given, given
        return tuple(_in_zone(datetime.combine(day, time.min)) for day in (given, given + timedelta(days=1)))  # type: ignore[return-value]


class TextFilter(FilterField):
    """A short text or a choice, in any case."""

    model_fields = (models.CharField, models.TextField)
    has_texts = True

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that a row has one of ``values``, in any case."""
        return reduce(or_, [models.Q(**{f"{self.path}__iexact": self.parse(value)}) for value in values], models.Q())

    def known(self) -> models.Q:
        """Return the condition that a row has a text."""
        return models.Q(**{f"{self.path}__gt": ""})


class ExactFilter(FilterField):
    """A value of another type that its model field can read from a text, such as a UUID."""

    model_fields = (models.UUIDField, models.TimeField, models.DurationField, models.GenericIPAddressField)

    def parse(self, value: Any, parameter: str = "") -> Any:  # noqa: ARG002
        """Return the value as the model field reads it."""
        try:
            found = self.field.to_python(self._text(value))
            self.field.run_validators(found)  # to_python() takes any text for an IP address
        except ValidationError as error:
            raise self._refuse(" ".join(error.messages)) from error
        except (ValueError, TypeError, ArithmeticError) as error:
            raise self._refuse(f"{str(value)[:40]!r} is not a value of it.") from error
        return found


def _in_zone(moment: datetime) -> datetime:
    """Return a moment as the database compares it: aware, in the current time zone, or naive without time zones."""
    if not django_settings.USE_TZ:
        return timezone.make_naive(moment, timezone.get_default_timezone()) if timezone.is_aware(moment) else moment
    return timezone.localtime(moment) if timezone.is_aware(moment) else timezone.make_aware(moment)
