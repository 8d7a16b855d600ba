"""The OpenAPI description, made from the views and the registered indexes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

#: Status of every error that a view may answer with, as {"code", "detail"}.
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
    """Describes a view; those with ``filters_of_index`` also take the filters of the registered indexes."""

    def get_tags(self) -> list[str]:
        """Group all of them."""
        return ["search"]

    def get_auth(self) -> list[dict[str, Any]]:
        """Say that anyone may ask."""
        return []

    def get_override_parameters(self) -> list[Any]:
        """Add the filters of the registered indexes to the address of a request."""
        if not getattr(self.view, "filters_of_index", False):
            return []
        return [
            OpenApiParameter(name, OpenApiTypes.STR, required=False, many=True, description="Filter.")
            for name in filter_names()
        ]


class OpenObject(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Marks results as open: an index adds fields of its own."""

    target_class = "xsearch.api.serializers.HitSerializer"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the schema of a result."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": {}}


def filter_names() -> list[str]:
    """Return the parameters that filter any of the registered indexes."""
    from xsearch.index.registry import registered

    return list(dict.fromkeys(name for index in registered() for name in index.filter_names()))
