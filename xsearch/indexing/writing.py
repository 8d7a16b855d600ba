"""The only place that writes embeddings, documents and what became of a record."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.index.stores import Store, main_store
from xsearch.indexing import outbox
from xsearch.indexing.batch import DOCUMENT_KEY, Job, Spaces
from xsearch.indexing.locking import hold_spaces, lock_records, lock_rows
from xsearch.indexing.rows import RowChanges, execute_binary
from xsearch.models import IndexRecord

Status = IndexRecord.Status

#: Waits before rows that a transaction of the shop holds are tried again, and how long they are left alone then.
_PAUSES_S = (0.05, 0.2, 0.5)
_LEFT_ALONE_S = 5.0


def write(index: Index, jobs: Sequence[Job], spaces: Mapping[str, Spaces]) -> list[Job]:
    """Write the vectors, documents and records of ``jobs``, made for ``spaces``; returns those written.

    Objects that were deleted meanwhile, and records that another worker took over after our lease had
    run out, are left alone. Those that somebody is changing at the moment go back to the queue.
    """
    written: list[Job] = []
    waiting = list(jobs)
    for pause_s in (*_PAUSES_S, 0.0):
        done, waiting = _write_free(index, waiting, spaces)
        written += done
        if not waiting:
            break
        time.sleep(pause_s)
    outbox.release([job.record for job in waiting], delay_s=_LEFT_ALONE_S)
    return written


@transaction.atomic
def _write_free(index: Index, jobs: Sequence[Job], spaces: Mapping[str, Spaces]) -> tuple[list[Job], list[Job]]:
    """Write those of ``jobs`` that nobody holds; returns them, and those that are held."""
    now = hold_spaces(index)
    if any(now.get(modality) != before for modality, before in spaces.items()):
        outbox.release([job.record for job in jobs])  # swapped meanwhile: to be encoded for what is there now
        return [], []
    present, busy_objects = lock_rows(index, [job.obj.pk for job in jobs])
    ours, busy_records = lock_records([job.record for job in jobs])
    held, free = [], []
    for job in jobs:
        if job.obj.pk in busy_objects or job.record.pk in busy_records:
            held.append(job)
        elif job.obj.pk in present and job.record.pk in ours:
            free.append(job)
    _write_rows(index, free)
    _finish([(job, ours[job.record.pk]) for job in free])
    return free, held


def _write_rows(index: Index, jobs: Sequence[Job]) -> None:
    """Write the vectors, live and beside, and the documents."""
    changes = RowChanges()
    touched: dict[Store, set[Any]] = defaultdict(set)
    document = main_store(index) if index.text else None
    for job in jobs:
        if document and job.document is not None:
            changes.set(document, job.obj.pk, "search_document", job.document)
            touched[document].add(job.obj.pk)
        vectors = [(store, row, store.column, vector) for (store, row), vector in job.live.items()]
        vectors += [(store, row, store.beside, vector) for (store, row), vector in job.beside.items()]
        for store, row_pk, column, vector in vectors:
            changes.set(store, job.obj.pk if row_pk is None else row_pk, column, vector)
            touched[store].add(job.obj.pk)
    _ensure_rows(touched)
    changes.write()


def _ensure_rows(touched: Mapping[Store, set[Any]]) -> None:
    """Make the companion rows that are missing."""
    companions: dict[tuple[Any, str], set[Any]] = defaultdict(set)
    for store, object_pks in touched.items():
        if store.link and not store.many:
            companions[store.model, store.link] |= object_pks
    for (model, link), object_pks in companions.items():
        there = set(model._base_manager.filter(**{f"{link}__in": object_pks}).values_list(link, flat=True))
        attribute = model._meta.get_field(link).attname
        rows = [model(**{attribute: pk}) for pk in object_pks - there]
        model._base_manager.bulk_create(rows, ignore_conflicts=True)


# An absent key leaves the column as it is.
_FINISH = """
UPDATE {table} AS stored SET
    claim = NULL, claimed_until = NULL, indexed_at = statement_timestamp(), last_error = made.last_error,
    source_hashes = coalesce(made.source_hashes, stored.source_hashes),
    fingerprints = coalesce(made.fingerprints, stored.fingerprints),
    phrases = coalesce(made.phrases, stored.phrases),
    status = coalesce(made.status, stored.status),
    forced = coalesce(made.forced, stored.forced),
    attempts = coalesce(made.attempts, stored.attempts),
    not_before = coalesce(statement_timestamp() + made.wait_s * interval '1 second', stored.not_before)
FROM jsonb_to_recordset(%s) AS made(
    pk bigint, last_error text, source_hashes jsonb, fingerprints jsonb, phrases jsonb,
    status text, forced boolean, attempts integer, wait_s double precision
)
WHERE stored.id = made.pk
"""


def _finish(jobs: Sequence[tuple[Job, IndexRecord]]) -> None:
    """Record what became of each job, whose record is now locked; a change since then makes it wait again."""
    if jobs:
        made = Jsonb([_outcome(job, now) for job, now in jobs])
        execute_binary(_FINISH.format(table=IndexRecord._meta.db_table), [made])


def _outcome(job: Job, now: IndexRecord) -> dict[str, Any]:
    failed = job.failed | job.inputs.outages
    problems = job.unavailable | failed | job.broken
    fields: dict[str, Any] = {"pk": now.pk, "last_error": _lines(problems)}
    if job.is_readable:
        fields |= {
            "source_hashes": _without(job.hashes, failed | job.broken) | {DOCUMENT_KEY: job.inputs.document_digest},
            "fingerprints": _without(job.fingerprints, job.unavailable | _outages_by_modality(job)),
            "phrases": job.inputs.phrases,
        }
    if now.revision == job.record.revision:
        fields |= {"status": Status.FAILED if problems else Status.INDEXED, "forced": False, **_attempts(job)}
    return fields


def _lines(problems: Mapping[str, str]) -> str:
    return "\n".join(dict.fromkeys(problems.values())).replace("\x00", "")  # which PostgreSQL does not store


def _attempts(job: Job) -> dict[str, Any]:
    if job.failed or job.unavailable or job.inputs.outages:
        attempts = job.record.attempts + 1
        # A service that is down for long is no fault of the object, which must not be given up for it.
        attempts = min(attempts, max(settings.MAX_ATTEMPTS - 1, 0)) if job.must_wait else attempts
        return {"attempts": attempts, "wait_s": wait_s(attempts)}
    # What cannot be read is not tried again until it changes.
    return {"attempts": settings.MAX_ATTEMPTS if job.broken else 0}


def _outages_by_modality(job: Job) -> dict[str, str]:
    return {key.partition(":")[0]: reason for key, reason in job.inputs.outages.items()}


def _without(values: dict[str, str], problems: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in problems}


def wait_s(attempts: int) -> float:
    """Return how long an object is left alone that failed for the ``attempts``-th time."""
    return float(settings.RETRY_BACKOFF_S * 2 ** min(max(attempts - 1, 0), 10))


def fail(job_records: Sequence[IndexRecord], error: BaseException) -> None:
    """Note an unexpected error on every record of a batch, to be tried again later."""
    for record in job_records:
        # A change since then deserves a try of its own.
        unchanged = IndexRecord.objects.filter(pk=record.pk, claim=record.claim, revision=record.revision)
        attempts = record.attempts + 1
        unchanged.update(
            status=Status.FAILED,
            last_error=f"{error.__class__.__name__}: {error}",
            attempts=attempts,
            not_before=Now() + timedelta(seconds=wait_s(attempts)),
        )
    outbox.release(job_records)


@transaction.atomic
def forget(index: Index, records: Sequence[IndexRecord]) -> int:
    """Drop the records of objects that are gone or no longer searchable, and empty their columns; returns how many."""
    beside = {modality for modality, (_live, fingerprint) in hold_spaces(index).items() if fingerprint}
    object_pks = [record.object_id for record in records]
    _present, busy = lock_rows(index, object_pks)
    ours, _busy_records = lock_records(records)
    busy_ids = {str(pk) for pk in busy}
    unchanged = [record for record in records if record.pk in ours and ours[record.pk].revision == record.revision]
    free = [record for record in unchanged if record.object_id not in busy_ids]
    _empty_rows(index, [record.object_id for record in free], beside)
    IndexRecord.objects.filter(pk__in=[record.pk for record in free]).delete()
    forgotten = {record.pk for record in free}
    outbox.release([record for record in records if record.pk not in forgotten], delay_s=_LEFT_ALONE_S)
    return len(free)


def _empty_rows(index: Index, object_pks: Sequence[Any], beside: Collection[str]) -> None:
    """Empty the columns of objects; those beside too, for the modalities that have some."""
    changes = RowChanges()
    for store in index.stores():
        rows = store.model._base_manager.filter(**{f"{store.object_key}__in": object_pks})
        columns = [store.column, "search_document", *([store.beside] if store.modality in beside else [])]
        for key in rows.values_list("pk" if store.many else store.object_key, flat=True):
            for column in columns:
                changes.set(store, key, column, None)
    changes.write()
