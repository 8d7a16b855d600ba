"""Results and transcripts as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xsearch.registry import get_index

if TYPE_CHECKING:
    from xsearch.registry import Index
    from xsearch.search import Hit, SearchResults
    from xsearch.speech.base import Transcript


def results_body(results: SearchResults) -> dict[str, Any]:
    """Return the answer to a search."""
    body = {
        "query_id": str(results.query_id),
        "query": results.query,
        "corrected": results.corrected,
        "transcript": results.transcript,
        "hits": [hit_body(hit, get_index(type(hit.object))) for hit in results.hits],
        "facets": _facets(results),
        "total": results.total,
        "total_is_exact": results.total_is_exact,
        "close": results.is_close,
        "page": results.page,
        "page_size": results.page_size,
        "degraded": list(results.degraded),
        "took_ms": round(results.took_ms, 1),
    }
    models = {label: _model_body(label, part) for label, part in results.models.items()}
    return body | {"models": models} if models else body


def _model_body(label: str, part: SearchResults) -> dict[str, Any]:
    return {
        "name": get_index(label).name(),
        "total": part.total,
        "total_is_exact": part.total_is_exact,
        "close": part.is_close,
        "facets": _facets(part),
    }


def _facets(results: SearchResults) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{"value": v.value, "label": str(v.label), "count": v.count} for v in values]
        for name, values in results.facets.items()
    }


def hit_body(hit: Hit, index: Index) -> dict[str, Any]:
    """Return one result with the fields that its index adds."""
    extra = {name: _number(value) for name, value in index.card(hit.object).items()}
    body = extra | {
        "id": hit.object.pk,
        "model": index.label,
        "score": round(float(hit.score), 4),
        "matched_by": list(hit.matched_by),
        "title": index.title(hit.object),
        "url": index.url(hit.object),
        "image": index.image_url(hit.object),
        "variants": hit.variants,
    }
    return body if hit.explain is None else body | {"explain": hit.explain}


def transcript_body(transcript: Transcript | None, degraded: list[str]) -> dict[str, Any]:
    """Return what was understood of a recording."""
    if transcript is None:
        unknown = dict.fromkeys(("transcript", "language", "confidence"))
        return {**unknown, "is_sure": False, "alternatives": [], "degraded": degraded}
    return {
        "transcript": transcript.text,
        "language": transcript.language,
        "confidence": round(float(transcript.confidence), 4),
        "is_sure": transcript.is_sure,
        "alternatives": [
            {"text": text, "confidence": round(float(confidence), 4)} for text, confidence in transcript.alternatives
        ],
        "degraded": degraded,
    }


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
