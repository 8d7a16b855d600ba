"""Signal receivers: saves and deletes of registered models, and of related rows on their paths, mark the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from xsearch.index.paths import Step, relations
from xsearch.index.registry import Index, registered
from xsearch.indexing.outbox import index_records, mark


def connect(index: Index) -> None:
    """Connect the receivers to the model of ``index`` and to every model on its declared paths."""
    for model in _family(index.model):
        key = ("xsearch", index.label, model._meta.label)
        post_save.connect(_Saved(index, ""), sender=model, weak=False, dispatch_uid=key)
        post_delete.connect(_Deleted(index), sender=model, weak=False, dispatch_uid=key)
    for step in _steps(index):
        _connect_related(index, step)


def _connect_related(index: Index, step: Step) -> None:
    saved = _Saved(index, step.lookup)
    key = ("xsearch", index.label, step.lookup)
    for model in _family(step.model):
        _connect_rows(saved, model, (*key, model._meta.label))
    if step.field.many_to_many:
        linked = _Linked(index, step)
        m2m_changed.connect(linked, sender=linked.through, weak=False, dispatch_uid=key)
        if not linked.through._meta.auto_created:
            _connect_rows(_LinkSaved(index, step), linked.through, (*key, "through"))


def _connect_rows(receiver: Any, model: type[models.Model], uid: tuple[str, ...]) -> None:
    # Before as well as after: a photo that moves to another product changes both.
    for signal in (pre_save, post_save, pre_delete):
        signal.connect(receiver, sender=model, weak=False, dispatch_uid=uid)


def _steps(index: Index) -> Iterable[Step]:
    found: dict[str, Step] = {}
    for path in index.paths():
        try:
            found |= {step.lookup: step for step in relations(index.model, path)}
        except ImproperlyConfigured:
            continue  # the system checks report it, with all others
    return found.values()


def _family(model: type[models.Model]) -> Iterator[type[models.Model]]:
    """Yield ``model`` and its proxies, children and parents: each of them may be the sender."""
    concrete: Any = model._meta.concrete_model
    for other in apps.get_models():
        if issubclass(other, concrete) or issubclass(concrete, other):
            yield other


class _Receiver:
    """Mark objects of an index while it is registered."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def mark(self, objects: models.QuerySet[Any], *, dispatch: bool = True) -> None:
        """Mark ``objects``; duplicates of joins are marked once."""
        if any(index.model is self.index.model for index in registered()):
            mark(objects, dispatch=dispatch)

    @property
    def objects(self) -> models.QuerySet[Any]:
        """All objects, hidden ones too."""
        return self.index.model._base_manager.all()


class _Saved(_Receiver):
    """Mark the objects that reach the saved row through ``lookup``; the row itself if that is empty."""

    def __init__(self, index: Index, lookup: str) -> None:
        super().__init__(index)
        self.lookup = lookup

    def __call__(self, *, instance: Any, signal: Any, using: str, **kwargs: Any) -> None:  # noqa: ARG002
        if instance.pk is not None:
            # Outside a transaction a worker could be done before the row is saved.
            dispatch = signal is not pre_save or connections[using].in_atomic_block
            self.mark(self.objects.filter(**{self.lookup or "pk": instance.pk}), dispatch=dispatch)


class _Deleted(_Receiver):
    """Delete the record of a deleted object."""

    def __call__(self, *, instance: Any, **kwargs: Any) -> None:  # noqa: ARG002
        index_records(self.index).filter(object_id=str(instance.pk)).delete()


class _Link(_Receiver):
    """A many-to-many relation on a path."""

    def __init__(self, index: Index, step: Step) -> None:
        super().__init__(index)
        self.step = step
        #: The field that declares the relation, which the path may follow in either direction.
        self.is_forward = isinstance(step.field, models.ManyToManyField)
        self.field: Any = step.field if self.is_forward else step.field.field
        self.through: Any = self.field.remote_field.through

    def starting_from(self, keys: Any) -> models.Q:
        """Return the condition for objects that reach the relation from the rows with these keys."""
        return models.Q(**{f"{self.step.before or 'pk'}__in": keys})


class _Linked(_Link):
    """Mark the objects at the near end of a changed many-to-many relation, whichever end changed it."""

    def __call__(self, *, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:  # noqa: ARG002
        if action not in {"post_add", "pre_remove", "pre_clear"}:
            return
        from_near_end = reverse is not self.is_forward
        near = {instance.pk} if from_near_end else set(pk_set or ())
        is_symmetrical = getattr(self.field.remote_field, "symmetrical", False)
        if is_symmetrical:
            near |= {instance.pk, *(pk_set or ())}
        touched = self.starting_from(near)
        if action == "pre_clear" and (is_symmetrical or not from_near_end):
            touched |= models.Q(**{self.step.lookup: instance.pk})
        self.mark(self.objects.filter(touched))


class _LinkSaved(_Link):
    """Mark the object whose link, a row of an explicit through model, was saved or deleted."""

    def __call__(self, *, instance: Any, signal: Any, using: str, **kwargs: Any) -> None:  # noqa: ARG002
        name = self.field.m2m_field_name() if self.is_forward else self.field.m2m_reverse_field_name()
        near = self.through._base_manager.filter(pk=instance.pk).values(name)
        dispatch = signal is not pre_save or connections[using].in_atomic_block
        self.mark(self.objects.filter(self.starting_from(near)), dispatch=dispatch)
