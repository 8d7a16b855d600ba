"""Health of the search: database, extension, broker, encoders, and the objects of each index by status."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, InterfaceError
from django.db.models import Count

from xsearch.conf import settings
from xsearch.index.registry import registered
from xsearch.indexing.status import broker_answers, encoder_status, pgvector_version
from xsearch.models import IndexRecord


def check() -> dict[str, Any]:
    """Return the state of every part; "down" only if no search can be answered."""
    try:
        pgvector, has_database = pgvector_version(), True
    except (DatabaseError, InterfaceError):
        pgvector, has_database = None, False
    broker = broker_answers()
    encoders = {
        alias: encoder_status(alias)["error"] or "ready" for alias in sorted(filter(None, settings.EMBEDDINGS.values()))
    }
    healthy = broker and all(state == "ready" for state in encoders.values())
    return {
        "status": "down" if not has_database else "ok" if healthy else "degraded",
        "database": has_database,
        "pgvector": pgvector,
        "broker": broker,
        "encoders": encoders,
        "indexes": _counts() if has_database else {},
    }


def _counts() -> dict[str, dict[str, int]] | None:
    """Return the number of objects by index and status; None if the tables are missing."""
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
