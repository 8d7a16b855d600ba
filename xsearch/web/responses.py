"""Response bodies: results, suggestions and transcripts as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xsearch.index.filters import field_label
from xsearch.index.registry import Index, get_index

if TYPE_CHECKING:
    from xsearch.search import FacetValue, Hit, SearchResults
    from xsearch.search.results import Bucket, FacetRange
    from xsearch.search.suggestions import Suggestions
    from xsearch.speech.base import Transcript
    from xsearch.understanding import Interpretation


def results_body(results: SearchResults) -> dict[str, Any]:
    """Return the body of the answer to a search."""
    body = {
        "query_id": str(results.query_id),
        "query": results.query,
        "corrected": results.corrected,
        "transcript": results.transcript,
        "interpretation": _interpretation(results.interpretation),
        "alternatives": _alternatives(results.alternatives),
        "hits": [hit_body(hit, get_index(type(hit.object))) for hit in results.hits],
        "facets": _facets(results),
        "ranges": _ranges(results),
        **_counts(results),
        "personal": results.is_personal,
        "sort": results.sort,
        "page": results.page,
        "page_size": results.page_size,
        "degraded": list(results.degraded),
        "took_ms": round(results.took_ms, 1),
    }
    models = {
        label: {"name": get_index(label).name(), **_counts(part), "facets": _facets(part), "ranges": _ranges(part)}
        for label, part in results.models.items()
    }
    return body | {"models": models} if models else body


def _counts(results: SearchResults) -> dict[str, Any]:
    return {"total": results.total, "total_is_exact": results.total_is_exact, "close": results.is_close}


def _facets(results: SearchResults) -> dict[str, list[dict[str, Any]]]:
    return {name: [_facet_value(value) for value in values] for name, values in results.facets.items()}


def _facet_value(found: FacetValue) -> dict[str, Any]:
    """Return a value of a facet; in a tree also its parent and its depth."""
    body = {"value": _number(found.value), "label": str(found.label), "count": found.count}
    return body if found.depth is None else body | {"parent": found.parent, "depth": found.depth}


def _ranges(results: SearchResults) -> dict[str, dict[str, Any]]:
    def ends(part: FacetRange | Bucket) -> dict[str, Any]:
        return {"min": _number(part.least), "max": _number(part.greatest)}

    return {
        name: {**ends(found), "histogram": [{**ends(part), "count": part.count} for part in found.histogram]}
        for name, found in results.ranges.items()
    }


def _interpretation(interpretation: Interpretation | None) -> dict[str, Any] | None:
    if interpretation is None:
        return None
    names = ("id", "phrase", "start", "end", "field", "op", "label", "mode")
    conditions = [
        {name: getattr(each, name) for name in names} | {"value": [_number(value) for value in each.values]}
        for each in interpretation.conditions
    ]
    return {"text": interpretation.text, "conditions": conditions, "relaxed": list(interpretation.relaxed)}


def hit_body(hit: Hit, index: Index) -> dict[str, Any]:
    """Return one result with the fields that its index adds."""
    body = object_body(hit.object, index) | {
        "model": index.label,
        "score": round(float(hit.score), 4),
        "matched_by": list(hit.matched_by),
        "variants": hit.variants,
    }
    optional = {"personal": hit.personal, "explain": hit.explain}
    return body | {name: value for name, value in optional.items() if value is not None}


def object_body(obj: Any, index: Index) -> dict[str, Any]:
    """Return an object as customers see it: title, address and photo, with the fields that its index adds."""
    extra = {name: _number(value) for name, value in index.card(obj).items()}
    own = {"id": obj.pk, "title": index.title(obj), "url": index.url(obj), "image": index.image_url(obj)}
    return extra | own


def suggestions_body(found: Suggestions, index: Index) -> dict[str, Any]:
    """Return the suggestions for the beginning of a query."""
    return {
        "suggestions": found.texts,
        "categories": [
            {
                "filter": facet.facet,
                "filter_label": field_label(index, facet.facet),
                "value": facet.text,
                "label": facet.label,
                "count": facet.objects_with,
            }
            for facet in found.facets
        ],
        "popular": found.popular,
        "products": [object_body(obj, index) for obj in found.objects],
        "corrected": found.corrected,
    }


def transcript_body(transcript: Transcript | None, degraded: list[str]) -> dict[str, Any]:
    """Return the transcript of a recording."""
    if transcript is None:
        unknown = dict.fromkeys(("transcript", "language", "confidence"))
        return {**unknown, "is_sure": False, "alternatives": [], "degraded": degraded}
    return {
        "transcript": transcript.text,
        "language": transcript.language,
        "confidence": round(float(transcript.confidence), 4),
        "is_sure": transcript.is_sure,
        "alternatives": _alternatives(transcript.alternatives),
        "degraded": degraded,
    }


def _alternatives(pairs: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"text": text, "confidence": round(float(confidence), 4)} for text, confidence in pairs]


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
