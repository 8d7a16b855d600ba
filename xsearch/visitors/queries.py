"""Queries: written down without what is personal, counted for everybody, and an overview for the shop owner."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.indexing.database import atomic
from xsearch.models import Event, PopularQuery, QueryLog
from xsearch.models.visitors import today
from xsearch.text import detect_language
from xsearch.visitors.events import replace_all
from xsearch.visitors.identity import remembered_visitor

logger = logging.getLogger("xsearch.visitors")

#: Longer texts are not stored.
MAX_CHARACTERS = 80
#: More digits than a size or a price has are a phone, card, order or identity number, however they are grouped.
_MAX_DIGITS_IN_A_ROW = 6
_CENTS = re.compile(r"(?<=\d)\.\d\d?(?!\d)")
_DIGITS = re.compile(r"\d(?:[\s().+/-]{0,3}\d)*")
_ADDRESS = re.compile(r"@|＠|://|\bwww\.|\S\.(?:com|net|org|cn)\b")
_OVERVIEW_DAYS = 30
_OVERVIEW_SIZE = 15
_AS_ONE = Max(Case(When(visitor=None, then=Value(1)), default=Value(0)))


@dataclass(frozen=True)
class QueryStatistics:
    """Counts of the latest searches, and the queries that several people asked."""

    total: int
    #: Searches that found nothing close, and searches of which a result was opened.
    found_nothing: int
    clicked: int
    #: {text, searches, askers, found_nothing, clicked} of the most frequent, and of those that found nothing.
    frequent: list[dict[str, Any]]
    unanswered: list[dict[str, Any]]


def record_search(request: HttpRequest, indexes: Sequence[Index], results: Any, asked: Mapping[str, Any]) -> None:
    """Write down a search and its success, under the first of several indexes; an error is only logged.

    ``asked`` are the parameters of the search. Words are stored only if they were typed and are the whole query:
    not with a photo or a recording, and not if they look personal.
    """
    if not settings.LOG_QUERIES:
        return
    try:
        with atomic():
            _record_search(request, indexes, results, asked)
    except DatabaseError:
        logger.exception("A search could not be written down")


def _record_search(request: HttpRequest, indexes: Sequence[Index], results: Any, asked: Mapping[str, Any]) -> None:
    is_typed = asked.get("q") and not any(asked.get(name) for name in ("image", "audio", "spoken", "heard"))
    text = storable(results.corrected or results.query) if is_typed else ""
    QueryLog.objects.create(
        query_id=results.query_id,
        content_type_id=indexes[0].content_type.pk,
        text=text,
        language=detect_language(text) if text else "",
        page=results.page,
        total=results.total,
        is_close=results.is_close and results.total > 0,
        is_filtered=any(asked.get(name) not in (None, "", []) for index in indexes for name in index.filter_names()),
        visitor=remembered_visitor(request),
    )


def storable(text: str) -> str:
    """Return ``text`` as it may be stored, in lower case; an empty text if it is long or looks personal."""
    normal = normalised(text)
    if len(normal) > MAX_CHARACTERS or _ADDRESS.search(normal):
        return ""
    runs = _DIGITS.findall(_CENTS.sub("", normal))
    is_number = any(sum(map(str.isdigit, run)) > _MAX_DIGITS_IN_A_ROW for run in runs)
    return "" if is_number else normal


def normalised(text: str) -> str:
    """Return ``text`` in lower case, with plain characters for full-width ones and single spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\x00", "")
    return " ".join(plain.split())[: QueryLog._meta.get_field("text").max_length or None]


def popular_queries(index: Index, prefix: str, limit: int = 8) -> list[str]:
    """Return the queries of several people that found something and begin with ``prefix``; the most popular first."""
    start = normalised(prefix)
    if not start or limit < 1:
        return []
    found = PopularQuery.objects.filter(content_type=index.content_type, text__startswith=start)
    found = found.filter(askers__gte=settings.MIN_ASKERS)
    return list(found.order_by("-askers", "-searches", "text").values_list("text", flat=True)[:limit])


def count_popular() -> int:
    """Count the popular queries again; return how many there are."""
    successful = first_pages().filter(is_close=True, total__gt=0)
    rows = by_text(successful, "content_type_id").values("content_type_id", "text", "askers", "searches")
    return replace_all(PopularQuery, [PopularQuery(**row) for row in rows])


def searches_of(index: Index) -> QueryStatistics:
    """Return the counts of the searches in ``index`` during the last 30 days."""
    since = today() - timedelta(days=_OVERVIEW_DAYS)
    recent = first_pages().filter(content_type=index.content_type, day__gte=since)
    clicks = Event.objects.filter(query_id=OuterRef("pk")).exclude(kind=Event.Kind.DISMISS)
    recent = recent.annotate(is_clicked=Exists(clicks))
    counts = {"found_nothing": Count("pk", filter=Q(is_close=False)), "clicked": Count("pk", filter=Q(is_clicked=True))}
    # Only the owner sees this, and a query of several days is hardly one person's secret.
    anonymous = Count("day", distinct=True, filter=Q(visitor=None))
    rows = by_text(recent, anonymous=anonymous, **counts).values("text", "askers", "searches", *counts)
    frequent = rows.order_by("-searches", "text")[:_OVERVIEW_SIZE]
    unanswered = rows.filter(found_nothing__gt=0).order_by("-found_nothing", "text")[:_OVERVIEW_SIZE]
    totals = recent.aggregate(total=Count("pk"), **counts)
    return QueryStatistics(**totals, frequent=list(frequent), unanswered=list(unanswered))


def first_pages() -> QuerySet[Any]:
    """Return the searches without a filter, each without the further pages of its results."""
    return QueryLog.objects.filter(page=1, is_filtered=False)


def by_text(searches: QuerySet[Any], *groups: str, anonymous: Any = _AS_ONE, **counts: Any) -> QuerySet[Any]:
    """Group ``searches`` by their words, and keep the words that several people searched for.

    People without consent cannot be told apart: all of them count as one, or as ``anonymous``.
    """
    grouped = searches.exclude(text="").values("text", *groups)
    grouped = grouped.annotate(askers=Count("visitor", distinct=True) + anonymous, searches=Count("pk"), **counts)
    found: QuerySet[Any] = grouped.filter(askers__gte=settings.MIN_ASKERS).order_by()
    return found
