"""Lookup paths of Django ("brand__name", "photos__image"): their relations and their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ObjectDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP

from xsearch.media.web import WebFile


@dataclass(frozen=True)
class Step:
    """A relation that a path follows: its lookup in queries, its attribute of instances, and its model."""

    lookup: str
    #: ``lookup`` by the names of the attributes: "productphoto_set" if the lookup is "productphoto".
    attribute: str
    model: type[models.Model]
    field: Any

    @property
    def is_many(self) -> bool:
        """True if the relation leads to several rows."""
        return bool(self.field.one_to_many or self.field.many_to_many)

    @property
    def before(self) -> str:
        """The lookup of the model that has the relation; "" at the start of the path."""
        return self.lookup.rpartition(LOOKUP_SEP)[0]


def relations(model: type[models.Model], path: str) -> list[Step]:
    """Return the relations that ``path`` follows, in order; raises ``ImproperlyConfigured`` for a wrong one."""
    steps: list[Step] = []
    here, names, attributes = model, path.split(LOOKUP_SEP), []
    for number, name in enumerate(names, start=1):
        attributes.append(_attribute(here, name))
        field: Any = _field(here, name)
        if field is None or field.related_model is None or isinstance(field.related_model, str):
            _require_end(here, name, path, is_last=number == len(names))
            break
        here = field.related_model
        steps.append(Step(LOOKUP_SEP.join(names[:number]), LOOKUP_SEP.join(attributes), here, field))
    return steps


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _attribute(model: type[models.Model], name: str) -> str:
    """Return the attribute of an instance for a name in a lookup."""
    field = _field(model, name)
    is_reverse = field is not None and field.auto_created and not field.concrete
    return str(field.get_accessor_name()) if is_reverse else name


def _require_end(model: type[models.Model], name: str, path: str, *, is_last: bool) -> None:
    is_field = _field(model, name) is not None
    if is_last and (is_field or hasattr(model, name)):
        return
    if is_field:
        raise ImproperlyConfigured(f"{path!r}: {model._meta.label}.{name} is no relation; end the path there.")
    existing = ", ".join(sorted(f.name for f in model._meta.get_fields()))
    raise ImproperlyConfigured(f"{path!r}: {model._meta.label} has no field {name!r}. It has: {existing}.")


def files(instance: models.Model, path: str) -> Iterator[Any]:
    """Yield the files of ``path`` that there are; a web address is one."""
    for value in filter(None, values(instance, path)):
        yield WebFile(value) if isinstance(value, str) else value


def values(instance: models.Model, path: str) -> Iterator[Any]:
    """Yield the values of ``path`` from ``instance``; to-many relations yield in the order of their model."""
    name, _, rest = path.partition(LOOKUP_SEP)
    try:
        value = getattr(instance, _attribute(type(instance), name))
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
