"""Whether the parts that the search is made of can be reached."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import Count

from xsearch.conf import settings
from xsearch.models import IndexRecord
from xsearch.registry import registered

BROKER_TIMEOUT_S = 1.0


def check() -> dict[str, Any]:
    """Return the state of every part; "down" only if no search can be answered."""
    pgvector = _pgvector_version()
    broker = _broker_answers()
    encoders = {alias: _encoder_state(alias) for alias in sorted({a for a in settings.EMBEDDINGS.values() if a})}
    counts = None if pgvector is None else _counts()
    healthy = pgvector and broker and all(state == "ready" for state in encoders.values())
    return {
        "status": "down" if counts is None else "ok" if healthy else "degraded",
        "database": pgvector is not None,
        "pgvector": pgvector or None,
        "broker": broker,
        "encoders": encoders,
        "indexes": counts or {},
    }


def _pgvector_version() -> str | None:
    """Return the version of the extension, "" where it is missing, None without a database."""
    try:
        with connections[router.db_for_read(IndexRecord)].cursor() as cursor:
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            row = cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return None
    return str(row[0]) if row else ""


def _broker_answers() -> bool:
    from celery import current_app

    try:
        with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_S)
    except Exception:  # noqa: BLE001 - each transport raises its own
        return False
    return True


def _encoder_state(alias: str) -> str:
    from xsearch.encoders import get_encoder

    try:
        get_encoder(alias)
    except Exception as error:  # noqa: BLE001 - a backend of the host may raise anything
        return str(error)
    return "ready"


def _counts() -> dict[str, dict[str, int]] | None:
    """Return how many objects of each index have which status; None where the tables are missing."""
    try:
        return _count_records()
    except (DatabaseError, InterfaceError):
        return None


def _count_records() -> dict[str, dict[str, int]]:
    labels = {ContentType.objects.get_for_model(index.model).pk: index.label for index in registered()}
    counts: dict[str, dict[str, int]] = {
        label: dict.fromkeys(IndexRecord.Status.values, 0) for label in labels.values()
    }
    rows = IndexRecord.objects.values_list("content_type_id", "status").order_by().annotate(Count("pk"))
    for content_type_id, status, count in rows:
        if content_type_id in labels:
            counts[labels[content_type_id]][status] = count
    return counts
