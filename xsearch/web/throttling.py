"""Rate limits by client address and kind of request; ``XSEARCH["THROTTLE_RATES"]`` sets them."""

from __future__ import annotations

import logging

from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from xsearch.conf import settings

logger = logging.getLogger("xsearch.api")


class ScopeThrottle(SimpleRateThrottle):
    """Limits the requests of one scope by client address; a rate of None switches the limit off.

    REST framework finds the address: behind proxies, set ``REST_FRAMEWORK["NUM_PROXIES"]``, or clients can
    invent an ``X-Forwarded-For``. The counts are in Django's default cache.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> str | None:
        """Return the rate of the scope, such as "120/min", or None."""
        return (settings.THROTTLE_RATES or {}).get(self.scope)

    def get_cache_key(self, request: Request | HttpRequest, view: APIView | None) -> str:  # noqa: ARG002
        """Return the key under which the requests of this client are counted."""
        return f"xsearch_throttle_{self.scope}_{self.get_ident(request)}"  # type: ignore[arg-type]

    def allow_request(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        """Count the request, and return True if it may pass."""
        try:
            return super().allow_request(request, view)  # type: ignore[arg-type]
        except Exception:  # every cache raises errors of its own, and a search must not depend on one
            logger.exception("The cache cannot be reached; requests are not limited.")
            return True


def limit(request: Request | HttpRequest, scope: str) -> None:
    """Count ``request`` under ``scope``; raises REST framework's ``Throttled`` when it is one too many."""
    throttle = ScopeThrottle(scope)
    if not throttle.allow_request(request, None):
        raise Throttled(throttle.wait())
