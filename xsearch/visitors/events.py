"""Writing down what happened; nothing here may get in the way of a search."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, IntegrityError, models, transaction
from django.http import HttpRequest

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Event, QueryLog
from xsearch.text import detect_language
from xsearch.visitors.identity import remembered_visitor
from xsearch.visitors.query_texts import storable

logger = logging.getLogger("xsearch.visitors")


def record_event(
    request: HttpRequest, index: Index, obj: models.Model, kind: str, query_id: uuid.UUID, position: int | None
) -> Event:
    """Write down what a customer did with ``obj``: a remembered visitor did it, or nobody knows who."""
    event = Event(
        query_id=query_id,
        content_type=index.content_type,
        object_id=str(obj.pk),
        kind=kind,
        position=position,
        visitor=remembered_visitor(request),
    )
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError:  # the visitor erased everything at this very moment
        event.pk, event.visitor = None, None
        event.save()
    return event


def record_search(request: HttpRequest, indexes: Sequence[Index], results: Any, asked: Mapping[str, Any]) -> None:
    """Write down what was searched for and whether something was found; of several indexes, as asked of the first.

    ``asked`` are the parameters of the search. Words are kept where they were typed and are all there is to the
    query: not those of a recording, nor beside a photo, nor such that look personal.
    """
    if not settings.LOG_QUERIES:
        return
    try:
        with transaction.atomic():
            _record_search(request, indexes, results, asked)
    except DatabaseError:
        logger.exception("A search could not be written down")


def _record_search(request: HttpRequest, indexes: Sequence[Index], results: Any, asked: Mapping[str, Any]) -> None:
    is_typed = asked.get("q") and not any(asked.get(name) for name in ("image", "audio", "spoken", "heard"))
    text = storable(results.corrected or results.query) if is_typed else ""
    QueryLog.objects.create(
        query_id=results.query_id,
        content_type=indexes[0].content_type,
        text=text,
        language=detect_language(text) if text else "",
        page=results.page,
        total=results.total,
        is_close=results.is_close and results.total > 0,
        is_filtered=any(asked.get(name) not in (None, "", []) for index in indexes for name in index.filter_names()),
        visitor=remembered_visitor(request),
    )
