"""The outbox: what is to be indexed, recorded in the transaction of the change and handed out to workers."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils import timezone

from xsearch.conf import settings
from xsearch.models import IndexRecord
from xsearch.registry import Index, get_index, registered

logger = logging.getLogger("xsearch.indexing")

Objects = models.QuerySet[Any] | Iterable[models.Model] | models.Model

_paused: ContextVar[set[str] | None] = ContextVar("xsearch_paused", default=None)
_broker_down_until = 0.0

_MARK = """
INSERT INTO {table} (content_type_id, object_id, status, revision, forced, source_hashes, fingerprints,
                     phrases, attempts, last_error, marked_at, not_before)
SELECT %s, pk::text, 'pending', 1, %s, '{{}}', '{{}}', '[]', 0, '', now(), now() FROM ({rows}) AS touched(pk)
ORDER BY 2
ON CONFLICT (content_type_id, object_id) DO UPDATE SET
    status = 'pending', revision = {table}.revision + 1, forced = {table}.forced OR excluded.forced,
    attempts = 0, marked_at = now(), not_before = now()
"""


def mark(objects: Objects, *, forced: bool = False, dispatch: bool = True) -> int:
    """Record that ``objects`` are to be indexed, and tell the workers on commit; returns how many there are.

    Signals do this for ``save()`` and ``delete()``. Call it yourself after ``QuerySet.update()``,
    ``bulk_create()``, ``bulk_update()`` or raw SQL. ``forced`` encodes even what has not changed.
    """
    queryset = _as_queryset(objects)
    if queryset is None:
        return 0
    index = get_index(queryset.model)
    using = router.db_for_write(IndexRecord)
    rows, params = queryset.order_by().values("pk").query.sql_with_params()
    sql = _MARK.format(table=IndexRecord._meta.db_table, rows=rows)
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [content_type_of(index).pk, forced, *params])
        count: int = cursor.rowcount
    if count and dispatch:
        _dispatch_on_commit(index.label, using)
    return count


def _as_queryset(objects: Objects) -> models.QuerySet[Any] | None:
    if isinstance(objects, models.QuerySet):
        return objects
    instances = [objects] if isinstance(objects, models.Model) else list(objects)
    if not instances:
        return None
    return type(instances[0])._base_manager.filter(pk__in=[instance.pk for instance in instances])


def content_type_of(index: Index) -> ContentType:
    """Return the content type under which the records of ``index`` are kept."""
    return ContentType.objects.get_for_model(index.model)


@contextmanager
def pause_indexing() -> Iterator[None]:
    """Hold back the tasks of all changes made inside, and send one per model at the end.

    Changes are still recorded as they are made, so nothing is lost if the process dies.
    """
    labels: set[str] = set()
    token = _paused.set(labels)
    try:
        yield
    finally:
        _paused.reset(token)
        for label in labels:
            _dispatch_on_commit(label, router.db_for_write(IndexRecord))


def _dispatch_on_commit(label: str, using: str) -> None:
    paused = _paused.get()
    if paused is not None:
        paused.add(label)
        return
    send = _Send(label)
    # One task per transaction is enough: it takes everything that is pending.
    if not any(hook[1] == send for hook in connections[using].run_on_commit):
        transaction.on_commit(send, using=using, robust=True)


class _Send:
    """Sends the indexing task of one model; equal to another that sends the same."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Send) and other.label == self.label

    def __hash__(self) -> int:
        return hash(self.label)

    def __call__(self) -> None:
        send_task(self.label)


def send_task(label: str) -> bool:
    """Ask the workers to index what is pending; says False when the broker cannot be reached.

    The sweep finds what was not sent. After a failure, the broker is left alone for a while, so that
    saving products stays quick while it is down.
    """
    global _broker_down_until
    if time.monotonic() < _broker_down_until:
        return False
    from xsearch.indexing.tasks import index_pending_task

    try:
        index_pending_task.apply_async(args=[label], queue=settings.TASK_QUEUE, retry=False)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; a save must not fail for any
        _broker_down_until = time.monotonic() + settings.BROKER_PAUSE_S
        logger.warning("The broker cannot be reached (%s); the sweep will index %s later.", error, label)
        return False
    return True


def claimable(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index`` that a worker may take now."""
    now = timezone.now()
    return IndexRecord.objects.filter(
        Q(status=IndexRecord.Status.PENDING) | Q(status=IndexRecord.Status.FAILED, attempts__lt=settings.MAX_ATTEMPTS),
        Q(claimed_until=None) | Q(claimed_until__lt=now),
        content_type=content_type_of(index),
        not_before__lte=now,
    )


def claim(index: Index, size: int) -> list[IndexRecord]:
    """Take up to ``size`` records, oldest first, that no other worker holds."""
    lease = uuid.uuid4()
    with transaction.atomic():
        taken = claimable(index).order_by("not_before", "pk").select_for_update(skip_locked=True)[:size]
        pks = list(taken.values_list("pk", flat=True))
        IndexRecord.objects.filter(pk__in=pks).update(
            claim=lease, claimed_until=timezone.now() + timedelta(seconds=settings.LEASE_S)
        )
    return list(IndexRecord.objects.filter(claim=lease, pk__in=pks))


def release(records: Iterable[IndexRecord]) -> None:
    """Give back records that were claimed and not worked on."""
    for record in records:
        IndexRecord.objects.filter(pk=record.pk, claim=record.claim).update(claim=None, claimed_until=None)


def sweep() -> dict[str, int]:
    """Find what was missed (unsent tasks, rows that no signal announced, dead workers) and send it.

    Returns the number of objects that wait, by model label.
    """
    waiting = {}
    for index in registered():
        reconcile(index)
        waiting[index.label] = claimable(index).count()
        if waiting[index.label]:
            send_task(index.label)
    return waiting


def reconcile(index: Index) -> None:
    """Record objects that have no record, and drop the records of objects that are gone."""
    of_index = IndexRecord.objects.filter(content_type=content_type_of(index))
    objects = index.get_queryset().annotate(xsearch_key=Cast("pk", models.CharField()))
    known = of_index.filter(object_id=models.OuterRef("xsearch_key"))
    mark(objects.filter(~models.Exists(known)), dispatch=False)
    present = index.model._base_manager.annotate(xsearch_key=Cast("pk", models.CharField()))
    there = present.filter(xsearch_key=models.OuterRef("object_id"))
    of_index.filter(~models.Exists(there)).delete()


def mark_stale(index: Index, *, forced: bool = False) -> int:
    """Mark everything (``forced``) or what is missing or was made by another encoder; returns how many wait."""
    reconcile(index)
    if forced:
        mark(index.get_queryset(), forced=True, dispatch=False)
    else:
        _mark_outdated(index)
    IndexRecord.objects.filter(content_type=content_type_of(index), status=IndexRecord.Status.FAILED).update(
        status=IndexRecord.Status.PENDING, attempts=0, not_before=timezone.now()
    )
    return claimable(index).count()


def _mark_outdated(index: Index) -> None:
    from xsearch.indexing.spaces import target_fingerprints

    indexed = IndexRecord.objects.filter(content_type=content_type_of(index), status=IndexRecord.Status.INDEXED)
    indexed.exclude(fingerprints__contains=target_fingerprints(index)).update(
        status=IndexRecord.Status.PENDING, revision=F("revision") + 1, not_before=timezone.now()
    )
