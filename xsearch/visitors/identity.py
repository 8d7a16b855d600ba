"""Identity: the visitor that a request comes from, by user or by the token of the browser."""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from xsearch.indexing.database import atomic
from xsearch.models import Event, QueryLog, Visitor
from xsearch.models.visitors import today

logger = logging.getLogger("xsearch.visitors")

#: Cookie with a random token, set only after the visitor agreed.
TOKEN_COOKIE = "xsearch_visitor"  # noqa: S105 - its name
#: Cookie with "no" in a browser whose visitor declined, and nothing else.
CHOICE_COOKIE = "xsearch_memory"
DECLINED = "no"
_TOKEN_BYTES = 32
_MAX_TOKEN_CHARACTERS = 100


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return the visitor of a request, remembered now or not; looked up once a request.

    The token of a browser counts only while nobody is logged in: customers who share a computer must not see what
    another one did while logged in.
    """
    if not hasattr(request, "_xsearch_visitor"):
        user = user_of(request)
        found = Visitor.objects.filter(user=user).first() if user else visitor_of_browser(request)
        if found and found.seen_on != today():  # visitors who do not return are deleted
            Visitor.objects.filter(pk=found.pk).update(seen_on=today())
        request._xsearch_visitor = found  # type: ignore[attr-defined]
    visitor: Visitor | None = request._xsearch_visitor  # type: ignore[attr-defined]
    return visitor


def remembered_visitor(request: HttpRequest) -> Visitor | None:
    """Return the visitor of a request if they agreed to be remembered and do not pause."""
    if request.COOKIES.get(CHOICE_COOKIE) == DECLINED:
        return None
    visitor = visitor_of(request)
    return visitor if visitor and not visitor.is_paused else None


def is_unasked(request: HttpRequest) -> bool:
    """Return True if the visitor has not answered yet."""
    # The session comes first: reading it tells caches that the page differs between visitors.
    return visitor_of(request) is None and request.COOKIES.get(CHOICE_COOKIE) != DECLINED


def user_of(request: HttpRequest) -> Any:
    """Return the user who is logged in, or None."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def visitor_of_browser(request: HttpRequest) -> Visitor | None:
    """Return the visitor whose token the browser sent."""
    token = request.COOKIES.get(TOKEN_COOKIE, "")
    if not 0 < len(token) <= _MAX_TOKEN_CHARACTERS:
        return None
    return Visitor.objects.filter(token_hash=hash_of(token)).first()


def new_token() -> str:
    """Return a random token."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """Return the hash of a token, which is stored; a long random token needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def visitor_of_user(user: Any) -> Visitor:
    """Return the visitor of a user; create it if there is none."""
    return Visitor.objects.get_or_create(user_id=user.pk)[0]


def forget_deleted_user(*, instance: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Delete the visitor of a user who is deleted; no constraint does it, for users may be in another database."""
    Visitor.objects.filter(user_id=instance.pk).delete()


def connect_users() -> None:
    """Connect ``forget_deleted_user`` to the model of the users, and to its proxies and children."""
    for model in apps.get_models():
        if issubclass(model, get_user_model()):
            pre_delete.connect(forget_deleted_user, sender=model, dispatch_uid=("xsearch", model._meta.label))


@receiver(user_logged_in, dispatch_uid="xsearch_merge_visitor")
def merge_at_login(*, request: HttpRequest | None = None, user: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Merge the visitor of the browser into that of the user; a login never fails because of it."""
    if request is None:
        return
    request.__dict__.pop("_xsearch_visitor", None)  # looked up again: from now on it is the user
    try:
        with atomic():
            _merge(request, user)
    except DatabaseError:
        logger.exception("What a visitor did before the login could not be merged")


def _merge(request: HttpRequest, user: Any) -> None:
    """Move what the browser's visitor did to the user, and delete that visitor with its token.

    If either of the two pauses, the user does.
    """
    of_browser = visitor_of_browser(request)
    if of_browser is None:
        return
    of_user = visitor_of_user(user)
    for model in (Event, QueryLog):
        model._default_manager.filter(visitor=of_browser).update(visitor=of_user)
    if of_browser.is_paused and not of_user.is_paused:
        Visitor.objects.filter(pk=of_user.pk).update(is_paused=True)
    of_browser.delete()
