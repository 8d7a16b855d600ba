"""Shorthand for describing answers, and the OpenAPI document itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response

from xsearch.api.base import XsearchView
from xsearch.api.openapi import PROBLEMS
from xsearch.api.serializers import ProblemSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import Serializer


def answers(serializer: type[Serializer[Any]], *problems: int, success: int = 200) -> dict[int, Any]:
    """Return the answers of a view: ``serializer`` on success, and its ``problems`` by status."""
    described = {status: OpenApiResponse(ProblemSerializer, description=PROBLEMS[status]) for status in problems}
    return {success: serializer, **described}


class SchemaView(XsearchView):
    """The OpenAPI 3 description of this API, with the filters of the shop's indexes."""

    renderer_classes = (OpenApiJsonRenderer,)
    throttle_scope = "suggest"

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the document."""
        return Response(document(request.path.removesuffix("schema/")))


def document(prefix: str) -> dict[str, Any]:
    """Return the description of the API as it is mounted at ``prefix``."""
    patterns = [path(prefix.lstrip("/"), include("xsearch.api.urls"))]
    schema: dict[str, Any] = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    from xsearch import __version__

    schema["info"] = {
        "title": "Product search",
        "version": __version__,
        "description": "Search by photo, voice and text. Errors are {code, detail}.",
    }
    return schema
