"""What people search for: popular queries for everybody, and an overview for the shop owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, Max, OuterRef, Q, Value, When
from django.utils import timezone

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Event, PopularQuery, QueryLog
from xsearch.visitors.counting import replace_all
from xsearch.visitors.query_texts import normalised

Rows = models.QuerySet[Any]

_OVERVIEW_DAYS = 30
_OVERVIEW_SIZE = 15
_AS_ONE = Max(Case(When(visitor=None, then=Value(1)), default=Value(0)))


@dataclass(frozen=True)
class Searches:
    """What was searched for lately: counts of all searches, and the queries that several people asked."""

    total: int
    #: Of them, how many found nothing close, and of how many a result was opened.
    found_nothing: int
    clicked: int
    #: {text, searches, askers, found_nothing, clicked} of the most frequent, and of those that mostly found nothing.
    frequent: list[dict[str, Any]]
    unanswered: list[dict[str, Any]]


def popular_queries(index: Index, prefix: str, limit: int = 8) -> list[str]:
    """Return what several people searched for, with success, that begins with ``prefix``; the most popular first."""
    wanted = normalised(prefix)
    if not wanted or limit < 1:
        return []
    found = PopularQuery.objects.filter(content_type=index.content_type, text__startswith=wanted)
    found = found.filter(askers__gte=settings.MIN_ASKERS)
    return list(found.order_by("-askers", "-searches", "text").values_list("text", flat=True)[:limit])


def count_popular() -> int:
    """Count anew which queries are popular; returns how many there are."""
    successful = first_pages().filter(is_close=True, total__gt=0)
    rows = by_text(successful, "content_type_id").values("content_type_id", "text", "askers", "searches")
    return replace_all(PopularQuery, [PopularQuery(**row) for row in rows])


def searches_of(index: Index) -> Searches:
    """Return what was searched for in ``index`` during the last 30 days."""
    since = timezone.localdate() - timedelta(days=_OVERVIEW_DAYS)
    recent = first_pages().filter(content_type=index.content_type, day__gte=since)
    clicks = Event.objects.filter(query_id=OuterRef("pk")).exclude(kind=Event.Kind.DISMISS)
    recent = recent.annotate(is_clicked=Exists(clicks))
    counts = {"found_nothing": Count("pk", filter=Q(is_close=False)), "clicked": Count("pk", filter=Q(is_clicked=True))}
    # Only the owner sees this: what was asked on several days is hardly one person's secret, whoever it was.
    unknown = Count("day", distinct=True, filter=Q(visitor=None))
    rows = by_text(recent, unknown=unknown, **counts).values("text", "askers", "searches", *counts)
    unanswered = rows.filter(found_nothing__gt=0).order_by("-found_nothing", "text")
    return Searches(
        **recent.aggregate(total=Count("pk"), **counts),
        frequent=list(rows.order_by("-searches", "text")[:_OVERVIEW_SIZE]),
        unanswered=list(unanswered[:_OVERVIEW_SIZE]),
    )


def first_pages() -> Rows:
    """Return the searches, without the further pages of their results, that no filter narrowed."""
    return QueryLog.objects.filter(page=1, is_filtered=False)


def by_text(searches: Rows, *groups: str, unknown: Any = _AS_ONE, **counts: Any) -> Rows:
    """Group ``searches`` by their words, and keep only what several people searched for.

    People who did not agree to be remembered cannot be told apart, so that they all count as one, or as ``unknown``.
    """
    grouped = searches.exclude(text="").values("text", *groups)
    grouped = grouped.annotate(askers=Count("visitor", distinct=True) + unknown, searches=Count("pk"), **counts)
    found: Rows = grouped.filter(askers__gte=settings.MIN_ASKERS).order_by()
    return found
