"""What requests may say and what answers look like; the OpenAPI description is made from these."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from xsearch.conf import settings
from xsearch.models import Event
from xsearch.understanding import MODES
from xsearch.web.fields import (
    ConditionsField,
    CropField,
    HeardField,
    IdsField,
    ModelField,
    QueryField,
    UploadField,
    UploadsField,
    WeightsField,
)

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
    like = IdsField(required=False, help_text="Ids of results to find more like.")
    unlike = IdsField(required=False, help_text="Ids of results to keep away from.")
    weights = WeightsField(required=False, help_text="How much each part of the query counts.")
    explain = serializers.BooleanField(required=False, default=False, help_text="Say what each part added.")
    literal = serializers.BooleanField(required=False, default=False, help_text="Correct no typing errors.")
    personal = serializers.BooleanField(
        required=False, default=True, help_text="Whether taste may reorder the results of those who agreed to it."
    )
    spoken = serializers.BooleanField(
        required=False, default=False, help_text="Whether the words are a transcript, of which none is kept."
    )
    exact = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="false: answer sooner, in a large catalogue with the least total there is. true: look at all first.",
    )
    again = serializers.BooleanField(
        required=False, default=False, help_text="Whether this was searched for before, and is only counted now."
    )
    understand = serializers.BooleanField(
        required=False, default=True, help_text="Whether prices, named values and negations in the text are understood."
    )
    drop = ConditionsField(required=False, help_text="Ids of understood conditions that are searched for as words.")
    soft = ConditionsField(required=False, help_text="Ids of understood conditions that only order the results.")
    strict = ConditionsField(required=False, help_text="Ids of understood conditions that limit the results.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Gather what the customer chose for conditions: ``modes`` by their ids."""
        chosen = {"soft": "soft", "strict": "strict", "drop": "off"}
        modes = {each: mode for name, mode in chosen.items() for each in attrs.pop(name, ())}
        return {**attrs, "modes": modes} if modes else attrs


class SearchRequest(TextSearchRequest):
    """A search by text, photo, recording, or any mix of them."""

    image = UploadsField(
        required=False, help_text="A photo, or several of one thing. In JSON: base64 text or a data: URL, or a list."
    )
    audio = UploadField(required=False, help_text="A recording. In JSON: base64 text or a data: URL.")
    crop = CropField(required=False, help_text="Part of the upright (first) photo: x,y,w,h as fractions.")
    heard = HeardField(
        required=False, help_text="What may have been said, where q is the first of it: all of it is searched for."
    )


class SimilarRequest(Request):
    """How many similar objects to return."""

    page_size = serializers.IntegerField(required=False, default=12, min_value=1, max_value=100)


class SuggestRequest(LanguageMixin, Request):
    """The beginning of what a customer types; ``lang`` is that of the labels and titles in the answer."""

    q = QueryField(required=False, allow_blank=True, default="", trim_whitespace=False)
    limit = serializers.IntegerField(
        required=False, default=8, min_value=1, max_value=20, help_text="How many texts at most."
    )


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
    personal = serializers.DictField(
        required=False, help_text="Where taste moved it: {moved: places up, because: what it is liked for}."
    )
    explain = serializers.DictField(required=False, help_text="Only when asked for.")


class FacetValueSerializer(serializers.Serializer[Any]):
    """One value of a facet."""

    value = serializers.CharField(help_text="What to send as filter.")
    label = serializers.CharField(help_text="What to show.")  # type: ignore[assignment]
    count = serializers.IntegerField()


class ConditionSerializer(serializers.Serializer[Any]):
    """One thing that was understood of the words."""

    id = serializers.CharField(help_text="For drop, soft and strict; the same words get the same id.")
    phrase = serializers.CharField(help_text="The words that say it.")
    start = serializers.IntegerField(help_text="Where they stand in corrected, or in query where that is null.")
    end = serializers.IntegerField()
    field = serializers.CharField(allow_null=True, help_text="The declared filter; null for words not wanted.")
    op = serializers.ChoiceField(choices=["is", "is_not", "at_most", "at_least", "between", "about"])
    value = serializers.ListField(child=serializers.JSONField(), help_text="Numbers, or texts of which any will do.")
    label = serializers.CharField(help_text="What to show.")  # type: ignore[assignment]
    mode = serializers.ChoiceField(choices=MODES, help_text="soft orders, strict limits, off is searched for as words.")


class InterpretationSerializer(serializers.Serializer[Any]):
    """What was understood of the words."""

    text = serializers.CharField(help_text="What was left to be searched for as words.")
    conditions = ConditionSerializer(many=True)
    relaxed = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of strict conditions that nothing fulfils, made soft therefore."
    )


class ModelResultsSerializer(serializers.Serializer[Any]):
    """What one of several models contributes to a search."""

    name = serializers.CharField(help_text="What customers call these objects.")
    total = serializers.IntegerField()
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="If not, its hits are left out where another model has some.")
    facets = serializers.DictField(child=FacetValueSerializer(many=True))


class AlternativeSerializer(serializers.Serializer[Any]):
    """Another thing that may have been said."""

    text = serializers.CharField()
    confidence = serializers.FloatField()


class ResultsSerializer(serializers.Serializer[Any]):
    """The answer to a search."""

    query_id = serializers.UUIDField()
    query = serializers.CharField(help_text="The words as they were given, typed or spoken.")
    corrected = serializers.CharField(
        allow_null=True, help_text="What was searched for instead, with typing errors corrected."
    )
    transcript = serializers.CharField(allow_null=True, help_text="What was understood of a recording.")
    interpretation = InterpretationSerializer(allow_null=True, help_text="Null for a query without words.")
    alternatives = AlternativeSerializer(many=True, help_text="What else may have been said.")
    hits = HitSerializer(many=True)
    facets = serializers.DictField(child=FacetValueSerializer(many=True))
    models = serializers.DictField(
        child=ModelResultsSerializer(), required=False, help_text="By label, where several models are searched."
    )
    total = serializers.IntegerField(help_text="How many there are; at least so many unless total_is_exact.")
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="Whether any hit is what was asked for; else they are just the nearest.")
    personal = serializers.BooleanField(help_text="Whether the order follows the customer's taste.")
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out, and why.")
    took_ms = serializers.FloatField()


class CategorySerializer(FacetValueSerializer):
    """A value of a facet, which leads to the results that are limited to it."""

    filter = serializers.CharField(help_text="The parameter of a search that takes the value.")
    filter_label = serializers.CharField()


class SuggestedProductSerializer(serializers.Serializer[Any]):
    """One of the best products; an index adds fields of its own, such as price."""

    id = serializers.CharField(help_text="Primary key: a number or a text.")
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_null=True)


class SuggestionsSerializer(serializers.Serializer[Any]):
    """What a customer may mean who has typed so much."""

    suggestions = serializers.ListField(child=serializers.CharField(), help_text="Texts to search for.")
    categories = CategorySerializer(many=True)
    popular = serializers.ListField(child=serializers.CharField(), help_text="What several people have asked.")
    products = SuggestedProductSerializer(many=True)
    corrected = serializers.CharField(
        allow_null=True, help_text="What the suggestions are for, where nothing begins like what was typed."
    )


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
