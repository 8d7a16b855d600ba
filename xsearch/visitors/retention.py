"""Retention: deletion of what is older than the settings allow, and new counts of what is popular."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from celery import shared_task
from django.utils import timezone

from xsearch.conf import settings
from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors.events import count_popularity
from xsearch.visitors.queries import count_popular


class TidyCounts(NamedTuple):
    """Numbers of deleted and of counted rows."""

    events: int
    queries: int
    visitors: int
    popular_queries: int
    popular_objects: int


def tidy() -> TidyCounts:
    """Delete what is too old, and count what is popular again."""
    today = timezone.localdate()
    old_visitors = Visitor.objects.filter(seen_on__lt=today - timedelta(days=settings.VISITORS_KEEP_DAYS))
    visitors = old_visitors.delete()[1].get(Visitor._meta.label, 0)  # with their events and queries
    old_events = Event.objects.filter(created_at__lt=timezone.now() - timedelta(days=settings.EVENTS_KEEP_DAYS))
    old_queries = QueryLog.objects.filter(day__lt=today - timedelta(days=settings.QUERIES_KEEP_DAYS))
    return TidyCounts(old_events.delete()[0], old_queries.delete()[0], visitors, count_popular(), count_popularity())


@shared_task(name="xsearch.tidy", ignore_result=True)  # type: ignore[no-untyped-call,untyped-decorator]
def tidy_task() -> None:
    """Run ``tidy`` in a worker; schedule it every hour."""
    tidy()
