"""What requests may say and what answers look like; the OpenAPI description is made from these."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from xsearch.api.fields import CropField, ModelField, QueryField, UploadField, WeightsField
from xsearch.conf import settings
from xsearch.models import Event

PAGE_SIZE = 24
_PAGE_MAX = 1_000_000
_LANGUAGE = RegexValidator(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}\Z", _("Send a language code such as en or zh."))


class Request(serializers.Serializer[Any]):
    """What every request about an index may say."""

    #: Whether ``model`` may name several indexes.
    takes_several_models: ClassVar[bool] = False

    model = ModelField(required=False, help_text="Label of the index; without it, the first that is registered.")


class LanguageMixin(serializers.Serializer[Any]):
    """A request that can name the language of its text or speech."""

    lang = serializers.CharField(
        required=False, validators=[_LANGUAGE], help_text="Language of the text or speech: en, zh."
    )

    def validate_lang(self, value: str) -> str:
        """Return the primary language: "zh-Hans" → "zh"."""
        return value.replace("_", "-").split("-")[0].lower()


class PagedRequest(Request):
    """A request answered page by page."""

    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=_PAGE_MAX)
    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1)

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
    weights = WeightsField(required=False, help_text="How much each part of the query counts.")
    explain = serializers.BooleanField(required=False, default=False, help_text="Say what each part added.")
    literal = serializers.BooleanField(required=False, default=False, help_text="Correct no typing errors.")
    exact = serializers.BooleanField(required=False, default=False, help_text="Count all results; takes longer.")


class SearchRequest(TextSearchRequest):
    """A search by text, photo, recording, or any mix of them."""

    image = UploadField(required=False, help_text="A photo. In JSON: base64 text or a data: URL.")
    audio = UploadField(required=False, help_text="A recording. In JSON: base64 text or a data: URL.")
    crop = CropField(required=False, help_text="Part of the upright photo: x,y,w,h as fractions.")


class SimilarRequest(Request):
    """How many similar objects to return."""

    page_size = serializers.IntegerField(required=False, default=12, min_value=1, max_value=100)


class SuggestRequest(Request):
    """The beginning of what a customer types."""

    q = QueryField(required=False, allow_blank=True, default="", trim_whitespace=False)
    limit = serializers.IntegerField(required=False, default=8, min_value=1, max_value=20)


class TranscribeRequest(LanguageMixin, Request):
    """A recording to be understood."""

    audio = UploadField(help_text="A recording. In JSON: base64 text or a data: URL.")


class EventRequest(Request):
    """What a customer did with a result."""

    query_id = serializers.UUIDField(help_text="From the answer that held the result.")
    object_id = serializers.CharField(max_length=64, help_text="The id of the result.")
    event = serializers.ChoiceField(choices=Event.Kind.choices)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1_000_000)


class HitSerializer(serializers.Serializer[Any]):
    """One result; an index adds fields of its own, such as price."""

    id = serializers.CharField(help_text="Primary key: a number or a text.")
    model = serializers.CharField(help_text="Label of the index that it is from.")
    score = serializers.FloatField(help_text="0 to 1.")
    matched_by = serializers.ListField(child=serializers.CharField())
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_null=True)
    variants = serializers.IntegerField(help_text="How many further results of its group this one stands for.")
    explain = serializers.DictField(required=False, help_text="Only when asked for.")


class FacetValueSerializer(serializers.Serializer[Any]):
    """One value of a facet."""

    value = serializers.CharField(help_text="What to send as filter.")
    label = serializers.CharField(help_text="What to show.")  # type: ignore[assignment]
    count = serializers.IntegerField()


class ModelResultsSerializer(serializers.Serializer[Any]):
    """What one of several models contributes to a search."""

    name = serializers.CharField(help_text="What customers call these objects.")
    total = serializers.IntegerField()
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="If not, its hits are left out where another model has some.")
    facets = serializers.DictField(child=FacetValueSerializer(many=True))


class ResultsSerializer(serializers.Serializer[Any]):
    """The answer to a search."""

    query_id = serializers.UUIDField()
    query = serializers.CharField(help_text="The words as they were given, typed or spoken.")
    corrected = serializers.CharField(
        allow_null=True, help_text="What was searched for instead, with typing errors corrected."
    )
    transcript = serializers.CharField(allow_null=True, help_text="What was understood of a recording.")
    hits = HitSerializer(many=True)
    facets = serializers.DictField(child=FacetValueSerializer(many=True))
    models = serializers.DictField(
        child=ModelResultsSerializer(), required=False, help_text="By label, where several models are searched."
    )
    total = serializers.IntegerField(help_text="How many there are; at least so many unless total_is_exact.")
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="Whether any hit is what was asked for; else they are just the nearest.")
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out, and why.")
    took_ms = serializers.FloatField()


class SuggestionsSerializer(serializers.Serializer[Any]):
    """Completions of what a customer types."""

    suggestions = serializers.ListField(child=serializers.CharField())


class AlternativeSerializer(serializers.Serializer[Any]):
    """Another thing that may have been said."""

    text = serializers.CharField()
    confidence = serializers.FloatField()


class TranscriptSerializer(serializers.Serializer[Any]):
    """What was understood of a recording."""

    transcript = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    is_sure = serializers.BooleanField(help_text="Whether to search for it at once, or to let the customer look first.")
    alternatives = AlternativeSerializer(many=True)
    degraded = serializers.ListField(child=serializers.CharField())


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused."""

    code = serializers.CharField()
    detail = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    """Whether the search works."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "down"])
    database = serializers.BooleanField()
    pgvector = serializers.CharField(allow_null=True, help_text="Version of the extension.")
    broker = serializers.BooleanField(help_text="Whether the task queue can be reached.")
    encoders = serializers.DictField(child=serializers.CharField(), help_text="ready, or what is wrong.")
    indexes = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="Objects by status.",
    )
