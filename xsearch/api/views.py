"""The endpoints: each reads its parameters, calls the search, and answers with JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from xsearch.api import health, serializers
from xsearch.api.base import XsearchView
from xsearch.api.docs import answers
from xsearch.api.presenting import results_body, suggestions_body, transcript_body
from xsearch.errors import BadQuery
from xsearch.recorded_search import search_as_asked
from xsearch.search import similar, suggestions_for, transcribe
from xsearch.visitors import record_event
from xsearch.web.languages import speaking
from xsearch.web.objects import find_examples, find_object
from xsearch.web.throttling import limit

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from xsearch.index.registry import Index
    from xsearch.web.parameters import Parameters


class IndexView(XsearchView):
    """A view that searches an index; override ``get_queryset`` to hide objects from some customers."""

    def get_queryset(self, index: Index) -> QuerySet[Any]:
        """Return the objects that may be found."""
        return index.get_queryset()


class SearchView(IndexView):
    """Finds objects by text, photo, recording, or any mix of them."""

    upload_fields = ("image", "audio")
    filters_of_index = True

    @extend_schema(
        operation_id="xsearch_search_text",
        parameters=[serializers.TextSearchRequest],
        responses=answers(serializers.ResultsSerializer, 400, 429, 503),
    )
    def get(self, request: Request) -> Response:
        """Search by text."""
        return self.answer(request, self.read(request, serializers.TextSearchRequest, filters=True))

    @extend_schema(
        operation_id="xsearch_search",
        request=dict.fromkeys(("multipart/form-data", "application/json"), serializers.SearchRequest),
        responses=answers(serializers.ResultsSerializer, 400, 413, 415, 422, 429, 503),
    )
    def post(self, request: Request) -> Response:
        """Search by text, photo, recording, or any mix of them."""
        asked = self.read(request, serializers.SearchRequest, filters=True)
        if "image" in asked.values or "audio" in asked.values:
            limit(request, "media")
        return self.answer(request, asked)

    def answer(self, request: Request, asked: Parameters) -> Response:
        """Search, and answer with the results."""
        values = dict(asked.values)
        querysets = [self.get_queryset(index) for index in asked.indexes]
        find_examples(querysets, values)
        results = search_as_asked(request, querysets, asked, values)
        return Response(results_body(results), headers={"Vary": "Cookie"})


class SimilarView(IndexView):
    """Finds objects that are like a given one."""

    filters_of_index = True

    @extend_schema(
        operation_id="xsearch_similar",
        parameters=[serializers.SimilarRequest],
        responses=answers(serializers.ResultsSerializer, 400, 404, 429, 503),
    )
    def get(self, request: Request, object_id: str) -> Response:
        """Find what is like this object."""
        asked = self.read(request, serializers.SimilarRequest, filters=True)
        everything = self.get_queryset(asked.index)
        wanted = find_object(everything, object_id)
        queryset = asked.index.filter_queryset(everything, asked.filters)
        results = similar(queryset, wanted, page_size=asked.values["page_size"])
        return Response(results_body(results))


class SuggestView(IndexView):
    """Completes what a customer types."""

    throttle_scope = "suggest"

    @extend_schema(
        operation_id="xsearch_suggest",
        parameters=[serializers.SuggestRequest],
        responses=answers(serializers.SuggestionsSerializer, 400, 429, 503),
    )
    def get(self, request: Request) -> Response:
        """Suggest texts, categories, popular queries and products for the beginning of a query."""
        asked = self.read(request, serializers.SuggestRequest)
        with speaking(asked.values.get("lang")):
            found = suggestions_for(self.get_queryset(asked.index), asked.values["q"], limit=asked.values["limit"])
            return Response(suggestions_body(found, asked.index))


class TranscribeView(XsearchView):
    """Understands a recording without searching, so that the customer can correct the text first."""

    throttle_scope = "media"
    upload_fields = ("audio",)

    @extend_schema(
        operation_id="xsearch_transcribe",
        request=dict.fromkeys(("multipart/form-data", "application/json"), serializers.TranscribeRequest),
        responses=answers(serializers.TranscriptSerializer, 400, 413, 415, 422, 429, 503),
    )
    def post(self, request: Request) -> Response:
        """Turn speech into text."""
        asked = self.read(request, serializers.TranscribeRequest)
        language = asked.values.get("lang")
        transcript, degraded = transcribe(asked.values["audio"], language=language, index=asked.index)
        return Response(transcript_body(transcript, degraded))


class EventsView(IndexView):
    """Records what customers do with results, without any trace of who they are unless they agreed to it."""

    throttle_scope = "events"

    @extend_schema(
        operation_id="xsearch_event",
        request=serializers.EventRequest,
        responses=answers(serializers.EventRequest, 400, 429, 503, success=201),
    )
    def post(self, request: Request) -> Response:
        """Record a view, click, cart, purchase, or that somebody does not want it (dismiss)."""
        asked = self.read(request, serializers.EventRequest)
        values = asked.values
        try:
            wanted = find_object(self.get_queryset(asked.index), values["object_id"])
        except Http404 as error:
            raise BadQuery(str(error), code="unknown_object") from error
        did = (values["event"], values["query_id"], values.get("position"))
        event = record_event(request, asked.index, wanted, *did)
        body = {"query_id": str(event.query_id), "object_id": event.object_id, "event": event.kind}
        return Response(body | {"position": event.position}, status=201)


class HealthView(XsearchView):
    """For load balancers and monitoring; needs neither session nor user."""

    authentication_classes = ()
    throttle_scope = None

    @extend_schema(
        operation_id="xsearch_health",
        responses={200: serializers.HealthSerializer, 503: serializers.HealthSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Say which parts of the search work."""
        state = health.check()
        is_down = state["status"] == "down"
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": "10"} if is_down else {})
        return Response(state, status=503 if is_down else 200, headers=headers)


class NothingHereView(XsearchView):
    """Answers for addresses below the API that do not exist."""

    throttle_scope = None

    def initial(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Refuse whatever the method."""
        raise Http404
