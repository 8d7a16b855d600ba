"""The only code that writes embeddings, full-text documents and the outcome of a record.

Writers never wait for a row lock. A transaction of the shop locks rows in whatever order it saves them: a writer that
waited for one row while it holds others could bring that transaction into a deadlock, and so fail a save. Writers take
the rows that are free, and return to the others later.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connections, models, transaction
from django.db.models.functions import Now
from pgvector import HalfVector
from psycopg.types.json import Jsonb

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store
from xsearch.indexing import outbox
from xsearch.indexing.batch import DOCUMENT_KEY, IndexingContext, IndexingJob, SpaceFingerprints
from xsearch.indexing.database import atomic, execute_binary, objects_of, rows_of_model
from xsearch.indexing.preparation import kept_values
from xsearch.models import EncoderSpace, IndexRecord

#: Pauses before the rows that a transaction of the shop holds are tried again, and the delay of the next attempt.
_PAUSES_S = (0.05, 0.2, 0.5)
_LEFT_ALONE_S = 5.0

_DOCUMENT = "search_document"

#: Column → value of one row: a vector, the literal of a document, or None to clear it.
RowValues = dict[str, Any]


def write(
    context: IndexingContext, jobs: Sequence[IndexingJob], spaces: Mapping[str, SpaceFingerprints]
) -> list[IndexingJob]:
    """Write the vectors, documents and records of ``jobs``, encoded for ``spaces``; returns the jobs written.

    Skips objects that were deleted meanwhile, and records that another worker claimed after the lease had run out.
    Objects that another transaction holds go back to the queue.
    """
    written: list[IndexingJob] = []
    waiting = list(jobs)
    for pause_s in (*_PAUSES_S, 0.0):
        done, waiting = _write_free(context, waiting, spaces)
        written += done
        if not waiting:
            break
        time.sleep(pause_s)
    if waiting:
        outbox.release([job.record for job in waiting], delay_s=_LEFT_ALONE_S)
    return written


def _write_free(
    context: IndexingContext, jobs: Sequence[IndexingJob], spaces: Mapping[str, SpaceFingerprints]
) -> tuple[list[IndexingJob], list[IndexingJob]]:
    """Write the jobs whose rows are free; returns them, and those whose rows are locked."""
    with transaction.atomic(using=context.using):
        now = _hold_spaces(context)
        if any(now.get(modality) != before for modality, before in spaces.items()):
            outbox.release([job.record for job in jobs])  # swapped meanwhile: to be encoded for the present spaces
            return [], []
        present, busy_objects = _lock_rows(context, [job.obj.pk for job in jobs])
        ours, busy_records = _lock_records([job.record for job in jobs])
        held = [job for job in jobs if job.obj.pk in busy_objects or job.record.pk in busy_records]
        present -= busy_objects
        free = [job for job in jobs if job.obj.pk in present and job.record.pk in ours]
        _write_rows(context, free)
        if free:
            outcomes = Jsonb([_outcome(job, ours[job.record.pk]) for job in free])
            execute_binary(context.using, _FINISH.format(table=IndexRecord._meta.db_table), [outcomes])
        return free, held


def fail(records: Sequence[IndexRecord], error: BaseException) -> None:
    """Record an unexpected error on every record of a batch; they are tried again later."""
    for record in records:
        # A later change of the object deserves an attempt of its own.
        unchanged = IndexRecord.objects.filter(pk=record.pk, claim=record.claim, revision=record.revision)
        attempts = record.attempts + 1
        unchanged.update(
            status=IndexRecord.Status.FAILED,
            last_error=f"{error.__class__.__name__}: {error}",
            attempts=attempts,
            not_before=Now() + timedelta(seconds=_backoff_s(attempts)),
        )
    outbox.release(records)


@atomic()
def forget(context: IndexingContext, records: Sequence[IndexRecord]) -> int:
    """Delete the records of objects that are gone or hidden now, and clear their columns; returns how many."""
    staged = {modality for modality, (_live, fingerprint) in _hold_spaces(context).items() if fingerprint}
    _present, busy = _lock_rows(context, [record.object_id for record in records])
    ours, _busy_records = _lock_records(records)
    busy_ids = {str(pk) for pk in busy}
    unchanged = [record for record in records if record.pk in ours and ours[record.pk].revision == record.revision]
    free = {record.pk: record.object_id for record in unchanged if record.object_id not in busy_ids}
    _clear_rows(context, _filled_by_none_else(context.index, list(free.values())), staged)
    IndexRecord.objects.filter(pk__in=free).delete()
    outbox.release([record for record in records if record.pk not in free], delay_s=_LEFT_ALONE_S)
    return len(free)


def _filled_by_none_else(index: Index, object_pks: Sequence[Any]) -> list[Any]:
    """Return the objects whose columns no index of a parent or child model fills (multi-table inheritance)."""
    kin = [other for other in registered() if other is not index and _is_parent_of_other(index.model, other.model)]
    shown = (objects_of(other).filter(pk__in=object_pks).values_list("pk", flat=True) for other in kin)
    filled = {str(pk) for pks in shown for pk in pks}
    return [pk for pk in object_pks if str(pk) not in filled]


def _is_parent_of_other(one: type[models.Model], other: type[models.Model]) -> bool:
    return issubclass(one, other) or issubclass(other, one)


# Locks


def _hold_spaces(context: IndexingContext) -> dict[str, SpaceFingerprints]:
    """Return the fingerprints of each modality, which stay the same until the transaction ends."""
    with connections[context.using].cursor() as cursor:
        cursor.execute(
            f"SELECT modality, fingerprint, beside->>'fingerprint' FROM {EncoderSpace._meta.db_table}"  # noqa: S608
            " WHERE content_type_id = %s ORDER BY modality FOR SHARE",
            [context.index.content_type.pk],
        )
        return {modality: (live, staged) for modality, live, staged in cursor.fetchall()}


def _lock_rows(context: IndexingContext, object_pks: Collection[Any]) -> tuple[set[Any], set[Any]]:
    """Lock the rows of objects in all tables that indexing writes; returns the objects that exist, and the busy."""
    model = context.index.model
    present, busy = _lock_table(model, "pk", object_pks)
    stores = [*context.stores, *([context.document_store] if context.document_store else [])]
    for other, object_key in {(store.owner, store.object_key) for store in stores} - {(model, "pk")}:
        busy |= _lock_table(other, object_key, object_pks)[1]
    return present, busy


def _lock_table(model: type[models.Model], object_key: str, object_pks: Collection[Any]) -> tuple[set[Any], set[Any]]:
    rows = rows_of_model(model).filter(**{f"{object_key}__in": object_pks}).order_by("pk")
    locked = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
    free = set(locked.values_list("pk", flat=True))
    objects = dict(rows.values_list("pk", object_key))
    return set(objects.values()), {key for pk, key in objects.items() if pk not in free}


def _lock_records(records: Iterable[IndexRecord]) -> tuple[dict[Any, IndexRecord], set[Any]]:
    """Lock those of the claimed ``records`` that are still ours; returns them as they are now, and the busy ones."""
    claims = {record.pk: record.claim for record in records}
    present = IndexRecord.objects.filter(pk__in=claims)
    needed = present.only("claim", "revision").order_by("object_id")
    free = {record.pk: record for record in needed.select_for_update(skip_locked=True)}
    busy = set(present.values_list("pk", flat=True)) - free.keys()
    return {pk: record for pk, record in free.items() if record.claim == claims[pk]}, busy


# Rows


class RowChanges:
    """The new values of rows in the embedding tables, collected so that each row is written once.

    Every new version of a row costs an entry in every index of the table, the HNSW indexes included.
    """

    def __init__(self, using: str) -> None:
        self._using = using
        self._tables: dict[tuple[str, str, str], dict[str, RowValues]] = defaultdict(lambda: defaultdict(dict))

    def set(self, store: Store, row_key: Any, column: str, value: Any) -> None:
        """Add the new value of a column; ``row_key`` is an object's key, or that of a photo row."""
        by_row = not store.link or store.many
        field: models.Field[Any, Any] = store.owner._meta.pk if by_row else store.owner._meta.get_field(store.link)  # type: ignore[assignment]
        table = store.table, str(field.column), str(field.db_type(connections[self._using]))
        self._tables[table][str(row_key)][column] = value

    def write(self) -> None:
        """Write everything: one statement for the rows of a table that have the same columns to write."""
        for (table, key, key_type), rows in self._tables.items():
            alike: dict[tuple[str, ...], dict[str, RowValues]] = defaultdict(dict)
            for row_key, values in rows.items():
                alike[tuple(sorted(values))][row_key] = values
            for columns, group in alike.items():
                _update(self._using, table, (key, key_type), columns, group)


def _update(
    using: str, table: str, key: tuple[str, str], columns: Sequence[str], rows: Mapping[str, RowValues]
) -> None:
    made = {column: f"made.{column}" + ("::tsvector" if column == _DOCUMENT else "") for column in columns}
    # COPY into a temporary table is no faster for 2,000 rows, and slower by a third for the 64 rows of a batch.
    arrays = "".join(f", {'%s::text[]' if column == _DOCUMENT else '%b::halfvec[]'}" for column in columns)
    assignments = ", ".join(f'"{column}" = {made[column]}' for column in columns)
    changes = " OR ".join(f'stored."{column}" IS DISTINCT FROM {made[column]}' for column in columns)
    sql = (
        f'UPDATE "{table}" AS stored SET {assignments}'  # noqa: S608
        f" FROM unnest(%s::text[]{arrays}) AS made(key, {', '.join(columns)})"
        # Equal rows are skipped: a new version of a row costs as much as a change.
        f' WHERE stored."{key[0]}" = made.key::{key[1]} AND ({changes})'
    )
    values = [[_as_parameter(column, row[column]) for row in rows.values()] for column in columns]
    execute_binary(using, sql, [list(rows), *values])


def _as_parameter(column: str, value: Any) -> Any:
    return value if column == _DOCUMENT or value is None else HalfVector(value)


def _write_rows(context: IndexingContext, jobs: Sequence[IndexingJob]) -> None:
    """Write the vectors, live and staged, and the documents."""
    changes = RowChanges(context.using)
    touched: dict[Store, set[Any]] = defaultdict(set)
    for job in jobs:
        if context.document_store and job.document is not None:
            changes.set(context.document_store, job.obj.pk, _DOCUMENT, job.document)
            touched[context.document_store].add(job.obj.pk)
        vectors = [(store, row, store.column, vector) for (store, row), vector in job.live.items()]
        vectors += [(store, row, store.staged_column, vector) for (store, row), vector in job.staged.items()]
        for store, row_pk, column, vector in vectors:
            changes.set(store, job.obj.pk if row_pk is None else row_pk, column, vector)
            touched[store].add(job.obj.pk)
    _create_companions(touched)
    changes.write()


def _create_companions(touched: Mapping[Store, set[Any]]) -> None:
    """Create the missing companion rows."""
    companions: dict[tuple[Any, str], set[Any]] = defaultdict(set)
    for store, object_pks in touched.items():
        if store.link and not store.many:
            companions[store.model, store.link] |= object_pks
    for (model, link), object_pks in companions.items():
        present = set(rows_of_model(model).filter(**{f"{link}__in": object_pks}).values_list(link, flat=True))
        attribute = model._meta.get_field(link).attname
        rows = [model(**{attribute: pk}) for pk in object_pks - present]
        rows_of_model(model).bulk_create(rows, ignore_conflicts=True)


def _clear_rows(context: IndexingContext, object_pks: Sequence[Any], staged: Collection[str]) -> None:
    """Clear the columns of objects, including the staged ones of the modalities in ``staged``."""
    changes = RowChanges(context.using)
    for store in context.stores:
        rows = rows_of_model(store.model).filter(**{f"{store.object_key}__in": object_pks})
        columns = [store.column, _DOCUMENT, *([store.staged_column] if store.modality in staged else [])]
        for key in rows.values_list("pk" if store.many else store.object_key, flat=True):
            for column in columns:
                changes.set(store, key, column, None)
    changes.write()


# Outcomes

# An absent key keeps the present value.
_FINISH = """
UPDATE {table} AS stored SET
    claim = NULL, claimed_until = NULL, indexed_at = statement_timestamp(), last_error = made.last_error,
    source_hashes = coalesce(made.source_hashes, stored.source_hashes),
    fingerprints = coalesce(made.fingerprints, stored.fingerprints),
    phrases = coalesce(made.phrases, stored.phrases),
    values = coalesce(made.values, stored.values),
    status = coalesce(made.status, stored.status),
    forced = coalesce(made.forced, stored.forced),
    attempts = coalesce(made.attempts, stored.attempts),
    not_before = coalesce(statement_timestamp() + made.wait_s * interval '1 second', stored.not_before)
FROM jsonb_to_recordset(%s) AS made(
    pk bigint, last_error text, source_hashes jsonb, fingerprints jsonb, phrases jsonb, values jsonb,
    status text, forced boolean, attempts integer, wait_s double precision
)
WHERE stored.id = made.pk
"""


def _outcome(job: IndexingJob, now: IndexRecord) -> dict[str, Any]:
    """Return the outcome for the record, which is locked; if the object changed since, it waits again."""
    failed = job.failed | job.inputs.outages
    problems = job.problems
    last_error = "\n".join(dict.fromkeys(problems.values())).replace("\x00", "")  # PostgreSQL stores no NUL
    fields: dict[str, Any] = {"pk": now.pk, "last_error": last_error, "values": kept_values(job)}
    if job.is_readable:
        unread = {key.partition(":")[0] for key in job.inputs.outages}
        fields |= {
            "source_hashes": _without(job.hashes, failed | job.broken) | {DOCUMENT_KEY: job.inputs.document_digest},
            "fingerprints": _without(job.fingerprints, {*job.unavailable, *unread}),
            "phrases": job.inputs.phrases,
        }
    if now.revision == job.record.revision:
        status = IndexRecord.Status.FAILED if problems else IndexRecord.Status.INDEXED
        fields |= {"status": status, "forced": False, **_attempts(job)}
    return fields


def _attempts(job: IndexingJob) -> dict[str, Any]:
    if job.failed or job.unavailable or job.inputs.outages:
        attempts = job.record.attempts + 1
        # A long outage of a service is no fault of the object, which must stay in the queue.
        attempts = min(attempts, max(settings.MAX_ATTEMPTS - 1, 0)) if job.must_wait else attempts
        return {"attempts": attempts, "wait_s": _backoff_s(attempts)}
    # An unreadable file is not tried again until the object changes.
    return {"attempts": settings.MAX_ATTEMPTS if job.broken else 0}


def _without(values: dict[str, str], keys: Collection[str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in keys}


def _backoff_s(attempts: int) -> float:
    """Return the delay before the next attempt after ``attempts`` failures."""
    return float(settings.RETRY_BACKOFF_S * 2 ** min(max(attempts - 1, 0), 10))
