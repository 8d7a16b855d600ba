"""The endpoints: each reads its parameters, calls the search, and answers with JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from xsearch.api import health, serializers
from xsearch.api.base import XsearchView
from xsearch.api.docs import answers
from xsearch.api.presenting import results_body, transcript_body
from xsearch.api.throttling import limit
from xsearch.errors import BadQuery
from xsearch.models import Event
from xsearch.search import search_all, similar, suggest, transcribe

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from xsearch.api.parameters import Parameters
    from xsearch.registry import Index


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
        values = {name: value for name, value in asked.values.items() if name != "model"}
        results = search_all(
            [self.get_queryset(index) for index in asked.indexes],
            filters=asked.filters,
            text=values.pop("q", None),
            language=values.pop("lang", None),
            correct=not values.pop("literal", False),
            user=request.user if request.user.is_authenticated else None,
            **values,
        )
        return Response(results_body(results))


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
        """Suggest queries that begin like this one."""
        asked = self.read(request, serializers.SuggestRequest)
        prefix, size = asked.values["q"], asked.values["limit"]
        found = suggest(self.get_queryset(asked.index), prefix, limit=size) if prefix.strip() else []
        return Response({"suggestions": found})


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
    """Records what customers do with results, without any trace of who they are."""

    throttle_scope = "events"

    @extend_schema(
        operation_id="xsearch_event",
        request=serializers.EventRequest,
        responses=answers(serializers.EventRequest, 400, 429, 503, success=201),
    )
    def post(self, request: Request) -> Response:
        """Record a view, click, cart or purchase."""
        asked = self.read(request, serializers.EventRequest)
        values = asked.values
        try:
            wanted = find_object(self.get_queryset(asked.index), values["object_id"])
        except Http404 as error:
            raise BadQuery(str(error), code="unknown_object") from error
        event = Event.objects.create(
            query_id=values["query_id"],
            content_type=ContentType.objects.get_for_model(asked.index.model),
            object_id=str(wanted.pk),
            kind=values["event"],
            position=values.get("position"),
        )
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


def find_object(queryset: QuerySet[Any], object_id: str) -> Any:
    """Return the object with the primary key ``object_id``; raises ``Http404``."""
    try:
        return queryset.get(pk=_checked(object_id))
    except (queryset.model.DoesNotExist, ValueError, ValidationError, OverflowError) as error:
        names = {"name": queryset.model._meta.verbose_name, "id": object_id[:64]}
        raise Http404(_("There is no %(name)s with the id %(id)s.") % names) from error


def _checked(object_id: str) -> str:
    if "\x00" in object_id:
        raise ValueError
    return object_id
