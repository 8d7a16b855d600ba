"""Parameters of requests as serializers: one definition for the API, its OpenAPI document, the page and the admin."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from xsearch.conf import settings
from xsearch.models import Event
from xsearch.understanding import ID_MAX
from xsearch.web.uploads import decode_inline

CropBox = tuple[float, float, float, float]

_PAGE_MAX = 1_000_000
_LANGUAGE = RegexValidator(
    r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}\Z", gettext_lazy("Send a language code such as en or zh.")
)
_CROP_SLACK = 1e-3  # for fractions that a browser has rounded
_WEIGHT_MAX = 100.0
_CONDITIONS_MAX = 50
_HEARD_MAX = 10
_COMMA = re.compile(r"(?<!\\),")
_FILE = {"type": "string", "format": "binary"}


class QueryField(serializers.CharField):
    """Text that a customer typed or pasted, NUL and lone surrogates included: the search drops them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []


@extend_schema_field({"type": "string", "example": "shop.Product"})
class ModelField(serializers.Field["list[str]", Any, Any, Any]):
    """Labels of indexes, which ``parameters.check`` has looked up already."""

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
    """One file or several, or their bytes; the search itself limits the number."""

    def to_internal_value(self, data: Any) -> Any:
        """Return a source that ``xsearch.search`` takes, or a list of them."""
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
class CropField(serializers.Field[CropBox, Any, Any, Any]):
    """A box in the upright photo: x, y, width and height as fractions of the photo."""

    def to_internal_value(self, data: Any) -> CropBox:
        """Return the four numbers; the box must lie inside the photo."""
        parts = data.split(",") if isinstance(data, str) else data
        try:
            x, y, width, height = (float(part) for part in parts)
        except (TypeError, ValueError):
            raise serializers.ValidationError(_("Four numbers x,y,w,h between 0 and 1 are needed.")) from None
        inside = 0 <= x < 1 and 0 <= y < 1 and max(x + width, y + height) <= 1 + _CROP_SLACK
        if not inside or min(width, height) <= 0:
            raise serializers.ValidationError(
                _("x,y,w,h must lie inside the picture: fractions from 0 to 1, x + w and y + h at most 1.")
            )
        return x, y, width, height


@extend_schema_field({"type": "string", "example": "text=1,image=0.5"})
class WeightsField(serializers.Field[dict[str, float], Any, Any, Any]):
    """Weights of the parts of a query: a JSON object or ``text=1,image=0.5``."""

    def to_internal_value(self, data: Any) -> dict[str, float]:
        """Return the weights by name."""
        try:
            weights = {str(name): float(value) for name, value in _as_object(data).items()}
        except (TypeError, ValueError, RecursionError):
            raise serializers.ValidationError(
                _("Send a JSON object or name=number pairs, such as text=1,image=0.5.")
            ) from None
        if not all(math.isfinite(value) and 0 <= value <= _WEIGHT_MAX for value in weights.values()):
            raise serializers.ValidationError(_("Each weight must be a number from 0 to 100."))
        return weights


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ConditionsField(serializers.Field[list[str], Any, Any, Any]):
    """Ids of understood conditions: one id, a repeated parameter or a list."""

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the ids; the search ignores ids of no condition of the query."""
        ids = data if isinstance(data, list) else [data]
        if len(ids) > _CONDITIONS_MAX or not all(isinstance(each, str) and len(each) <= ID_MAX for each in ids):
            raise serializers.ValidationError(_("Send ids of conditions, as an answer holds them in interpretation."))
        return ids


@extend_schema_field(
    {"type": "string", "example": '[{"text": "red mug", "confidence": 0.8}, {"text": "red rug", "confidence": 0.5}]'}
)
class HeardField(serializers.Field[list[tuple[str, float]], Any, Any, Any]):
    """Possible transcripts, the likeliest first: ``transcript`` and ``alternatives`` of transcribe/, as JSON."""

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


class IndexRequest(serializers.Serializer[Any]):
    """A request about an index."""

    #: True if ``model`` may name several indexes.
    takes_several_models: ClassVar[bool] = False

    model = ModelField(required=False, help_text="Label of the index; without it, the first that is registered.")


class LanguageMixin(serializers.Serializer[Any]):
    """A request that may name the language of its text or speech."""

    lang = serializers.CharField(
        required=False, validators=[_LANGUAGE], help_text="Language of the text or speech: en, zh."
    )

    def validate_lang(self, value: str) -> str:
        """Return the primary language: "zh-Hans" → "zh"."""
        return value.replace("_", "-").split("-")[0].lower()


class PagedRequest(IndexRequest):
    """A request that is answered page by page."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=_PAGE_MAX)
    page_size = serializers.IntegerField(default=24, min_value=1)

    def validate_page_size(self, value: int) -> int:
        """Refuse more than ``MAX_PAGE_SIZE``."""
        if value > settings.MAX_PAGE_SIZE:
            raise serializers.ValidationError(_("At most %(size)s results a page.") % {"size": settings.MAX_PAGE_SIZE})
        return value


class TextSearchRequest(LanguageMixin, PagedRequest):
    """A search by text in the address of the request."""

    takes_several_models = True

    model = ModelField(
        required=False,
        help_text="Labels of the indexes to search, repeated or separated by commas, or all; without it, the first.",
    )
    q = QueryField(required=False, allow_blank=True, help_text="What to look for.")
    like = IdsField(required=False, help_text="Ids of results to find more like.")
    unlike = IdsField(required=False, help_text="Ids of results to keep away from.")
    sort = serializers.CharField(
        required=False, help_text="Order of the results: relevance, price_asc, price_desc, newest, popularity, ..."
    )
    weights = WeightsField(required=False, help_text="How much each part of the query counts.")
    explain = serializers.BooleanField(default=False, help_text="true: say what each part added.")
    literal = serializers.BooleanField(default=False, help_text="true: correct no typing errors.")
    personal = serializers.BooleanField(
        default=True, help_text="false: the order does not follow the taste of a remembered visitor."
    )
    spoken = serializers.BooleanField(default=False, help_text="true: the words are a transcript and are not stored.")
    exact = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="false: answer sooner; total is a minimum in a large catalogue. true: count everything first.",
    )
    again = serializers.BooleanField(
        default=False, help_text="true: the same search ran before and is only counted now."
    )
    understand = serializers.BooleanField(
        default=True, help_text="false: prices, named values and negations in the text are only words."
    )
    drop = ConditionsField(required=False, help_text="Ids of understood conditions that are searched for as words.")
    soft = ConditionsField(required=False, help_text="Ids of understood conditions that only order the results.")
    strict = ConditionsField(required=False, help_text="Ids of understood conditions that limit the results.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Gather the modes that the customer chose for conditions: ``modes`` by their ids."""
        chosen = {"soft": "soft", "strict": "strict", "drop": "off"}
        modes = {each: mode for name, mode in chosen.items() for each in attrs.pop(name, ())}
        return {**attrs, "modes": modes} if modes else attrs


@extend_schema_serializer(component_name="SearchRequest")
class SearchParameters(TextSearchRequest):
    """A search by text, photo, recording, or any mix of them."""

    image = UploadsField(
        required=False, help_text="A photo, or several of one thing. In JSON: base64 text or a data: URL, or a list."
    )
    audio = UploadField(required=False, help_text="A recording. In JSON: base64 text or a data: URL.")
    crop = CropField(required=False, help_text="Part of the upright (first) photo: x,y,w,h as fractions.")
    heard = HeardField(
        required=False, help_text="Possible transcripts, where q is the first: the search takes all of them."
    )


class SimilarRequest(IndexRequest):
    """A request for objects that are similar to one."""

    id = QueryField(
        default="", trim_whitespace=False, help_text="The id at `similar/?id=`, for ids that no path may hold, as ..."
    )
    page_size = serializers.IntegerField(default=12, min_value=1, max_value=100)


class SuggestRequest(LanguageMixin, IndexRequest):
    """The beginning of a query; ``lang`` is the language of the labels and titles in the answer."""

    q = QueryField(allow_blank=True, default="", trim_whitespace=False)
    limit = serializers.IntegerField(default=8, min_value=1, max_value=20, help_text="How many texts at most.")


class TranscribeRequest(LanguageMixin, IndexRequest):
    """A recording to transcribe."""

    audio = UploadField(help_text="A recording. In JSON: base64 text or a data: URL.")


class EventRequest(IndexRequest):
    """An action of a customer on a result."""

    query_id = serializers.UUIDField(help_text="From the answer that held the result.")
    object_id = serializers.CharField(max_length=255, trim_whitespace=False, help_text="The id of the result.")
    event = serializers.ChoiceField(choices=Event.Kind.choices)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1_000_000)


def ids_in(given: Iterable[Any]) -> list[str]:
    """Return every id once, in order; a text may hold several, separated by commas. ``\\,`` is a comma in an id."""
    parts = (part.strip().replace(r"\,", ",") for each in given for part in _COMMA.split(str(each)))
    return list(dict.fromkeys(part for part in parts if part))


def id_text(object_id: str) -> str:
    """Return an id as ``ids_in`` reads it."""
    return object_id.replace(",", r"\,")


def _as_object(data: Any) -> dict[Any, Any]:
    if isinstance(data, dict):
        return data
    if not isinstance(data, str):
        raise TypeError
    if data.lstrip().startswith("{"):
        return dict(json.loads(data))
    return dict(pair.split("=", 1) for pair in data.split(",") if pair.strip())
