"""Signal receivers: saves and deletes of registered models, and of related rows on their paths, mark the outbox."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, models, transaction
from django.db.models.signals import ModelSignal, m2m_changed, post_delete, post_save, pre_delete, pre_save

from xsearch.index.paths import Step, relations
from xsearch.index.registry import Index, has_same_rows, registered
from xsearch.indexing.database import rows_of_model
from xsearch.indexing.outbox import index_records, mark
from xsearch.models.routing import through_alias

logger = logging.getLogger("xsearch.indexing")

#: The lookup from a saved object to itself.
_ITSELF = "pk"


def connect(index: Index) -> None:
    """Connect the receivers to the model of ``index`` and to every model on its declared paths."""
    # Django deletes the rows of parents and children too, each with a signal, unless parents are kept.
    for model in (each for each in _family(index.model) if has_same_rows(each, index.model)):
        key = ("xsearch", index.label, model._meta.label)
        _connect(post_delete, partial(_object_deleted, index), model, key)
    for model, lookups in _lookups(index).items():
        _connect_rows(index, model, lookups)
    for step in _steps(index):
        if step.field.many_to_many:
            _connect_links(index, ManyRelation(step))


def _lookups(index: Index) -> dict[type[models.Model], set[str]]:
    """Return how the objects of ``index`` are found from a saved row of each model."""
    found: dict[type[models.Model], set[str]] = {model: {_ITSELF} for model in _family(index.model)}
    for step in _steps(index):
        for model in _family(step.model):
            found.setdefault(model, set()).add(step.lookup)
    return found


def _connect_rows(index: Index, model: type[models.Model], lookups: set[str]) -> None:
    key = ("xsearch", index.label, "rows", model._meta.label)
    _connect(post_save, partial(_row_saved, index, sorted(lookups)), model, key)
    if related := sorted(lookups - {_ITSELF}):
        # Before as well as after: a photo that moves to another product changes both.
        for signal in (pre_save, pre_delete):
            _connect(signal, partial(_row_saved, index, related), model, key)


def _connect(signal: ModelSignal, receiver: Any, model: type[models.Model], key: tuple[str, ...]) -> None:
    """Connect ``receiver`` in the place of that of an earlier index of the same model, which was unregistered."""
    signal.disconnect(sender=model, dispatch_uid=key)
    signal.connect(receiver, sender=model, weak=False, dispatch_uid=key)


def _connect_links(index: Index, relation: ManyRelation) -> None:
    key = ("xsearch", index.label, relation.step.lookup)
    _connect(m2m_changed, partial(_links_changed, index, relation), relation.through, key)
    if not relation.through._meta.auto_created:
        for signal in (pre_save, post_save, pre_delete):
            _connect(signal, partial(_link_saved, index, relation), relation.through, (*key, "through"))


def _steps(index: Index) -> Iterable[Step]:
    found: dict[str, Step] = {}
    for path in index.watched_paths():
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


class ManyRelation:
    """A many-to-many relation on a path, which the path may follow in either direction."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.is_forward = isinstance(step.field, models.ManyToManyField)
        #: The field that declares the relation.
        self.field: Any = step.field if self.is_forward else step.field.field
        self.through: Any = self.field.remote_field.through

    def starting_from(self, keys: Any) -> models.Q:
        """Return the condition for objects that reach the relation from the rows with these keys."""
        return models.Q(**{f"{self.step.before or 'pk'}__in": keys})


#: Aliases through which rows were marked without an error.
_proven: set[str] = set()


@contextmanager
def _safely(using: str) -> Iterator[None]:
    """Mark through the alias that the row was saved through; an error is logged, and the save goes on.

    Only until it has worked once: a savepoint costs two statements.
    """
    with through_alias(using):
        if using in _proven:
            yield
            return
        try:
            with transaction.atomic(using=using):
                yield
            _proven.add(using)
        except DatabaseError as error:
            logger.error(
                "What was saved in %r cannot be marked for the search: %s See: python manage.py check --database %s",
                using, error, using,
            )  # fmt: skip


def _mark(index: Index, using: str, *conditions: models.Q, dispatch: bool = True) -> None:
    """Mark the objects that one of ``conditions`` finds, hidden ones too, while the index is registered."""
    if any(other.model is index.model for other in registered()):
        with _safely(using):
            # A union, because conditions on several relations joined by OR would read every object.
            first, *others = (rows_of_model(index.model).filter(condition) for condition in conditions)
            mark(first.union(*others) if others else first, dispatch=dispatch)


def _may_dispatch(signal: Any, using: str) -> bool:
    # Outside a transaction a worker could be done before the row is saved.
    return signal is not pre_save or connections[using].in_atomic_block


def _row_saved(index: Index, lookups: Sequence[str], *, instance: Any, signal: Any, using: str, **_sent: Any) -> None:
    """Mark the objects that reach the saved row through one of ``lookups``."""
    if instance.pk is not None:
        # A foreign key alone would be compared with the field that it refers to, which may not be the primary key.
        keys = (lookup if lookup == _ITSELF else f"{lookup}__pk" for lookup in lookups)
        conditions = [models.Q(**{key: instance.pk}) for key in keys]
        _mark(index, using, *conditions, dispatch=_may_dispatch(signal, using))


def _object_deleted(index: Index, *, instance: Any, using: str, **_sent: Any) -> None:
    """Delete the record of a deleted object."""
    with _safely(using):
        index_records(index).filter(object_id=str(instance.pk)).delete()


def _links_changed(
    index: Index,
    relation: ManyRelation,
    *,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: Any,
    using: str,
    **_sent: Any,
) -> None:
    """Mark the objects at the near end of a changed many-to-many relation, whichever end changed it."""
    if action not in {"post_add", "pre_remove", "pre_clear"}:
        return
    from_near_end = reverse is not relation.is_forward
    near = {instance.pk} if from_near_end else set(pk_set or ())
    is_symmetrical = getattr(relation.field.remote_field, "symmetrical", False)
    if is_symmetrical:
        near |= {instance.pk, *(pk_set or ())}
    touched = relation.starting_from(near)
    if action == "pre_clear" and (is_symmetrical or not from_near_end):
        touched |= models.Q(**{relation.step.lookup: instance.pk})
    _mark(index, using, touched)


def _link_saved(index: Index, relation: ManyRelation, *, instance: Any, signal: Any, using: str, **_sent: Any) -> None:
    """Mark the object whose link, a row of an explicit through model, was saved or deleted."""
    field = relation.field
    name = field.m2m_field_name() if relation.is_forward else field.m2m_reverse_field_name()
    near = rows_of_model(relation.through).filter(pk=instance.pk).values(name)
    _mark(index, using, relation.starting_from(near), dispatch=_may_dispatch(signal, using))
