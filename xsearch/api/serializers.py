"""Response bodies as serializers: the OpenAPI description is made from them and from ``xsearch.web.requests``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from xsearch.understanding import MODES


class HitSerializer(serializers.Serializer[Any]):
    """One result; an index adds fields of its own, such as price."""

    id = serializers.CharField(help_text="Primary key: a number or a text.")
    model = serializers.CharField(help_text="Label of the index that it is from.")
    score = serializers.FloatField(help_text="0 to 1.")
    matched_by = serializers.ListField(child=serializers.CharField())
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_null=True)
    variants = serializers.IntegerField(help_text="Number of further results of its group that this one stands for.")
    personal = serializers.DictField(
        required=False, help_text="How taste moved it: {moved: places up, because: what it is liked for}."
    )
    explain = serializers.DictField(required=False, help_text="Only when asked for.")


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}], "example": "12", "nullable": True}
)
class AnyValueField(serializers.Field[Any, Any, Any, Any]):
    """A value of a facet: a text (also a UUID or a date), a number, or true or false."""

    def to_representation(self, value: Any) -> Any:
        """Return the value itself."""
        return value


class FacetValueSerializer(serializers.Serializer[Any]):
    """One value of a facet."""

    value = AnyValueField(help_text="What to send as filter: the key of a related row, or the value itself.")
    label = serializers.CharField(help_text="What to show.")  # type: ignore[assignment]
    count = serializers.IntegerField()


class FacetOptionSerializer(FacetValueSerializer):
    """One value of a facet of results."""

    parent = AnyValueField(  # type: ignore[assignment]
        required=False, allow_null=True, help_text="In a tree: the value of the parent, null for a root."
    )
    depth = serializers.IntegerField(required=False, help_text="In a tree: the number of ancestors.")


class BucketSerializer(serializers.Serializer[Any]):
    """A part of a range: from min to below max, which the last part includes."""

    min, max, count = AnyValueField(), AnyValueField(), serializers.IntegerField()


class RangeSerializer(serializers.Serializer[Any]):
    """The range of a facet of numbers or dates."""

    min, max, histogram = AnyValueField(), AnyValueField(), BucketSerializer(many=True)


class ConditionSerializer(serializers.Serializer[Any]):
    """One condition that was understood in the words."""

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
    """The conditions that were understood in the words, and the words that are left."""

    text = serializers.CharField(help_text="The words that are left to search for.")
    conditions = ConditionSerializer(many=True)
    relaxed = serializers.ListField(
        child=serializers.CharField(), help_text="Ids of strict conditions that nothing fulfils: they are soft now."
    )


class ModelResultsSerializer(serializers.Serializer[Any]):
    """The share of one of several models in a search."""

    name = serializers.CharField(help_text="What customers call these objects.")
    total = serializers.IntegerField()
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="If false, its hits are left out where another model has close ones.")
    facets = serializers.DictField(child=FacetOptionSerializer(many=True))
    ranges = serializers.DictField(child=RangeSerializer(), help_text="Of the facets of numbers and dates.")


class AlternativeSerializer(serializers.Serializer[Any]):
    """Another possible transcript."""

    text = serializers.CharField()
    confidence = serializers.FloatField()


class ResultsSerializer(serializers.Serializer[Any]):
    """The results of a search."""

    query_id = serializers.UUIDField()
    query = serializers.CharField(help_text="The words as they were given, typed or spoken.")
    corrected = serializers.CharField(
        allow_null=True, help_text="The words without typing errors, if these were searched for instead."
    )
    transcript = serializers.CharField(allow_null=True, help_text="The transcript of a recording.")
    interpretation = InterpretationSerializer(allow_null=True, help_text="Null for a query without words.")
    alternatives = AlternativeSerializer(many=True, help_text="Other possible transcripts.")
    hits = HitSerializer(many=True)
    facets = serializers.DictField(child=FacetOptionSerializer(many=True))
    ranges = serializers.DictField(child=RangeSerializer(), help_text="Of the facets of numbers and dates.")
    models = serializers.DictField(
        child=ModelResultsSerializer(), required=False, help_text="By label, where several models are searched."
    )
    total = serializers.IntegerField(help_text="Number of results; a minimum unless total_is_exact.")
    total_is_exact = serializers.BooleanField()
    close = serializers.BooleanField(help_text="If false, no hit is what was asked for: they are just the nearest.")
    personal = serializers.BooleanField(help_text="If true, the order follows the customer's taste.")
    sort = serializers.CharField(help_text="The order of the hits.")
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out, and why.")
    took_ms = serializers.FloatField()


class CategorySerializer(FacetValueSerializer):
    """A value of a facet that a search can be limited to."""

    filter = serializers.CharField(help_text="The parameter of a search that takes the value.")
    filter_label = serializers.CharField()


class SuggestedProductSerializer(serializers.Serializer[Any]):
    """One of the best products; an index adds fields of its own, such as price."""

    id = serializers.CharField(help_text="Primary key: a number or a text.")
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_null=True)


class SuggestionsSerializer(serializers.Serializer[Any]):
    """Suggestions for the beginning of a query."""

    suggestions = serializers.ListField(child=serializers.CharField(), help_text="Texts to search for.")
    categories = CategorySerializer(many=True)
    popular = serializers.ListField(child=serializers.CharField(), help_text="Queries that several people have asked.")
    products = SuggestedProductSerializer(many=True)
    corrected = serializers.CharField(
        allow_null=True, help_text="The corrected text that is completed, if nothing begins like the typed one."
    )


class TranscriptSerializer(serializers.Serializer[Any]):
    """The transcript of a recording."""

    transcript = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    is_sure = serializers.BooleanField(help_text="true: search for it at once. false: let the customer look first.")
    alternatives = AlternativeSerializer(many=True)
    degraded = serializers.ListField(child=serializers.CharField())


class ProblemSerializer(serializers.Serializer[Any]):
    """The reason why a request was refused."""

    code = serializers.CharField()
    detail = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    """The state of the search."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "down"])
    database = serializers.BooleanField()
    pgvector = serializers.CharField(allow_null=True, help_text="Version of the extension.")
    broker = serializers.BooleanField(help_text="true: the task queue can be reached.")
    encoders = serializers.DictField(child=serializers.CharField(), help_text="ready, or the error.")
    indexes = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Objects by status."
    )
