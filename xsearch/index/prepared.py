"""Prepared values: what ``prepare_<name>`` of an index computes, and how it is kept as JSON in its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from xsearch.index.declaration import Declaration

#: The attribute of a loaded object with what its record keeps.
VALUES = "xsearch_values"
#: Values of one object; a product has a few sizes, not thousands.
_MAX_VALUES = 100
_MAX_CHARACTERS = 300
#: Numbers are kept as JSON numbers of 15 significant digits.
_MAX_NUMBER = 10**15


class PreparationError(Exception):
    """What a ``prepare_`` method returned cannot be kept; the message says why."""


@dataclass(frozen=True)
class PreparedType:
    """A type of prepared values: how they are kept as JSON, read from it, and compared by the database."""

    name: str
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]
    #: The field whose database type the values are cast to.
    field: models.Field[Any, Any]
    #: The condition in a path of JSON that a value is one of the type: a record may be older than the declaration.
    test: str


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > _MAX_NUMBER:
        raise ValueError
    return int(number) if number == number.to_integral_value() else float(number)


def _text(value: Any) -> str:
    text = str(value).replace("\x00", "").strip()
    if len(text) > _MAX_CHARACTERS:
        raise ValueError
    return text


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return _date((timezone.localtime(value) if timezone.is_aware(value) else value).date())
    if not isinstance(value, date):
        raise TypeError
    return value.isoformat()


def _moment(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError
    if settings.USE_TZ:
        value = value if timezone.is_aware(value) else timezone.make_aware(value)
        value = value.astimezone(UTC)
    return str(value.isoformat())


def _is(kind: str) -> str:
    return f'@.type() == "{kind}"'


def _begins(pattern: str) -> str:
    return f'@ like_regex "^{pattern}"'


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER = PreparedType("numbers", _number, lambda kept: Decimal(str(kept)), models.DecimalField(), _is("number"))
_TYPES: dict[type, PreparedType] = {
    Decimal: _NUMBER,
    int: _NUMBER,
    float: _NUMBER,
    str: PreparedType(f"texts of at most {_MAX_CHARACTERS} characters", _text, str, models.TextField(), _is("string")),
    bool: PreparedType("True or False", _boolean, _boolean, models.BooleanField(), _is("boolean")),
    date: PreparedType("dates", _date, date.fromisoformat, models.DateField(), _begins(f"{_DAY}$")),
    datetime: PreparedType("datetimes", _moment, datetime.fromisoformat, models.DateTimeField(), _begins(f"{_DAY}T")),
}


def prepared_type(index: Declaration, name: str) -> PreparedType:
    """Return the declared type of a prepared value."""
    return _TYPES[index.prepared[name]]


def wrong_declarations(index: Declaration) -> Iterable[str]:
    """Yield what is wrong with ``prepared`` of an index, with the cure."""
    for name, declared in index.prepared.items():
        if declared not in _TYPES:
            allowed = ", ".join(each.__name__ for each in _TYPES)
            yield f"prepared[{name!r}] is {declared!r}. It must be one of these types: {allowed}."
        if not callable(getattr(index, f"prepare_{name}", None)):
            yield f"prepared[{name!r}] has no method: write prepare_{name}(self, objects)."
    for method in dir(type(index)):
        name = method.removeprefix("prepare_")
        if name != method and name not in index.prepared:
            yield f"{method} has no type: add {name!r} to `prepared`, such as prepared = {{{name!r}: str}}."


def prepare(index: Declaration, name: str, objects: Sequence[models.Model]) -> dict[Any, list[Any]]:
    """Return ``prepare_<name>`` of ``objects`` as JSON, {primary key: values}; an object without a value has none."""
    found = getattr(index, f"prepare_{name}")(objects)
    if isinstance(found, Mapping):
        by_key = {obj.pk: found.get(obj.pk) for obj in objects}
    else:
        values = list(found)
        if len(values) != len(objects):
            raise PreparationError(
                f"prepare_{name} returned {len(values)} values for {len(objects)} objects. Return one for each, in "
                f"their order, or a dict by primary key."
            )
        by_key = {obj.pk: value for obj, value in zip(objects, values, strict=True)}
    return {key: _as_json(index, name, value) for key, value in by_key.items()}


def values_from(index: Declaration, name: str, kept: Sequence[Any] | None) -> list[Any]:
    """Return the values of a name as Python objects, without those of a type that was declared before."""
    found = []
    for value in kept or ():
        with suppress(TypeError, ValueError, ArithmeticError):
            found.append(prepared_type(index, name).from_json(value))
    return found


def read_values(index: Declaration, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a record keeps, as Python objects: one value, or a list where there are several."""
    found = {}
    for name in index.prepared:
        if values := values_from(index, name, kept.get(name)):
            found[name] = values[0] if len(values) == 1 else values
    return found


def _as_json(index: Declaration, name: str, value: Any) -> list[Any]:
    """Return the values of an object without repetitions, the least first."""
    several = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    if len(several) > _MAX_VALUES:
        raise PreparationError(f"prepare_{name} returned {len(several)} values for an object; at most {_MAX_VALUES}.")
    kind = prepared_type(index, name)
    kept = []
    for each in several:
        if each is None or each == "":
            continue
        try:
            kept.append(kind.to_json(each))
        except (TypeError, ValueError) as error:
            raise PreparationError(
                f"prepare_{name} must return {kind.name}, not {str(each)[:40]!r} ({type(each).__name__})."
            ) from error
    return sorted(set(kept))
