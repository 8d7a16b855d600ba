"""Columns that a shop's queries do not load: two vectors cost more than the rest of a product by far.

They are loaded when an instance's attribute is read, or named in ``only()``, ``values()`` or ``values_list()``. Unlike
after ``defer()``, a save stays an ordinary one: Django would limit it to the loaded fields, and tell receivers so.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from pgvector.django import HalfVectorField

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = object


class _Value(Enum):  # an Enum stays the same object when an instance is copied or pickled
    UNREAD = "unread"


#: Stands in an instance for the value of a column that was not loaded.
UNREAD = _Value.UNREAD


class ReadOnAccess(DeferredAttribute):
    """The attribute of a column that is loaded when it is read."""

    field: models.Field[Any, Any]

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        if instance.__dict__.get(self.field.attname) is UNREAD:
            if not instance._is_pk_set():  # a copy that is not saved yet
                return None
            del instance.__dict__[self.field.attname]
        return super().__get__(instance, cls)

    def __set__(self, instance: Any, value: Any) -> None:  # without it, Python would look into __dict__ first
        instance.__dict__[self.field.attname] = value


def _nothing(model_instance: models.Model, add: bool) -> None:
    """Stand for the value before a save: only indexing writes it, and reading it would load it."""


class UnloadedColumn(_Field):
    """Mixed into a field: ordinary queries do not load it, forms and serializers do not show it, no save writes it."""

    descriptor_class = ReadOnAccess

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "serialize": False})
        # Not a method: update_or_create() would add a field whose class has one to the fields it updates.
        self.pre_save = _nothing  # type: ignore[method-assign]

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the plain field, so that migrations know nothing of this class."""
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("serialize", None)
        plain = type(self).__mro__[2]
        return name, f"{plain.__module__}.{plain.__qualname__}", args, kwargs


class EmbeddingColumn(UnloadedColumn, HalfVectorField):
    """A vector."""


class DocumentColumn(UnloadedColumn, SearchVectorField):  # type: ignore[type-arg]
    """A weighted ``tsvector``."""


_default_columns, _set_values = SQLCompiler.get_default_columns, Query.set_values


def _get_default_columns(self: SQLCompiler, select_mask: Any, *args: Any, **kwargs: Any) -> Any:
    columns: Any = _default_columns(self, select_mask, *args, **kwargs)
    if select_mask and not self.query.deferred_loading[1]:  # only() names what it wants
        return columns
    return [column for column in columns if not isinstance(column.target, UnloadedColumn)]


def _set_values_named(self: Query, fields: Any) -> None:
    known = self.model._meta.concrete_fields if self.model and not fields else ()
    loaded = [field.attname for field in known if not isinstance(field, UnloadedColumn)]
    _set_values(self, (*self.extra_select, *loaded, *self.annotation_select) if len(loaded) < len(known) else fields)


# Managers cannot do this: select_related(), related managers and Django's own look-ups come past those of a shop.
SQLCompiler.get_default_columns = _get_default_columns  # type: ignore[method-assign]
Query.set_values = _set_values_named  # type: ignore[method-assign]
