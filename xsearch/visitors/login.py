"""At login, what a browser's visitor did becomes the user's."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError, transaction
from django.dispatch import receiver
from django.http import HttpRequest

from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors.identity import visitor_of_browser, visitor_of_user

logger = logging.getLogger("xsearch.visitors")


@receiver(user_logged_in, dispatch_uid="xsearch_merge_visitor")
def merge_at_login(*, request: HttpRequest | None = None, user: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Merge the visitor of the browser into the user's; a login never fails because of it."""
    if request is None:
        return
    request.__dict__.pop("_xsearch_visitor", None)  # whoever it was, it is the user from now on
    try:
        with transaction.atomic():
            merge(request, user)
    except DatabaseError:
        logger.exception("What a visitor did before the login could not be merged")


def merge(request: HttpRequest, user: Any) -> None:
    """Give the user what the browser's visitor did; its token is worth nothing from then on.

    A pause counts more than going on, whichever of the two it is of.
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
