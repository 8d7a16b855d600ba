"""The outbox: objects to be indexed, recorded in the transaction of the change and claimed by workers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Now

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index
from xsearch.indexing.database import atomic, compiled, database_alias, index_connection, objects_of, rows_of_model
from xsearch.indexing.dispatch import dispatch_on_commit
from xsearch.models import IndexRecord

Markable = models.QuerySet[Any] | Iterable[models.Model] | models.Model

# Always in the same order: two transactions that mark the same objects would otherwise deadlock.
_MARK = """
INSERT INTO {table} (content_type_id, object_id, status, revision, forced, source_hashes, fingerprints,
                     phrases, values, attempts, last_error, marked_at, not_before)
SELECT %s, touched.pk, 'pending', 1, %s, '{{}}', '{{}}', '[]', '{{}}', 0, '', now(), now()
FROM (SELECT DISTINCT found.pk::text FROM ({rows}) AS found(pk)) AS touched(pk)
ORDER BY 2
ON CONFLICT (content_type_id, object_id) DO UPDATE SET
    status = 'pending', revision = {table}.revision + 1, forced = {table}.forced OR excluded.forced,
    attempts = 0, marked_at = now(), not_before = now()
"""


def mark(objects: Markable, *, forced: bool = False, dispatch: bool = True) -> int:
    """Record that ``objects`` must be indexed, and send the task on commit; returns how many there are.

    Signals do this for ``save()`` and ``delete()``. Call it yourself after ``QuerySet.update()``,
    ``bulk_create()``, ``bulk_update()`` or raw SQL. ``forced`` encodes unchanged objects too.
    """
    queryset = _as_queryset(objects)
    if queryset is None:
        return 0
    index = get_index(queryset.model)
    unordered = queryset if queryset.query.is_sliced else queryset.order_by()
    try:
        rows, params = compiled(unordered.values("pk"))
    except EmptyResultSet:
        return 0
    sql = _MARK.format(table=IndexRecord._meta.db_table, rows=rows)
    with index_connection().cursor() as cursor:
        cursor.execute(sql, [index.content_type.pk, forced, *params])
        count: int = cursor.rowcount
    if count and dispatch:
        dispatch_on_commit(index.label)
    return count


def _as_queryset(objects: Markable) -> models.QuerySet[Any] | None:
    if isinstance(objects, models.QuerySet):
        return objects
    instances = [objects] if isinstance(objects, models.Model) else list(objects)
    if not instances:
        return None
    return rows_of_model(type(instances[0])).filter(pk__in=[instance.pk for instance in instances])


def index_records(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index``."""
    return IndexRecord.objects.filter(content_type=index.content_type)


def claimable(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index`` that a worker may take now."""
    # By the database's clock, which also set the times: the clocks of web servers and workers may differ.
    return index_records(index).filter(
        Q(status=IndexRecord.Status.PENDING) | Q(status=IndexRecord.Status.FAILED, attempts__lt=settings.MAX_ATTEMPTS),
        Q(claimed_until=None) | Q(claimed_until__lt=Now()),
        not_before__lte=Now(),
    )


def in_work(index: Index) -> models.QuerySet[IndexRecord]:
    """Return the records of ``index`` under an unexpired lease; the worker may be dead."""
    return index_records(index).filter(claimed_until__gte=Now())


def remaining(index: Index) -> int:
    """Return how many objects of ``index`` are pending, claimed ones included."""
    return index_records(index).filter(status=IndexRecord.Status.PENDING).count()


_CLAIM = """
WITH taken AS MATERIALIZED ({rows})
UPDATE {table} AS record SET claim = %s, claimed_until = statement_timestamp() + %s
FROM taken WHERE record.id = taken.id RETURNING record.*
"""


@atomic()
def claim(index: Index, size: int) -> list[IndexRecord]:
    """Claim up to ``size`` records, oldest first, that no other worker holds."""
    free = claimable(index).order_by("not_before", "pk").select_for_update(skip_locked=True)
    rows, params = compiled(free.values("id")[:size])
    sql = _CLAIM.format(rows=rows, table=IndexRecord._meta.db_table)
    lease = timedelta(seconds=settings.LEASE_S)
    return list(IndexRecord.objects.using(database_alias()).raw(sql, [*params, uuid.uuid4(), lease]))


@atomic()
def release(records: Iterable[IndexRecord], *, delay_s: float | None = None) -> None:
    """Give back claimed records that were not indexed; the leases of locked ones expire."""
    later = {} if delay_s is None else {"not_before": Now() + timedelta(seconds=delay_s)}
    IndexRecord.objects.filter(pk__in=_ours(records)).update(claim=None, claimed_until=None, **later)


@atomic()
def renew(records: Iterable[IndexRecord]) -> None:
    """Renew the leases of records that are still ours; no worker can claim a locked one meanwhile."""
    until = Now() + timedelta(seconds=settings.LEASE_S)
    IndexRecord.objects.filter(pk__in=_ours(records)).update(claimed_until=until)


def _ours(records: Iterable[IndexRecord]) -> list[Any]:
    """Lock the claimed ``records`` that no other worker has claimed or locked since."""
    claims = {record.pk: record.claim for record in records}
    free = IndexRecord.objects.filter(pk__in=claims).select_for_update(skip_locked=True)
    return [pk for pk, claim in free.values_list("pk", "claim") if claim == claims[pk]]


def without_record(index: Index) -> models.QuerySet[Any]:
    """Return the objects that have no record."""
    objects = objects_of(index).annotate(xsearch_key=Cast("pk", models.TextField()))
    recorded = index_records(index).filter(object_id=models.OuterRef("xsearch_key"))
    unseen: models.QuerySet[Any] = objects.filter(~models.Exists(recorded))
    return unseen


@atomic()
def update_in_order(records: models.QuerySet[IndexRecord], **values: Any) -> int:
    """Update ``records``, locked in the order of marks so that no save meets a deadlock; returns how many."""
    pks = list(records.order_by("object_id").select_for_update().values_list("pk", flat=True))
    return IndexRecord.objects.filter(pk__in=pks).update(**values)


def mark_records(records: models.QuerySet[IndexRecord], **values: Any) -> None:
    """Mark the objects of ``records``, and update ``values`` with them."""
    pending = IndexRecord.Status.PENDING
    update_in_order(records, status=pending, revision=F("revision") + 1, not_before=Now(), **values)
