"""The OpenAPI document, made from the views, their serializers and the registered indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.urls import include, path
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer

from xsearch import __version__
from xsearch.api.serializers import ProblemSerializer
from xsearch.index.registry import registered

#: Descriptions of the statuses of errors, whose body is {"code", "detail"}.
PROBLEMS = {
    400: "Nothing to search for, or a bad parameter.",
    404: "There is no such object.",
    413: "A file is too large.",
    415: "Not a photo or recording that can be read.",
    422: "A broken file, or one out of bounds (pixels, seconds).",
    429: "Too many requests; see Retry-After.",
    503: "Not available right now; see Retry-After.",
}


class XsearchSchema(AutoSchema):
    """Describes a view; with ``filters_of_index``, the filters of the registered indexes are parameters too."""

    def get_tags(self) -> list[str]:
        """Return the one group of all views."""
        return ["search"]

    def get_auth(self) -> list[dict[str, Any]]:
        """Return no authentication: anyone may search."""
        return []

    def get_override_parameters(self) -> list[Any]:
        """Return the filters of the registered indexes as parameters of the address."""
        if not getattr(self.view, "filters_of_index", False):
            return []
        names = dict.fromkeys(name for index in registered() for name in index.filter_names())
        return [OpenApiParameter(name, OpenApiTypes.STR, many=True, description="Filter.") for name in names]


class OpenObject(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Describes results as open: an index adds fields of its own."""

    target_class = "xsearch.api.serializers.HitSerializer"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the schema of a result."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": {}}


MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def describe(**description: Any) -> Callable[[MethodT], MethodT]:
    """Describe a method of a view, as ``extend_schema`` does, whatever the project's DEFAULT_SCHEMA_CLASS is."""

    def decorate(method: MethodT) -> MethodT:
        method.schema = XsearchSchema  # type: ignore[attr-defined]  # or extend_schema starts from the project's class
        return extend_schema(**description)(method)

    return decorate


def answers(serializer: type[Serializer[Any]], *problems: int, success: int = 200) -> dict[int, Any]:
    """Return the answers of a view by status: ``serializer`` on success, and its ``problems``."""
    described = {status: OpenApiResponse(ProblemSerializer, description=PROBLEMS[status]) for status in problems}
    return {success: serializer, **described}


def document(prefix: str) -> dict[str, Any]:
    """Return the OpenAPI document of the API that is mounted at ``prefix``."""
    patterns = [path(prefix.lstrip("/"), include("xsearch.api.urls"))]
    schema: dict[str, Any] = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema["info"] = {
        "title": "Product search",
        "version": __version__,
        "description": "Search by photo, voice and text. Errors are {code, detail}.",
    }
    return schema
