"""Who is there: the visitor of a request, if they agreed to be remembered, and the token that tells a browser."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from xsearch.models import Visitor

#: Holds a random token, and is set only after its visitor agreed.
TOKEN_COOKIE = "xsearch_visitor"  # noqa: S105 - its name
#: Says "no" for a browser whose visitor declined, and nothing else about it.
CHOICE_COOKIE = "xsearch_memory"
DECLINED = "no"
_TOKEN_BYTES = 32
_MAX_TOKEN_CHARACTERS = 100


def known_visitor(request: HttpRequest) -> Visitor | None:
    """Return whom the request comes from, whether or not they are remembered now; looked up once a request.

    The token of a browser counts only while nobody is logged in, so that nobody sees what another
    customer of the same computer did when logged in.
    """
    if not hasattr(request, "_xsearch_visitor"):
        user = user_of(request)
        found = Visitor.objects.filter(user=user).first() if user else visitor_of_browser(request)
        request._xsearch_visitor = _seen(found) if found else None  # type: ignore[attr-defined]
    visitor: Visitor | None = request._xsearch_visitor  # type: ignore[attr-defined]
    return visitor


def remembered_visitor(request: HttpRequest) -> Visitor | None:
    """Return whom the request comes from if they agreed to be remembered and are not pausing."""
    if request.COOKIES.get(CHOICE_COOKIE) == DECLINED:
        return None
    visitor = known_visitor(request)
    return visitor if visitor and not visitor.is_paused else None


def is_unasked(request: HttpRequest) -> bool:
    """Say whether the visitor has not answered yet."""
    # The session is looked at first, for that says to caches that the page is not the same for everybody.
    return known_visitor(request) is None and request.COOKIES.get(CHOICE_COOKIE) != DECLINED


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
    """Return a random token that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """Return what is stored of a token; as it is random and long, its hash needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def visitor_of_user(user: Any) -> Visitor:
    """Return the visitor that stands for a user, made if there is none."""
    try:
        with transaction.atomic():
            return Visitor.objects.get_or_create(user=user)[0]
    except IntegrityError:  # another device of theirs was quicker
        return Visitor.objects.get(user=user)


def _seen(visitor: Visitor) -> Visitor:
    """Note once a day that a visitor was there, for those who never come back are forgotten."""
    today = timezone.localdate()
    if visitor.seen_on != today:
        Visitor.objects.filter(pk=visitor.pk).update(seen_on=today)
    return visitor
