"""Saves and deletes of registered models, and of the related rows that their paths read, mark the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from xsearch.indexing.outbox import content_type_of, mark
from xsearch.models import IndexRecord, StagedVector
from xsearch.paths import Step, relations
from xsearch.registry import Index, on_register


def connect(index: Index) -> None:
    """Listen to the model of ``index`` and to every model that its declared paths go through."""
    for model in _with_subclasses(index.model):
        key = ("xsearch", index.label, model._meta.label)
        post_save.connect(_Saved(index, ""), sender=model, weak=False, dispatch_uid=key)
        post_delete.connect(_Deleted(index), sender=model, weak=False, dispatch_uid=key)
    for step in _steps(index):
        _connect_related(index, step)


def _connect_related(index: Index, step: Step) -> None:
    saved = _Saved(index, step.lookup)
    key = ("xsearch", index.label, step.lookup)
    for model in _with_subclasses(step.model):
        uid = (*key, model._meta.label)
        # Before as well as after: a photo that moves to another product changes both.
        pre_save.connect(saved, sender=model, weak=False, dispatch_uid=uid)
        post_save.connect(saved, sender=model, weak=False, dispatch_uid=uid)
        pre_delete.connect(saved, sender=model, weak=False, dispatch_uid=uid)
    if step.field.many_to_many:
        through = getattr(step.field, "remote_field", None) and getattr(step.field, "through", None)
        through = through or step.field.remote_field.through
        m2m_changed.connect(_Linked(index, step.lookup), sender=through, weak=False, dispatch_uid=key)


def _steps(index: Index) -> Iterable[Step]:
    found = {step.lookup: step for path in index.paths() for step in relations(index.model, path)}
    return found.values()


def _with_subclasses(model: type[models.Model]) -> list[type[models.Model]]:
    others = [other for other in apps.get_models() if issubclass(other, model) and other is not model]
    return [model, *others]


class _Saved:
    """Marks the objects that reach the saved row through ``lookup``; the row itself when it is empty."""

    def __init__(self, index: Index, lookup: str) -> None:
        self.index, self.lookup = index, lookup

    def __call__(self, *, instance: Any, raw: bool = False, **kwargs: Any) -> None:  # noqa: ARG002
        if instance.pk is None:
            return
        objects = self.index.model._base_manager.filter(**{self.lookup or "pk": instance.pk})
        mark(objects.distinct() if self.lookup else objects)


class _Deleted:
    """Forgets a deleted object."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def __call__(self, *, instance: Any, **kwargs: Any) -> None:  # noqa: ARG002
        pk = str(instance.pk)
        IndexRecord.objects.filter(content_type=content_type_of(self.index), object_id=pk).delete()
        own = ContentType.objects.get_for_model(self.index.model)
        StagedVector.objects.filter(content_type=own, row_id=pk).delete()


class _Linked:
    """Marks the objects at either end of a many-to-many relation that changed."""

    def __init__(self, index: Index, lookup: str) -> None:
        self.index, self.lookup = index, lookup

    def __call__(self, *, instance: Any, action: str, pk_set: set[Any] | None, **kwargs: Any) -> None:  # noqa: ARG002
        if action not in {"post_add", "post_remove", "pre_clear", "post_clear"}:
            return
        if isinstance(instance, self.index.model):
            mark(instance)
            return
        objects = self.index.model._base_manager
        reached = models.Q(**{self.lookup: instance.pk}) | models.Q(pk__in=pk_set or ())
        mark(objects.filter(reached).distinct())


on_register(connect)
