"""Response bodies as serializers: the OpenAPI description is made from them and from ``xsearch.web.requests``."""

from __future__ import annotations

from typing import Any

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
