"""Consent and retention: a visitor agrees, declines, pauses or erases everything; what is too old is deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from celery import shared_task
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from xsearch.conf import settings
from xsearch.indexing.database import atomic
from xsearch.models import Event, PopularQuery, QueryLog, Visitor
from xsearch.models.visitors import today
from xsearch.visitors.events import count_popularity
from xsearch.visitors.identity import (
    CHOICE_COOKIE,
    DECLINED,
    TOKEN_COOKIE,
    hash_of,
    new_token,
    user_of,
    visitor_of,
    visitor_of_browser,
    visitor_of_user,
)
from xsearch.visitors.queries import count_popular


class TidyCounts(NamedTuple):
    """Numbers of deleted and of counted rows."""

    events: int
    queries: int
    visitors: int
    popular_queries: int
    popular_objects: int


def agree(request: HttpRequest, response: HttpResponseBase) -> None:
    """Remember the visitor from now on: the user who is logged in, or this browser by a new token."""
    visitor = visitor_of_user(user) if (user := user_of(request)) else visitor_of(request)
    if visitor is None:
        token = new_token()
        Visitor.objects.create(token_hash=hash_of(token))
        _set_cookie(request, response, TOKEN_COOKIE, token)
    elif visitor.is_paused:
        Visitor.objects.filter(pk=visitor.pk).update(is_paused=False)
    _delete_cookie(response, CHOICE_COOKIE)


def decline(request: HttpRequest, response: HttpResponseBase) -> None:
    """Remember nothing from now on; what is stored stays until it is erased or too old."""
    if visitor := visitor_of(request):
        Visitor.objects.filter(pk=visitor.pk).update(is_paused=True)
    _set_cookie(request, response, CHOICE_COOKIE, DECLINED)


def erase(request: HttpRequest, response: HttpResponseBase) -> None:
    """Delete everything that is stored about the visitor, and remember nothing from now on."""
    for visitor in filter(None, (visitor_of(request), visitor_of_browser(request))):
        forget(visitor)
    _delete_cookie(response, TOKEN_COOKIE)
    _set_cookie(request, response, CHOICE_COOKIE, DECLINED)


def forget(visitor: Visitor) -> None:
    """Delete a visitor with their events and queries, and the counts of these queries."""
    with atomic():
        queries = QueryLog.objects.filter(visitor=visitor)
        # The next run of the task counts them again, without this visitor.
        PopularQuery.objects.filter(text__in=queries.exclude(text="").values("text")).delete()
        Event.objects.filter(query_id__in=queries.values("pk"), visitor=None).delete()
        Visitor.objects.filter(pk=visitor.pk).delete()


def tidy() -> TidyCounts:
    """Delete what is too old, and count what is popular again."""
    old_visitors = Visitor.objects.filter(seen_on__lt=today() - timedelta(days=settings.VISITORS_KEEP_DAYS))
    visitors = old_visitors.delete()[1].get(Visitor._meta.label, 0)  # with their events and queries
    old_events = Event.objects.filter(created_at__lt=timezone.now() - timedelta(days=settings.EVENTS_KEEP_DAYS))
    old_queries = QueryLog.objects.filter(day__lt=today() - timedelta(days=settings.QUERIES_KEEP_DAYS))
    return TidyCounts(old_events.delete()[0], old_queries.delete()[0], visitors, count_popular(), count_popularity())


@shared_task(name="xsearch.tidy", ignore_result=True)  # type: ignore[no-untyped-call,untyped-decorator]
def tidy_task() -> None:
    """Run ``tidy`` in a worker; schedule it every hour."""
    tidy()


def _set_cookie(request: HttpRequest, response: HttpResponseBase, name: str, value: str) -> None:
    options = {"secure": request.is_secure(), "httponly": True, "samesite": "Lax", **_cookie_scope()}
    response.set_cookie(name, value, max_age=timedelta(days=settings.VISITORS_KEEP_DAYS), **options)


def _delete_cookie(response: HttpResponseBase, name: str) -> None:
    response.delete_cookie(name, samesite="Lax", **_cookie_scope())


def _cookie_scope() -> dict[str, Any]:
    """Return path and domain of the cookies: those of the session's cookie."""
    return {"path": django_settings.SESSION_COOKIE_PATH, "domain": django_settings.SESSION_COOKIE_DOMAIN}
