"""The search itself: parse → encode → retrieve → fuse → page."""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.media import Source, crop_image, load_audio, load_image
from xsearch.models import EmbeddedModel
from xsearch.registry import Index, get_index
from xsearch.search.facets import count_facets
from xsearch.search.fusion import fuse, matched_by
from xsearch.search.lexical import lexical_query
from xsearch.search.parts import LEXICAL, encode_parts, example_parts, part_weights
from xsearch.search.results import Hit, SearchResults
from xsearch.search.retrieval import has_vectors, mean_vectors, retrieve
from xsearch.search.voice import transcribe_waveform

logger = logging.getLogger("xsearch.search")

Crop = tuple[float, float, float, float]


@dataclass
class Query:
    """A query with its media decoded and its recording understood."""

    text: str = ""
    #: By modality, what the encoders get.
    inputs: dict[str, Any] = field(default_factory=dict)
    transcript: str | None = None


def search(
    queryset: models.QuerySet[Any],
    *,
    text: str | None = None,
    image: Source | None = None,
    audio: Source | None = None,
    like: Sequence[models.Model] = (),
    unlike: Sequence[models.Model] = (),
    weights: Mapping[str, float] | None = None,
    user: Any = None,  # noqa: ARG001 - of the contract; results are the same for everyone until they are personalised
    language: str | None = None,
    facets: Sequence[str] | None = (),
    page: int = 1,
    page_size: int = 24,
    explain: bool = False,
    crop: Crop | None = None,
) -> SearchResults:
    """Find objects of ``queryset`` by words, a photo, a recording, examples, or any mix of them.

    ``image`` and ``audio`` are bytes, a path or a file object; ``crop`` is (x, y, width, height) in
    fractions of the upright photo. ``weights`` maps modalities ("image") or parts ("text:image",
    "lexical") to numbers. ``facets`` are the declared ones unless named; None counts none. Raises
    ``BadQuery`` for a query that cannot be answered and ``MediaError`` for unreadable media.
    """
    started = time.perf_counter()
    _check_page(page, page_size)
    index = get_index(queryset.model)
    results = SearchResults(page=page, page_size=page_size)
    query = _read(index, text, image, audio, crop, language, results.degraded)
    results.transcript = query.transcript
    if not (query.text or query.inputs or like or unlike):
        if audio is None:
            raise BadQuery(
                _("Nothing to search for: give words (q), a photo (image) or a recording (audio)."), code="empty"
            )
        results.took_ms = _since(started)
        return results
    ranked = _rank(index, _as_filterable(queryset, [*like, *unlike]), query, like, unlike, weights, results)
    results.total = len(ranked)
    results.facets = count_facets(index, queryset, [key for key, *_ in ranked], facets)
    first = (page - 1) * page_size
    results.hits = _hits(queryset, ranked[first : first + page_size], explain=explain)
    results.took_ms = _since(started)
    return results


def similar(queryset: models.QuerySet[Any], obj: models.Model, *, page_size: int = 12) -> SearchResults:
    """Return the objects of ``queryset`` that are most like ``obj``, without itself."""
    return search(queryset, like=[obj], page_size=page_size, facets=None)


def _check_page(page: int, page_size: int) -> None:
    if page < 1:
        raise BadQuery(f"page must be 1 or more, not {page}.")
    if not 1 <= page_size <= settings.MAX_PAGE_SIZE:
        raise BadQuery(f"page_size must be from 1 to {settings.MAX_PAGE_SIZE}, not {page_size}.")


def _read(
    index: Index,
    text: str | None,
    image: Source | None,
    audio: Source | None,
    crop: Crop | None,
    language: str | None,
    degraded: list[str],
) -> Query:
    query = Query(text=clean_text(text or ""))
    if image is not None:
        photo = load_image(image)
        query.inputs["image"] = crop_image(photo, crop) if crop else photo
    if audio is not None:
        _listen(index, query, audio, language, degraded)
    if query.text:
        query.inputs["text"] = query.text
    return query


def _listen(index: Index, query: Query, audio: Source, language: str | None, degraded: list[str]) -> None:
    """Take the recording as words if they are clear, else as a sound, if there are sounds to compare it with."""
    waveform = load_audio(audio, max_seconds=settings.QUERY_AUDIO_MAX_SECONDS)
    transcript, left_out = transcribe_waveform(waveform, language, index)
    degraded += left_out
    is_sound = not (transcript and transcript.is_sure) and has_vectors(index, "audio")
    if is_sound:
        query.inputs["audio"] = waveform
    if transcript:
        query.transcript = "" if is_sound else transcript.text
        query.text = f"{query.text} {query.transcript}".strip()


def clean_text(text: str) -> str:
    """Return ``text`` without control characters and outer space; raises ``BadQuery`` when it is too long."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    cleaned = " ".join("".join(kept).split())
    if len(cleaned) > settings.QUERY_MAX_CHARACTERS:
        lengths = {"length": len(cleaned), "limit": settings.QUERY_MAX_CHARACTERS}
        raise BadQuery(_("The query has %(length)s characters; at most %(limit)s are read.") % lengths)
    return cleaned


def _as_filterable(queryset: models.QuerySet[Any], examples: Sequence[models.Model]) -> models.QuerySet[Any]:
    """Return a plain queryset of the same objects without the examples; slices become subqueries."""
    rows: models.QuerySet[Any]
    if queryset.query.is_sliced or queryset.query.combinator or queryset.query.distinct:
        rows = queryset.model._base_manager.using(queryset.db).filter(pk__in=queryset.values("pk"))
    else:
        rows = queryset.select_related(None).prefetch_related(None).order_by()
    return rows.exclude(pk__in=[example.pk for example in examples]) if examples else rows


def _rank(
    index: Index,
    objects: models.QuerySet[Any],
    query: Query,
    like: Sequence[models.Model],
    unlike: Sequence[models.Model],
    weights: Mapping[str, float] | None,
    results: SearchResults,
) -> list[tuple[Any, float, dict[str, Any]]]:
    words = lexical_query(index, query.text) if query.text else None
    parts = encode_parts(index, query.inputs, results.degraded)
    for modality, examples in (("like", like), ("unlike", unlike)):
        if examples:
            parts += example_parts(index, modality, mean_vectors(index, examples))
    names = [part.name for part in parts] + ([LEXICAL] if words else [])
    evidence = retrieve(index, objects, parts, words, results.degraded)
    results.degraded[:] = dict.fromkeys(results.degraded)
    return fuse(index, evidence, parts, part_weights(names, weights))


def _hits(
    queryset: models.QuerySet[Any], ranked: Sequence[tuple[Any, float, dict[str, Any]]], *, explain: bool
) -> list[Hit]:
    keys = [key for key, *_ in ranked]
    if queryset.query.is_sliced or queryset.query.combinator:
        queryset = queryset.model._base_manager.using(queryset.db).all()
    if issubclass(queryset.model, EmbeddedModel):
        queryset = queryset.defer(*(column.name for column in EmbeddedModel._meta.local_fields))
    objects = {obj.pk: obj for obj in queryset.filter(pk__in=keys)}
    return [
        Hit(objects[key], round(score, 4), matched_by(trace), trace if explain else None)
        for key, score, trace in ranked
        if key in objects  # deleted since it was ranked
    ]


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
