"""Parameters of a search that are more than text or a number."""

from __future__ import annotations

import json
import math
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from xsearch.understanding import ID_MAX
from xsearch.web.objects import ids_in
from xsearch.web.uploads import decode_inline

Box = tuple[float, float, float, float]
_CROP_SLACK = 1e-3  # fractions rounded by a browser
_WEIGHT_MAX = 100.0
_CONDITIONS_MAX = 50
_HEARD_MAX = 10


class QueryField(serializers.CharField):
    """What a customer typed or pasted: characters that no database takes are left to the search to drop."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []  # DRF's refuse NUL and lone surrogates


_FILE = {"type": "string", "format": "binary"}


@extend_schema_field({"type": "string", "example": "shop.Product"})
class ModelField(serializers.Field["list[str]", Any, Any, Any]):
    """Labels of indexes: those that are registered were looked up already."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what was given."""
        return data


@extend_schema_field(_FILE)
class UploadField(serializers.Field["bytes | UploadedFile[bytes]", Any, Any, Any]):
    """A file, or its bytes as base64 text or ``data:`` URL."""

    def to_internal_value(self, data: Any) -> bytes | UploadedFile[bytes]:
        """Return something that ``xsearch.search`` takes as a source."""
        if isinstance(data, UploadedFile):
            return data
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send one file, or base64 text or a data: URL."))
        try:
            return decode_inline(data, str(self.field_name))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field({"oneOf": [_FILE, {"type": "array", "items": _FILE}]})
class UploadsField(UploadField):
    """One file or several, or their bytes; how many the search takes, it says itself."""

    def to_internal_value(self, data: Any) -> Any:
        """Return one or a list of what ``xsearch.search`` takes as a source."""
        one = super().to_internal_value
        return [one(item) for item in data] if isinstance(data, list) else one(data)


@extend_schema_field({"type": "array", "items": {"type": "string"}, "example": ["7", "12"]})
class IdsField(serializers.Field[list[str], Any, Any, Any]):
    """Ids of objects: a list, a parameter that is repeated, or separated by commas."""

    def to_internal_value(self, data: Any) -> list[str]:
        """Return every id once."""
        given = data if isinstance(data, list) else [data]
        if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in given):
            raise serializers.ValidationError(_("Send ids: a list, or separated by commas."))
        return ids_in(given)


@extend_schema_field({"type": "string", "example": "0.1,0.2,0.5,0.5"})
class CropField(serializers.Field[Box, Any, Any, Any]):
    """A part of the upright photo: x, y, width and height in fractions of it."""

    def to_internal_value(self, data: Any) -> Box:
        """Return the four numbers; the box must lie inside the photo."""
        parts = data.split(",") if isinstance(data, str) else data
        try:
            x, y, width, height = (float(part) for part in parts)
        except (TypeError, ValueError):
            raise serializers.ValidationError(_("Four numbers x,y,w,h between 0 and 1 are needed.")) from None
        inside = x >= 0 and y >= 0 and max(x + width, y + height) <= 1 + _CROP_SLACK
        if not inside or min(width, height) <= 0 or x >= 1 or y >= 1:
            raise serializers.ValidationError(
                _("x,y,w,h must lie inside the picture: fractions from 0 to 1, x + w and y + h at most 1.")
            )
        return x, y, width, height


@extend_schema_field({"type": "string", "example": "text=1,image=0.5"})
class WeightsField(serializers.Field[dict[str, float], Any, Any, Any]):
    """How much each part of the query counts: a JSON object or ``text=1,image=0.5``."""

    def to_internal_value(self, data: Any) -> dict[str, float]:
        """Return the weights by name."""
        try:
            pairs = _as_object(data)
            weights = {str(name): float(value) for name, value in pairs.items()}
        except (TypeError, ValueError, RecursionError):
            raise serializers.ValidationError(
                _("Send a JSON object or name=number pairs, such as text=1,image=0.5.")
            ) from None
        if not all(math.isfinite(value) and 0 <= value <= _WEIGHT_MAX for value in weights.values()):
            raise serializers.ValidationError(_("Each weight must be a number from 0 to 100."))
        return weights


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ConditionsField(serializers.Field[list[str], Any, Any, Any]):
    """Ids of understood conditions: one, or several as a repeated parameter or a list."""

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the ids; those of no condition of the query do nothing."""
        ids = data if isinstance(data, list) else [data]
        if len(ids) > _CONDITIONS_MAX or not all(isinstance(each, str) and len(each) <= ID_MAX for each in ids):
            raise serializers.ValidationError(_("Send ids of conditions, as an answer holds them in interpretation."))
        return ids


@extend_schema_field(
    {"type": "string", "example": '[{"text": "red mug", "confidence": 0.8}, {"text": "red rug", "confidence": 0.5}]'}
)
class HeardField(serializers.Field[list[tuple[str, float]], Any, Any, Any]):
    """What may have been said, the likeliest first: ``transcript`` and ``alternatives`` of transcribe/, as JSON."""

    def to_internal_value(self, data: Any) -> list[tuple[str, float]]:
        """Return (text, confidence) pairs."""
        try:
            found = json.loads(data) if isinstance(data, str) else data
            pairs = [(str(one["text"]), float(one["confidence"])) for one in found[:_HEARD_MAX]]
        except (TypeError, ValueError, KeyError, RecursionError):
            pairs = []
        if not pairs or not all(0 <= confidence <= 1 for _text, confidence in pairs):
            raise serializers.ValidationError(_('Send a JSON list of {"text", "confidence"}, confidence from 0 to 1.'))
        return pairs


def _as_object(data: Any) -> dict[Any, Any]:
    if isinstance(data, dict):
        return data
    if not isinstance(data, str):
        raise TypeError
    if data.lstrip().startswith("{"):
        return dict(json.loads(data))
    return dict(pair.split("=", 1) for pair in data.split(",") if pair.strip())
