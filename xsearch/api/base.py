"""Base class of the API's views; it does not depend on the host's settings of REST framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from xsearch.api.openapi import XsearchSchema
from xsearch.web import parameters
from xsearch.web.parameters import Parameters
from xsearch.web.problems import problem_of
from xsearch.web.requests import IndexRequest
from xsearch.web.throttling import ScopeThrottle
from xsearch.web.uploads import keep_in_memory, refuse_large_body


class SessionUser(SessionAuthentication):
    """Identifies the customer who is logged in, for personal results; anyone may search."""

    def enforce_csrf(self, request: Request) -> None:
        """Check nothing: no request acts in the customer's name, and other clients than browsers post photos."""


class OneFormat(BaseContentNegotiation):
    """Answers in the view's one format, whatever the client accepts."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of the request's content type."""
        essence = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == essence), None)

    def select_renderer(  # type: ignore[override]
        self,
        request: Request,  # noqa: ARG002
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        return renderers[0], str(renderers[0].media_type)


class ObjectParser(JSONParser):
    """Parses a JSON object; too deep nesting is an error like any other."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the object."""
        try:
            parsed = json.loads(stream.read().decode() or "{}")
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(parsed, dict):
            raise ParseError(_('The body must be a JSON object, such as {"q": "red shoes"}.'))
        return parsed


class XsearchView(APIView):
    """Base of the views: errors, limits and formats.

    A host overrides ``permission_classes``, ``authentication_classes`` or ``throttle_scope`` in a
    subclass and routes that instead.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = (SessionUser,)
    permission_classes = (AllowAny,)
    parser_classes = (ObjectParser, MultiPartParser, FormParser)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OneFormat
    versioning_class = None
    schema = XsearchSchema()

    #: Key in ``XSEARCH["THROTTLE_RATES"]``; None: no limit.
    throttle_scope: ClassVar[str | None] = "search"
    #: Fields that may hold a file.
    upload_fields: ClassVar[tuple[str, ...]] = ()

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the limit of this view's scope."""
        return [ScopeThrottle(self.throttle_scope)] if self.throttle_scope else []

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Keep uploads in memory and out of error reports."""
        self.upload_handler = keep_in_memory(request, self.upload_fields)
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the rate, then the size, before the body is read."""
        super().initial(request, *args, **kwargs)
        refuse_large_body(request._request, self.upload_fields)

    def read(self, request: Request, serializer: type[IndexRequest], *, filters: bool = False) -> Parameters:
        """Return the checked parameters of ``request``; ``filters`` allows the filters of the index too."""
        body = request.data
        self.upload_handler.check()
        values = parameters.collect(request.query_params)
        if request.method == "POST":
            values |= parameters.collect(body)
        return parameters.check(values, serializer, filters=filters)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return the handler that answers with ``{"code", "detail"}``."""
        return answer_problem


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001
    """Answer with the problem behind ``error``; None lets a bug surface."""
    problem = problem_of(error)
    if problem is None:
        return None
    return Response(problem.body(), status=problem.status, headers=problem.headers)
