"""Filters by values that one column keeps several of: arrays, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.translation import gettext as _

from xsearch.index import fields, paths
from xsearch.index.declaration import Declaration
from xsearch.index.fields import AnyField, FilterField, number_in

_ELEMENTS = [fields.NumberFilter, fields.BooleanFilter, fields.DateFilter, fields.TextFilter, fields.ExactFilter]


class ListFilter(FilterField):
    """A column that may keep several values."""

    @property
    def is_multiple(self) -> bool:
        """True: an object may have several values."""
        return True


class Unnested(models.Func):
    """Each element of an array, as a row of its own."""

    function = "unnest"
    set_returning = True


class ArrayFilter(ListFilter):
    """An array: an object passes if one of its elements is the value, exactly."""

    def __init__(self, index: Declaration, name: str, path: str, field: AnyField) -> None:
        super().__init__(index, name, path, field)
        kind = next(kind for kind in _ELEMENTS if kind.takes(field.base_field))
        self._element = kind(index, name, path, field.base_field)
        self.has_texts = self._element.has_texts

    @classmethod
    def takes(cls, field: AnyField) -> bool:
        """Return True for arrays of plain values."""
        if not isinstance(field, ArrayField) or isinstance(field.base_field, models.DateTimeField):
            return False
        return any(kind.takes(field.base_field) for kind in _ELEMENTS)

    def column(self, prefix: str = "") -> Any:
        """Return each element."""
        return Unnested(super().column(prefix), output_field=self._element.field)

    def read(self, obj: models.Model) -> Iterator[Any]:
        """Yield the elements."""
        return (each for found in super().read(obj) for each in found)

    def parse(self, value: Any, parameter: str = "") -> Any:
        """Return an element."""
        return self._element.parse(value, parameter)

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that the array has one of ``values``."""
        possible = []
        for value in map(self.parse, values):
            # The database would cut off or refuse what no element can be.
            if not isinstance(self._element, fields.NumberFilter) or self._element.fits(value):
                with suppress(ValidationError):
                    possible.append(self._element.field.clean(value, None))
        return models.Q(**{f"{self.path}__overlap": possible}) if possible else models.Q(pk__in=[])

    def readable(self, value: Any) -> str:
        """Return the label of an element."""
        return self._element.readable(value)


class _Elements(models.Func):
    """The plain values of JSON: of a list its elements, else the value itself."""

    output_field = models.JSONField()
    set_returning = True
    template = (
        "jsonb_path_query(%(expressions)s, "
        """'$[*] ? (@.type() == "string" || @.type() == "number" || @.type() == "boolean")')"""
    )


class JsonFilter(ListFilter):
    """JSON, or what stands under one of its keys: an object passes if that is the value, or a list that has it."""

    model_fields = (models.JSONField,)
    has_texts = True

    def __init__(self, index: Declaration, name: str, path: str, field: AnyField) -> None:
        super().__init__(index, name, path, field)
        names = path.split(LOOKUP_SEP)
        place = names.index(field.name) + 1
        self.column_path, self._keys = LOOKUP_SEP.join(names[:place]), names[place:]

    @property
    def label(self) -> str:
        """The last key, or the name of the field."""
        return self._keys[-1].replace("_", " ").capitalize() if self._keys else super().label

    def column(self, prefix: str = "") -> Any:
        """Return each plain value."""
        return _Elements(super().column(prefix))

    def read(self, obj: models.Model) -> Iterator[Any]:
        """Yield the plain values."""
        for found in paths.values(obj, self.column_path):
            for key in self._keys:
                found = found.get(key) if isinstance(found, dict) else None
            yield from (each for each in (found if isinstance(found, list) else [found]) if isinstance(each, _PLAIN))

    def parse(self, value: Any, parameter: str = "") -> list[Any]:  # noqa: ARG002
        """Return the value in every type that it may mean."""
        found: list[Any] = [self._text(value)]
        if (number := number_in(value)) is not None:
            found.append(int(number) if number == number.to_integral_value() else float(number))
        return found + [{"true": True, "false": False}[text] for text in [str(value).lower()] if text in _BOOLEANS]

    def condition(self, values: Sequence[Any]) -> models.Q:
        """Return the condition that one of ``values`` is there."""
        meant = [each for value in values for each in self.parse(value)]
        # Without keys, JSON that contains a value may be a list.
        meant += [[each] for each in meant] if self._keys else []
        contained = [models.Q(**{f"{self.column_path}__contains": self._under_keys(each)}) for each in meant]
        return reduce(or_, contained, models.Q())

    def readable(self, value: Any) -> str:
        """Return the value as a text."""
        return (_("Yes") if value else _("No")) if isinstance(value, bool) else str(value)

    def _under_keys(self, value: Any) -> Any:
        return reduce(lambda inner, key: {key: inner}, reversed(self._keys), value)


_PLAIN = (str, int, float)
_BOOLEANS = ("true", "false")
