"""The only place that writes embeddings, documents and what became of a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from pgvector import HalfVector

from xsearch.conf import settings
from xsearch.indexing.encoding import Job, Vector, grouped_by_store
from xsearch.models import IndexRecord, StagedVector
from xsearch.registry import Index
from xsearch.stores import Store, main_store
from xsearch.text import tsvector_literal

Status = IndexRecord.Status

_DOCUMENT = "document"  # key of the full-text document's source hash


@transaction.atomic
def write(index: Index, jobs: Sequence[Job]) -> None:
    """Write the vectors, documents and records of ``jobs``.

    Objects that were deleted meanwhile, and records that another worker took over after our lease had
    run out, are left alone. Rows are locked before records, as ``save()`` and its signal do.
    """
    pks = [job.obj.pk for job in jobs]
    locked = index.model._base_manager.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True, of=("self",))
    present = set(locked.values_list("pk", flat=True))
    claims = {job.record.pk: job.record.claim for job in jobs}
    records = IndexRecord.objects.filter(pk__in=claims).order_by("pk").select_for_update()
    ours = {record.pk for record in records if record.claim == claims[record.pk]}
    jobs = [job for job in jobs if job.obj.pk in present and job.record.pk in ours]
    _write_documents(index, jobs)
    for store, rows in grouped_by_store(jobs).items():
        _write_vectors(store, rows)
    _write_staged(jobs)
    for job in jobs:
        _finish(job)


def _write_documents(index: Index, jobs: Sequence[Job]) -> None:
    if not index.text:
        return
    changed = [
        job for job in jobs if job.record.forced or job.record.source_hashes.get(_DOCUMENT) != job.inputs.text_digest
    ]
    store = main_store(index)
    _ensure_rows(store, [job.obj.pk for job in changed])
    literals = [(tsvector_literal(job.inputs.texts), job.obj.pk) for job in changed]
    _update(store, "search_document", "tsvector", literals)


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
    table = store.model._meta.db_table
    by_row = not store.link or store.many
    key: Any = store.model._meta.pk if by_row else store.model._meta.get_field(store.link)
    sql = f'UPDATE "{table}" SET "{column}" = %s::{db_type} WHERE "{key.column}" = %s'  # noqa: S608
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


def _finish(job: Job) -> None:
    problems = {**job.broken, **job.failed}
    done = Status.FAILED if problems else Status.INDEXED
    unchanged_since = When(revision=job.record.revision, then=Value(done))
    # What cannot be read is not tried again until it changes; a failing model is.
    attempts = job.record.attempts + 1 if job.failed else settings.MAX_ATTEMPTS if job.broken else 0
    IndexRecord.objects.filter(pk=job.record.pk).update(
        status=Case(unchanged_since, default=Value(Status.PENDING)),
        forced=Case(When(revision=job.record.revision, then=Value(False)), default=F("forced")),
        source_hashes={**_without(job.hashes, problems), _DOCUMENT: job.inputs.text_digest},
        fingerprints=_without(job.fingerprints, job.failed),
        phrases=job.inputs.phrases,
        attempts=attempts,
        last_error="\n".join(problems.values()),
        not_before=timezone.now() + (backoff(attempts) if job.failed else timedelta()),
        claim=None,
        claimed_until=None,
        indexed_at=timezone.now(),
    )


def _without(values: dict[str, str], problems: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in problems}


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts."""
    return timedelta(seconds=settings.RETRY_BACKOFF_S * 2 ** min(attempts, 10))


def fail(job_records: Sequence[IndexRecord], error: BaseException) -> None:
    """Note an unexpected error on every record of a batch, to be tried again later."""
    for record in job_records:
        attempts = record.attempts + 1
        IndexRecord.objects.filter(pk=record.pk, claim=record.claim).update(
            status=Status.FAILED,
            attempts=attempts,
            last_error=f"{error.__class__.__name__}: {error}",
            not_before=timezone.now() + backoff(attempts),
            claim=None,
            claimed_until=None,
        )


def forget(index: Index, records: Sequence[IndexRecord]) -> None:
    """Drop the records of objects that are gone or no longer searchable, and empty their columns."""
    pks = [record.object_id for record in records]
    for store in index.stores():
        store.model._base_manager.filter(**{f"{store.object_key}__in": pks}).update(
            **{store.column: None, "search_document": None}
        )
    IndexRecord.objects.filter(pk__in=[record.pk for record in records]).delete()
