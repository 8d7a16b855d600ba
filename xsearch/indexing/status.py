"""Status of the index: counts, encoders, database indexes, the queue, and the parts that can be reached."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, models
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.module_loading import import_string

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.index.stores import Store, main_store
from xsearch.indexing import vector_indexes
from xsearch.indexing.columns import rows_lacking, rows_with
from xsearch.indexing.database import fetch_one, has_column, objects_of, rows_of_model
from xsearch.indexing.outbox import claimable, index_records, without_record
from xsearch.indexing.queues import task_queue
from xsearch.indexing.spaces import configured_encoder, live_spaces, used_encoders
from xsearch.models import EncoderSpace, IndexRecord
from xsearch.models.routing import primary_reads

#: Sweeps after which waiting records mean that no worker is running.
PATIENCE_SWEEPS = 3
#: Failed objects that are named; the others are counted.
FAILURES_NAMED = 10


@primary_reads()
def status() -> dict[str, Any]:
    """Return the counts, encoders, database indexes and queue, as ``xsearch_status --json`` prints them."""
    by_label = {index.label: index_status(index) for index in registered()}
    waiting = [model["queue"] for model in by_label.values()]
    oldest = [queue["oldest_s"] for queue in waiting if queue["oldest_s"] is not None]
    return {
        "models": by_label,
        "queue": {
            "broker": task_queue().answers(),
            "waiting": sum(queue["waiting"] for queue in waiting),
            "in_work": sum(queue["in_work"] for queue in waiting),
            "oldest_s": max(oldest, default=None),
            "stuck": any(queue["stuck"] for queue in waiting),
        },
        "encoders": {alias: encoder_status(alias) for alias in settings.ENCODERS},
        "speech": [_speech_status(spec) for spec in settings.TRANSCRIBERS],
        "pgvector": pgvector_version(),
    }


def health() -> dict[str, Any]:
    """Return the state of every part, for load balancers; "down" only if no search can be answered."""
    try:
        pgvector, has_database = pgvector_version(), True
    except Error:
        pgvector, has_database = None, False
    broker = task_queue().answers()
    encoders = {alias: encoder_status(alias)["error"] or "ready" for alias in sorted(used_encoders())}
    healthy = broker and all(state == "ready" for state in encoders.values())
    return {
        "status": "down" if not has_database else "ok" if healthy else "degraded",
        "database": has_database,
        "pgvector": pgvector,
        "broker": broker,
        "encoders": encoders,
        "indexes": _record_counts() if has_database else {},
    }


def _record_counts() -> dict[str, dict[str, int]] | None:
    """Return the number of records by index and status, in one statement; None if the tables are missing."""
    rows = IndexRecord.objects.order_by().values_list("content_type_id", "status").annotate(Count("pk"))
    try:
        found = {(content_type_id, status): count for content_type_id, status, count in rows}
        types = {index.label: index.content_type.pk for index in registered()}
    except Error:
        return None
    statuses = [str(each) for each in IndexRecord.Status.values]
    return {label: {each: found.get((pk, each), 0) for each in statuses} for label, pk in types.items()}


def index_status(index: Index) -> dict[str, Any]:
    """Return the counts, columns and queue of one model."""
    latest: datetime | None = index_records(index).aggregate(latest=Max("indexed_at"))["latest"]
    return {
        "counts": counts(index),
        "last_indexed_at": latest.isoformat() if latest else None,
        "columns": _columns(index),
        "queue": _queue(index),
        "failures": failures(index),
    }


def failures(index: Index) -> list[dict[str, str]]:
    """Return the first objects that could not be indexed: the key, the object as a text, and the error."""
    failed = index_records(index).filter(status=IndexRecord.Status.FAILED).order_by("marked_at", "pk")
    found = list(failed.values_list("object_id", "last_error")[:FAILURES_NAMED])
    objects = rows_of_model(index.model).filter(pk__in=[key for key, _error in found])
    names = {str(obj.pk): _as_text(obj) for obj in objects}
    return [{"key": key, "object": names.get(key, ""), "error": error} for key, error in found]


def _as_text(obj: models.Model) -> str:
    try:
        return str(obj)
    except Exception as error:  # noqa: BLE001 - what the shop writes may be what failed
        return f"({error.__class__.__name__}: {error})"


def counts(index: Index) -> dict[str, int]:
    """Return how many objects there are, by status; "unseen" ones await the next sweep."""
    found = dict(index_records(index).order_by().values_list("status").annotate(Count("pk")))
    by_status = {str(value): found.get(value, 0) for value in IndexRecord.Status.values}
    return {"total": objects_of(index).count(), **by_status, "unseen": without_record(index).count()}


def encoder_status(alias: str) -> dict[str, Any]:
    """Return the facts about an encoder, or the error that it raises."""
    facts: dict[str, Any] = {
        "backend": settings.ENCODERS.get(alias, {}).get("BACKEND"),
        "used_for": [modality for modality, name in settings.EMBEDDINGS.items() if name == alias],
        "error": None,
    }
    try:
        encoder = configured_encoder(alias)
        return facts | {
            "modalities": sorted(encoder.modalities),
            "dimension": encoder.dimension,
            "fingerprint": encoder.fingerprint,
        }
    except Exception as error:  # noqa: BLE001 - a backend of the host may raise anything
        return facts | {"modalities": [], "dimension": None, "fingerprint": None, "error": str(error)}


def pgvector_version() -> str | None:
    """Return the version of the extension in the database, None where it is missing."""
    row = fetch_one("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    return str(row[0]) if row else None


def _queue(index: Index) -> dict[str, Any]:
    now = timezone.now()
    records = index_records(index)
    oldest = claimable(index).aggregate(oldest=Min("not_before"))["oldest"]
    in_work = records.filter(claimed_until__gt=now).count()
    delayed = records.filter(status=IndexRecord.Status.FAILED, attempts__lt=settings.MAX_ATTEMPTS, not_before__gt=now)
    patience = timedelta(seconds=PATIENCE_SWEEPS * settings.SWEEP_INTERVAL_S)
    idle = not in_work and not records.filter(indexed_at__gt=now - patience).exists()
    return {
        "waiting": claimable(index).count(),
        "in_work": in_work,
        "retrying": delayed.count(),
        "oldest_s": round((now - oldest).total_seconds()) if oldest else None,
        "stuck": bool(oldest and oldest < now - patience and idle),
    }


def _columns(index: Index) -> list[dict[str, Any]]:
    spaces = live_spaces(index)
    columns = [_vector_column(store, spaces.get(store.modality)) for store in index.stores()]
    if not index.text:
        return columns
    facts = _column(main_store(index), "search_document")
    return [{"key": "document", **facts, "encoder": None, "state": "live" if facts["filled"] else "empty"}, *columns]


def _vector_column(store: Store, space: EncoderSpace | None) -> dict[str, Any]:
    alias = settings.EMBEDDINGS.get(store.modality)
    configured = encoder_status(alias)["fingerprint"] if alias else None
    return {
        "key": store.key,
        **_column(store, store.column),
        "encoder": alias,
        "state": _state(alias, space, configured),
        "dimension": space.dimension if space else None,
        "fingerprint": space.fingerprint if space else None,
        "configured_fingerprint": configured,
        "since": space.since.isoformat() if space else None,
        "beside": _staged_column(store, space) if space and space.beside else None,
    }


def _staged_column(store: Store, space: EncoderSpace) -> dict[str, Any] | None:
    """Return the state of the staged vectors; None for a table that has no staged column yet."""
    if not has_column(store.table, store.staged_column):
        return None
    filled, lacking = rows_with(store, live=False).count(), rows_lacking(store, live=False).count()
    return {
        "state": space.staged_state,
        "fingerprint": space.staged_fingerprint,
        "dimension": (space.beside or {})["dimension"],
        "filled": filled,
        "lacking": lacking,
        "index": _database_index(store, store.staged_column),
    }


def _column(store: Store, column: str) -> dict[str, Any]:
    return {
        "column": f"{store.model._meta.label}.{column}",
        "filled": rows_of_model(store.model).exclude(**{column: None}).count(),
        "index": _database_index(store, column),
    }


def _database_index(store: Store, column: str) -> dict[str, Any]:
    row = vector_indexes.index_row(store, column)
    name = vector_indexes.index_name(store, column)
    return {"name": name, "present": row is not None, "bytes": row[2] if row else None}


def _state(alias: str | None, space: EncoderSpace | None, configured: str | None) -> str:
    """Return "off", "broken", "empty", "live", or "rebuilding" while another encoder's vectors are made."""
    if alias is None:
        return "off"
    if configured is None:
        return "broken"
    if space is None:
        return "empty"
    return "live" if space.fingerprint == configured else "rebuilding"


def _speech_status(spec: dict[str, Any]) -> dict[str, Any]:
    # Imported by its path in the settings: indexing does not depend on the speech package.
    facts: dict[str, Any] = {"backend": spec.get("BACKEND"), "languages": [], "error": None}
    try:
        recogniser = import_string(spec["BACKEND"])(**spec.get("OPTIONS", {}))
        return facts | {"languages": sorted(recogniser.languages)}
    except Exception as error:  # noqa: BLE001 - a backend of the host may raise anything
        return facts | {"error": f"{error.__class__.__name__}: {error}"}
