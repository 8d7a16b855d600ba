"""Checks of the shop's models: rows that two indexes share, keys of several columns, options that a base loses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, models
from django.db.models.options import DEFAULT_NAMES

from xsearch.errors import BadQuery
from xsearch.index.kinds import final_field
from xsearch.index.registry import Index, refused, registered
from xsearch.indexing.database import database_alias, objects_of
from xsearch.models import EmbeddedModel

_MEDIA = (models.FileField, models.URLField)


@checks.register("xsearch")
def check_models(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E050 a proxy beside its model, E051 a composite primary key, E052 options of another abstract base are lost,
    E053 photos and sounds that are no files.
    """
    shared = [_shared_rows(index, kept) for index, kept in refused()]
    keys = [message for index in registered() for message in _check_keys(index)]
    embedded = [model for model in apps.get_models() if issubclass(model, EmbeddedModel) and not model._meta.proxy]
    media = [message for index in registered() for message in _check_media(index)]
    return [*shared, *keys, *media, *(message for model in embedded for message in _check_options(model))]


def _shared_rows(index: Index, kept: Index) -> CheckMessage:
    hint = (
        f"Remove the declaration of {index.label}; xsearch.search({index.model._meta.object_name}.objects.…) uses the"
        f" index of {kept.label}. Or register {index.label} alone."
    )
    text = (
        f"{index.label} and {kept.label} are registered, but they share their rows: each would overwrite what the other"
        f" indexed. Only {kept.label} is indexed."
    )
    return Error(text, hint=hint, obj=index.model, id="xsearch.E050")


@checks.register("xsearch", checks.Tags.database)
def check_shared_objects(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W050 a parent and a child of multi-table inheritance that describe the same objects in different words."""
    indexes = registered() if database_alias() in (databases or ()) else []
    with suppress(DatabaseError, ImproperlyConfigured):  # reported by W031 and E011
        return [_described_twice(one, other) for one in indexes for other in indexes if _overlap(one, other)]
    return []


def _overlap(parent: Index, child: Index) -> bool:
    same = all(getattr(parent, name) == getattr(child, name) for name in ("text", "image", "audio", "html"))
    if same or not issubclass(child.model, parent.model):
        return False
    tables = {store.table for store in parent.stores()} & {store.table for store in child.stores()}
    return bool(tables) and objects_of(parent).filter(pk__in=objects_of(child).values("pk")).exists()


def _described_twice(parent: Index, child: Index) -> CheckMessage:
    text = (
        f"{parent.label} and {child.label} are registered, index the same objects and declare different texts or"
        " photos: what was indexed last stays."
    )
    hint = (
        f"Leave the objects of {child.label} out of get_queryset of {parent.label}, declare the same, or register one."
    )
    return CheckWarning(text, hint=hint, obj=child.model, id="xsearch.W050")


def _check_keys(index: Index) -> Iterator[CheckMessage]:
    try:
        stored: set[type[models.Model]] = {store.model for store in index.stores()}
    except ImproperlyConfigured:  # reported by E011
        stored = set()
    for model in {index.model, *stored}:
        if len(getattr(model._meta, "pk_fields", ())) > 1:
            columns = ", ".join(repr(field.name) for field in model._meta.pk_fields)
            hint = (
                "Give it a primary key of one column, such as an AutoField or a UUIDField, and keep the others unique:"
                f' constraints = [models.UniqueConstraint(fields=[{columns}], name="…")].'
            )
            text = f"{model._meta.label} has a composite primary key, which xsearch cannot record."
            yield Error(text, hint=hint, obj=model, id="xsearch.E051")


def _check_media(index: Index) -> Iterator[CheckMessage]:
    for path in [*index.image_paths(), *([index.audio] if index.audio else [])]:
        try:
            field = final_field(index.model, path)
        except BadQuery:  # a property or method, or a wrong path, which E010 reports
            field = None
        if field is not None and not (path in index.media_urls or isinstance(field, _MEDIA)):
            hint = (
                "Name a FileField, an ImageField or a URLField. A text that holds the web address of a photo or sound"
                f" must be named in `media_urls` too: media_urls = [{path!r}]."
            )
            text = f"{index.label}: {path!r} is a {type(field).__name__}, which holds no photo or sound."
            yield Error(text, hint=hint, obj=index.model, id="xsearch.E053")


def _check_options(model: type[models.Model]) -> Iterator[CheckMessage]:
    """Find options of an abstract base that stands behind ``EmbeddedModel``: Django takes the ``Meta`` of the first."""
    own = model._meta.original_attrs
    inherits_columns = model._meta.get_field("search_document").model is not model
    if inherits_columns or "abstract" not in own:  # or it has a Meta of its own, which inherits from none
        return
    behind = model.__mro__[model.__mro__.index(EmbeddedModel) + 1 :]
    for base in behind:
        options = set(vars(vars(base).get("Meta", object))) & set(DEFAULT_NAMES) - {"abstract", "app_label"}
        if lost := sorted(name for name in options if name not in own and getattr(base.Meta, name)):  # type: ignore[attr-defined]
            text = f"{model._meta.label} has lost these options of {base.__name__}.Meta: {', '.join(lost)}."
            yield Error(text, hint=_order_hint(model, base), obj=model, id="xsearch.E052")


def _order_hint(model: type[models.Model], base: type) -> str:
    name = model.__name__
    return (
        f"Name EmbeddedModel last: class {name}({base.__name__}, EmbeddedModel). Or keep the order and add:"
        f" class Meta({base.__name__}.Meta): pass. Then run: python manage.py makemigrations"
    )
