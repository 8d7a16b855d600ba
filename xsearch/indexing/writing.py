"""The only place that writes embeddings, documents and what became of a record."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models.functions import Now
from pgvector import HalfVector

from xsearch.conf import settings
from xsearch.indexing import outbox
from xsearch.indexing.encoding import Job, Vector, grouped_by_store
from xsearch.indexing.locking import hold_spaces, lock_records, lock_rows
from xsearch.models import IndexRecord, StagedVector
from xsearch.registry import Index
from xsearch.stores import Store, main_store
from xsearch.text import tsvector_literal

Status = IndexRecord.Status

_DOCUMENT = "document"  # key of the full-text document's source hash


#: Waits before rows that a transaction of the shop holds are tried again, and how long they are left alone then.
_PAUSES_S = (0.05, 0.2, 0.5)
_LEFT_ALONE_S = 5.0


def write(index: Index, jobs: Sequence[Job], live: Mapping[str, str]) -> list[Job]:
    """Write the vectors, documents and records of ``jobs``, made while ``live`` were the spaces; returns those written.

    Objects that were deleted meanwhile, and records that another worker took over after our lease had
    run out, are left alone. Those that somebody is changing at the moment go back to the queue.
    """
    written: list[Job] = []
    waiting = list(jobs)
    for pause_s in (*_PAUSES_S, 0.0):
        done, waiting = _write_free(index, waiting, live)
        written += done
        if not waiting:
            break
        time.sleep(pause_s)
    outbox.release([job.record for job in waiting], delay_s=_LEFT_ALONE_S)
    return written


@transaction.atomic
def _write_free(index: Index, jobs: Sequence[Job], live: Mapping[str, str]) -> tuple[list[Job], list[Job]]:
    """Write those of ``jobs`` that nobody holds; returns them, and those that are held."""
    now_live = hold_spaces(index)
    if any(now_live.get(modality) != fingerprint for modality, fingerprint in live.items()):
        outbox.release([job.record for job in jobs])  # swapped meanwhile: to be encoded for the new space
        return [], []
    present, busy_objects = lock_rows(index, [job.obj.pk for job in jobs])
    ours, busy_records = lock_records([job.record for job in jobs])
    held, free = [], []
    for job in jobs:
        if job.obj.pk in busy_objects or job.record.pk in busy_records:
            held.append(job)
        elif job.obj.pk in present and job.record.pk in ours:
            free.append(job)
    _write_documents(index, free)
    for store, rows in grouped_by_store(free).items():
        _write_vectors(store, rows)
    _write_staged(free)
    for job in free:
        _finish(job, ours[job.record.pk])
    return free, held


def _write_documents(index: Index, jobs: Sequence[Job]) -> None:
    if not index.text:
        return
    changed = [job for job in jobs if job.is_readable and _has_new_words(job)]
    store = main_store(index)
    _ensure_rows(store, [job.obj.pk for job in changed])
    literals = [(tsvector_literal(job.inputs.texts), job.obj.pk) for job in changed]
    _update(store, "search_document", "tsvector", literals)


def _has_new_words(job: Job) -> bool:
    return job.record.forced or job.record.source_hashes.get(_DOCUMENT) != job.inputs.document_digest


def _write_vectors(store: Store, rows: Sequence[tuple[Job, Any, Vector]]) -> None:
    if not store.many:
        _ensure_rows(store, [job.obj.pk for job, _row, _vector in rows])
    pairs = [(_as_text(vector), job.obj.pk if row_pk is None else row_pk) for job, row_pk, vector in rows]
    _update(store, store.column, "halfvec", pairs)


def _as_text(vector: Vector) -> str | None:
    return None if vector is None else str(HalfVector(vector).to_text())


def _ensure_rows(store: Store, object_pks: Sequence[Any]) -> None:
    """Make the companion rows that are missing."""
    if not store.link:
        return
    field: Any = store.model._meta.get_field(store.link)
    rows = [store.model(**{field.attname: pk}) for pk in object_pks]
    store.model._base_manager.bulk_create(rows, ignore_conflicts=True)


def _update(store: Store, column: str, db_type: str, pairs: Sequence[tuple[str | None, Any]]) -> None:
    by_row = not store.link or store.many
    link: Any = None if by_row else store.owner._meta.get_field(store.link)
    key = store.row_key if by_row else link.column
    sql = f'UPDATE "{store.table}" SET "{column}" = %s::{db_type} WHERE "{key}" = %s'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, pairs)


def _write_staged(jobs: Sequence[Job]) -> None:
    rows = [
        StagedVector(
            content_type=ContentType.objects.get_for_model(store.model),
            row_id=str(job.obj.pk if row_pk is None else row_pk),
            modality=store.modality,
            fingerprint=fingerprint,
            vector=None if vector is None else HalfVector(vector),
        )
        for job in jobs
        for (store, row_pk, fingerprint), vector in job.staged.items()
    ]
    StagedVector.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["content_type", "modality", "row_id", "fingerprint"],
        update_fields=["vector"],
    )


def _finish(job: Job, now: IndexRecord) -> None:
    """Record what became of ``job``, whose record is ``now`` locked; a change since then makes it wait again."""
    problems = job.unavailable | job.failed | job.broken
    fields: dict[str, Any] = {"claim": None, "claimed_until": None, "indexed_at": Now()}
    if job.is_readable:
        fields |= {
            "source_hashes": _without(job.hashes, job.failed | job.broken) | {_DOCUMENT: job.inputs.document_digest},
            "fingerprints": _without(job.fingerprints, job.unavailable | _outages_by_modality(job)),
            "phrases": job.inputs.phrases,
        }
    if now.revision == job.record.revision:
        fields |= {"status": Status.FAILED if problems else Status.INDEXED, "forced": False, **_attempts(job)}
    IndexRecord.objects.filter(pk=now.pk).update(last_error="\n".join(dict.fromkeys(problems.values())), **fields)


def _attempts(job: Job) -> dict[str, Any]:
    if job.failed or job.unavailable:
        attempts = job.record.attempts + 1
        # A service that is down for long is no fault of the object, which must not be given up for it.
        return put_off(min(attempts, max(settings.MAX_ATTEMPTS - 1, 0)) if job.must_wait else attempts)
    # What cannot be read is not tried again until it changes.
    return {"attempts": settings.MAX_ATTEMPTS if job.broken else 0}


def _outages_by_modality(job: Job) -> dict[str, str]:
    return {key.partition(":")[0]: reason for key, reason in job.inputs.outages.items()}


def _without(values: dict[str, str], problems: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in problems}


def put_off(attempts: int) -> dict[str, Any]:
    """Return the fields of a record that failed for the ``attempts``-th time and is tried again later."""
    wait = timedelta(seconds=settings.RETRY_BACKOFF_S * 2 ** min(max(attempts - 1, 0), 10))
    return {"attempts": attempts, "not_before": Now() + wait}


def fail(job_records: Sequence[IndexRecord], error: BaseException) -> None:
    """Note an unexpected error on every record of a batch, to be tried again later."""
    for record in job_records:
        # A change since then deserves a try of its own.
        unchanged = IndexRecord.objects.filter(pk=record.pk, claim=record.claim, revision=record.revision)
        unchanged.update(
            status=Status.FAILED, last_error=f"{error.__class__.__name__}: {error}", **put_off(record.attempts + 1)
        )
    outbox.release(job_records)


@transaction.atomic
def forget(index: Index, records: Sequence[IndexRecord]) -> int:
    """Drop the records of objects that are gone or no longer searchable, and empty their columns; returns how many."""
    object_pks = [record.object_id for record in records]
    _present, busy = lock_rows(index, object_pks)
    ours, _busy_records = lock_records(records)
    busy_ids = {str(pk) for pk in busy}
    unchanged = [record for record in records if record.pk in ours and ours[record.pk].revision == record.revision]
    free = [record for record in unchanged if record.object_id not in busy_ids]
    for store in index.stores():
        rows = store.model._base_manager.filter(**{f"{store.object_key}__in": [record.object_id for record in free]})
        rows.update(**{store.column: None, "search_document": None})
    IndexRecord.objects.filter(pk__in=[record.pk for record in free]).delete()
    forgotten = {record.pk for record in free}
    outbox.release([record for record in records if record.pk not in forgotten], delay_s=_LEFT_ALONE_S)
    return len(free)
