"""Django lookup paths ("brand__name", "photos__image"): their models and their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ObjectDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP


@dataclass(frozen=True)
class Step:
    """One relation of a path: the lookup that leads there from the start, and the model that is there."""

    lookup: str
    model: type[models.Model]
    field: Any


def relations(model: type[models.Model], path: str) -> list[Step]:
    """Return the relations that ``path`` follows, in order; raises ``ImproperlyConfigured`` for a wrong one."""
    steps: list[Step] = []
    here, names = model, path.split(LOOKUP_SEP)
    for number, name in enumerate(names, start=1):
        try:
            field = here._meta.get_field(name)
        except FieldDoesNotExist:
            _require_attribute(here, name, path, is_last=number == len(names))
            break
        if field.related_model is None or isinstance(field.related_model, str):
            break
        here = field.related_model
        steps.append(Step(LOOKUP_SEP.join(names[:number]), here, field))
    return steps


def _require_attribute(model: type[models.Model], name: str, path: str, *, is_last: bool) -> None:
    if is_last and hasattr(model, name):
        return
    known = ", ".join(sorted(f.name for f in model._meta.get_fields()))
    raise ImproperlyConfigured(f"{path!r}: {model._meta.label} has no field {name!r}. It has: {known}.")


def values(instance: models.Model, path: str) -> Iterator[Any]:
    """Yield what ``path`` leads to from ``instance``; to-many relations yield in their model's order."""
    name, _, rest = path.partition(LOOKUP_SEP)
    try:
        value = getattr(instance, name)
    except ObjectDoesNotExist:
        return
    if isinstance(value, models.Manager):
        for related in value.all():
            yield from values(related, rest) if rest else iter([related])
    elif value is None:
        return
    elif rest:
        yield from values(value, rest)
    else:
        yield value() if callable(value) else value
