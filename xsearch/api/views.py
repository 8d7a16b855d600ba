"""The endpoints: each reads its parameters, calls the search, and answers with JSON."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.renderers import OpenApiJsonRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from xsearch.api import serializers
from xsearch.api.base import XsearchView
from xsearch.api.openapi import answers, describe, document
from xsearch.errors import BadQuery
from xsearch.index.registry import Index
from xsearch.indexing.status import health
from xsearch.recorded_search import search_as_asked
from xsearch.search import similar, suggestions_for, transcribe
from xsearch.visitors import record_event
from xsearch.web import requests
from xsearch.web.parameters import Parameters, find_examples, find_object, in_language
from xsearch.web.responses import results_body, suggestions_body, transcript_body
from xsearch.web.throttling import limit


class IndexView(XsearchView):
    """A view that searches an index; override ``get_queryset`` to hide objects from some customers."""

    def get_queryset(self, index: Index) -> QuerySet[Any]:
        """Return the objects that may be found."""
        return index.get_queryset()


class SearchAPIView(IndexView):
    """Finds objects by text, photo, recording, or any mix of them."""

    upload_fields = ("image", "audio")
    filters_of_index = True

    @describe(
        operation_id="xsearch_search_text",
        parameters=[requests.TextSearchRequest],
        responses=answers(serializers.ResultsSerializer, 400, 429, 503),
    )
    def get(self, request: Request) -> Response:
        """Search by text."""
        return self.answer(request, self.read(request, requests.TextSearchRequest, filters=True))

    @describe(
        operation_id="xsearch_search",
        request=dict.fromkeys(("multipart/form-data", "application/json"), requests.SearchParameters),
        responses=answers(serializers.ResultsSerializer, 400, 413, 415, 422, 429, 503),
    )
    def post(self, request: Request) -> Response:
        """Search by text, photo, recording, or any mix of them."""
        asked = self.read(request, requests.SearchParameters, filters=True)
        if "image" in asked.values or "audio" in asked.values:
            limit(request, "media")
        return self.answer(request, asked)

    def answer(self, request: Request, asked: Parameters) -> Response:
        """Search, and answer with the results."""
        values = dict(asked.values)
        querysets = [self.get_queryset(index) for index in asked.indexes]
        find_examples(querysets, values)
        with in_language(values.get("lang")):
            body = results_body(search_as_asked(request, querysets, asked, values))
        return Response(body, headers={"Vary": "Cookie"})


class SimilarView(IndexView):
    """Finds objects that are similar to one."""

    filters_of_index = True

    @describe(
        operation_id="xsearch_similar",
        parameters=[requests.SimilarRequest],
        responses=answers(serializers.ResultsSerializer, 400, 404, 429, 503),
    )
    def get(self, request: Request, object_id: str | None = None) -> Response:
        """Find the objects that are most like this one."""
        asked = self.read(request, requests.SimilarRequest, filters=True)
        everything = self.get_queryset(asked.index)
        original = find_object(everything, asked.values["id"] if object_id is None else object_id)
        queryset = asked.index.filter_queryset(everything, asked.filters)
        return Response(results_body(similar(queryset, original, page_size=asked.values["page_size"])))


class SuggestView(IndexView):
    """Completes what a customer types."""

    throttle_scope = "suggest"

    @describe(
        operation_id="xsearch_suggest",
        parameters=[requests.SuggestRequest],
        responses=answers(serializers.SuggestionsSerializer, 400, 429, 503),
    )
    def get(self, request: Request) -> Response:
        """Suggest texts, categories, popular queries and products for the beginning of a query."""
        asked = self.read(request, requests.SuggestRequest)
        with in_language(asked.values.get("lang")):
            found = suggestions_for(self.get_queryset(asked.index), asked.values["q"], limit=asked.values["limit"])
            return Response(suggestions_body(found, asked.index))


class TranscribeView(XsearchView):
    """Transcribes a recording without a search, so that the customer can correct the text first."""

    throttle_scope = "media"
    upload_fields = ("audio",)

    @describe(
        operation_id="xsearch_transcribe",
        request=dict.fromkeys(("multipart/form-data", "application/json"), requests.TranscribeRequest),
        responses=answers(serializers.TranscriptSerializer, 400, 413, 415, 422, 429, 503),
    )
    def post(self, request: Request) -> Response:
        """Turn speech into text."""
        asked = self.read(request, requests.TranscribeRequest)
        found = transcribe(asked.values["audio"], language=asked.values.get("lang"), index=asked.index)
        return Response(transcript_body(*found))


class EventsView(IndexView):
    """Records what customers do with results; who they are only if they agreed to it."""

    throttle_scope = "events"

    @describe(
        operation_id="xsearch_event",
        request=requests.EventRequest,
        responses=answers(requests.EventRequest, 400, 429, 503, success=201),
    )
    def post(self, request: Request) -> Response:
        """Record a view, a click, that it went into the cart, a purchase, or that the customer dismissed it."""
        asked = self.read(request, requests.EventRequest)
        values = asked.values
        try:
            target = find_object(self.get_queryset(asked.index), values["object_id"])
        except Http404 as error:
            raise BadQuery(str(error), code="unknown_object") from error
        event = record_event(request, asked.index, target, values["event"], values["query_id"], values.get("position"))
        body = {"query_id": str(event.query_id), "object_id": event.object_id, "event": event.kind}
        return Response(body | {"position": event.position}, status=201)


class HealthView(XsearchView):
    """Answers load balancers and monitoring, without session or user."""

    authentication_classes = ()
    throttle_scope = None

    @describe(
        operation_id="xsearch_health",
        responses={200: serializers.HealthSerializer, 503: serializers.HealthSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return the state of every part of the search."""
        state = health()
        is_down = state["status"] == "down"
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": "10"} if is_down else {})
        return Response(state, status=503 if is_down else 200, headers=headers)


class SchemaView(XsearchView):
    """Serves the OpenAPI 3 document of the API, with the filters of the shop's indexes."""

    renderer_classes = (OpenApiJsonRenderer,)
    throttle_scope = "suggest"

    @describe(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document."""
        return Response(document(request.path.removesuffix("schema/")))


class NothingHereView(XsearchView):
    """Answers at addresses below the API that do not exist."""

    throttle_scope = None

    def initial(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Refuse every method."""
        raise Http404
