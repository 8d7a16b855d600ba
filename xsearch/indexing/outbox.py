"""The outbox: what is to be indexed, recorded in the transaction of the change and handed out to workers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router, transaction
from django.db.models import Q
from django.db.models.functions import Cast, Now

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index
from xsearch.indexing.dispatch import dispatch_on_commit
from xsearch.models import IndexRecord

Objects = models.QuerySet[Any] | Iterable[models.Model] | models.Model

# Always in the same order, for two that mark the same objects in different ones would wait for each other.
_MARK = """
INSERT INTO {table} (content_type_id, object_id, status, revision, forced, source_hashes, fingerprints,
                     phrases, attempts, last_error, marked_at, not_before)
SELECT %s, touched.pk, 'pending', 1, %s, '{{}}', '{{}}', '[]', 0, '', now(), now()
FROM (SELECT DISTINCT found.pk::text FROM ({rows}) AS found(pk)) AS touched(pk)
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
    unordered = queryset if queryset.query.is_sliced else queryset.order_by()
    try:
        rows, params = unordered.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    sql = _MARK.format(table=IndexRecord._meta.db_table, rows=rows)
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [index.content_type.pk, forced, *params])
        count: int = cursor.rowcount
    if count and dispatch:
        dispatch_on_commit(index.label, using)
    return count


def _as_queryset(objects: Objects) -> models.QuerySet[Any] | None:
    if isinstance(objects, models.QuerySet):
        return objects
    instances = [objects] if isinstance(objects, models.Model) else list(objects)
    if not instances:
        return None
    return type(instances[0])._base_manager.filter(pk__in=[instance.pk for instance in instances])


def claimable(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index`` that a worker may take now."""
    # By the database's clock, with which they were marked: those of web servers and workers may differ.
    return IndexRecord.objects.filter(
        Q(status=IndexRecord.Status.PENDING) | Q(status=IndexRecord.Status.FAILED, attempts__lt=settings.MAX_ATTEMPTS),
        Q(claimed_until=None) | Q(claimed_until__lt=Now()),
        content_type=index.content_type,
        not_before__lte=Now(),
    )


def in_work(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index`` that a worker holds, or did when it died."""
    return IndexRecord.objects.filter(content_type=index.content_type, claimed_until__gte=Now())


def remaining(index: Index) -> int:
    """Return how many objects of ``index`` wait or are being worked on, by whomever."""
    of_index = IndexRecord.objects.filter(content_type=index.content_type)
    return of_index.filter(status=IndexRecord.Status.PENDING).count()


_CLAIM = """
WITH taken AS MATERIALIZED ({rows})
UPDATE {table} AS record SET claim = %s, claimed_until = statement_timestamp() + %s
FROM taken WHERE record.id = taken.id RETURNING record.*
"""


@transaction.atomic
def claim(index: Index, size: int) -> list[IndexRecord]:
    """Take up to ``size`` records, oldest first, that no other worker holds."""
    free = claimable(index).order_by("not_before", "pk").select_for_update(skip_locked=True)
    rows, params = free.values("id")[:size].query.sql_with_params()
    sql = _CLAIM.format(rows=rows, table=IndexRecord._meta.db_table)
    lease = timedelta(seconds=settings.LEASE_S)
    return list(IndexRecord.objects.raw(sql, [*params, uuid.uuid4(), lease]))


@transaction.atomic
def release(records: Iterable[IndexRecord], *, delay_s: float | None = None) -> None:
    """Give back records that were claimed and not worked on; those that are locked end with their lease."""
    later = {} if delay_s is None else {"not_before": Now() + timedelta(seconds=delay_s)}
    IndexRecord.objects.filter(pk__in=_ours(records)).update(claim=None, claimed_until=None, **later)


@transaction.atomic
def renew(records: Iterable[IndexRecord]) -> None:
    """Begin the leases of records that are still ours anew; those that are locked cannot be taken over meanwhile."""
    until = Now() + timedelta(seconds=settings.LEASE_S)
    IndexRecord.objects.filter(pk__in=_ours(records)).update(claimed_until=until)


def _ours(records: Iterable[IndexRecord]) -> list[Any]:
    """Lock those of the claimed ``records`` that nobody took over or holds locked."""
    claims = {record.pk: record.claim for record in records}
    free = IndexRecord.objects.filter(pk__in=claims).select_for_update(skip_locked=True)
    return [pk for pk, claim in free.values_list("pk", "claim") if claim == claims[pk]]


def without_record(index: Index) -> models.QuerySet[Any]:
    """Return the objects that no record says anything about."""
    objects = index.get_queryset().annotate(xsearch_key=Cast("pk", models.TextField()))
    known = IndexRecord.objects.filter(content_type=index.content_type, object_id=models.OuterRef("xsearch_key"))
    unseen: models.QuerySet[Any] = objects.filter(~models.Exists(known))
    return unseen


@transaction.atomic
def update_in_order(records: models.QuerySet[IndexRecord], **values: Any) -> int:
    """Update ``records``, locked in the order in which marks lock them: no save meets a deadlock. Returns how many."""
    pks = list(records.order_by("object_id").select_for_update().values_list("pk", flat=True))
    return IndexRecord.objects.filter(pk__in=pks).update(**values)
