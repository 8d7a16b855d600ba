"""Nothing is kept longer than the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from xsearch.conf import settings
from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors.popularity import count_popularity
from xsearch.visitors.queries import count_popular


class Tidied(NamedTuple):
    """How many rows were deleted, and how many were counted."""

    events: int
    queries: int
    visitors: int
    popular_queries: int
    popular_objects: int


def tidy() -> Tidied:
    """Delete what is too old, and count anew what is popular."""
    return Tidied(*_delete_old(), count_popular(), count_popularity())


def _delete_old() -> tuple[int, int, int]:
    today = timezone.localdate()
    old_visitors = Visitor.objects.filter(seen_on__lt=today - timedelta(days=settings.VISITORS_KEEP_DAYS))
    visitors = old_visitors.delete()[1].get(Visitor._meta.label, 0)  # with all that they did
    old_events = Event.objects.filter(created_at__lt=timezone.now() - timedelta(days=settings.EVENTS_KEEP_DAYS))
    old_queries = QueryLog.objects.filter(day__lt=today - timedelta(days=settings.QUERIES_KEEP_DAYS))
    return old_events.delete()[0], old_queries.delete()[0], visitors
