"""The search, step by step: read the query, compile it, rank the objects, count and load the hits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

from django.db import models
from django.utils.translation import gettext as _

from xsearch.errors import BadQuery
from xsearch.index.registry import Searchable, get_index, queryset_of
from xsearch.index.sorts import require_sort
from xsearch.media import Source
from xsearch.search.compiled_query import CompiledQuery, compile_query
from xsearch.search.context import SearchContext, read_alias
from xsearch.search.meaning import relaxations
from xsearch.search.preferences import preferences_of
from xsearch.search.query import Query, read_query
from xsearch.search.ranking.facets import facet_names
from xsearch.search.ranking.hits import RankedHits, Ranker, rank_hits
from xsearch.search.request import SearchOptions, SearchRequest
from xsearch.search.results import SearchResults
from xsearch.search.scope import SearchScope
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.words.lexical import nearest_query
from xsearch.search.words.spelling import nearest_words
from xsearch.understanding import Interpretation

#: Three columns may be swapped one after the other.
_TRIES = 4


def search(
    queryset: Searchable,
    *,
    text: str | None = None,
    image: Source | Sequence[Source] | None = None,
    audio: Source | None = None,
    like: Sequence[models.Model] = (),
    unlike: Sequence[models.Model] = (),
    weights: Mapping[str, float] | None = None,
    user: Any = None,
    language: str | None = None,
    facets: Sequence[str] | None = (),
    page: int = 1,
    page_size: int = 24,
    explain: bool = False,
    **options: Unpack[SearchOptions],
) -> SearchResults:
    """Find objects of ``queryset`` by words, a photo, a recording, examples, or any mix of them.

    A model or a manager may stand for its objects; those of a model are limited by ``get_queryset`` of its index.
    ``SearchRequest`` documents every argument. Raises ``BadQuery`` for a query that cannot be answered as asked, and
    ``MediaError`` for unreadable media. For several models see ``search_all``.
    """
    request = SearchRequest(
        text, image, audio, like, unlike, weights, user, language, facets, page, page_size, explain, **options
    )
    objects = queryset_of(queryset)
    context = SearchContext(get_index(objects.model), read_alias(objects, request.examples))
    return run_search(context, objects, request)


def similar(queryset: Searchable, obj: models.Model, *, page_size: int = 12) -> SearchResults:
    """Return the objects of ``queryset`` that are most like ``obj``, without ``obj`` itself."""
    return search(queryset, like=[obj], page_size=page_size, facets=None)


def run_search(context: SearchContext, queryset: models.QuerySet[Any], request: SearchRequest) -> SearchResults:
    """Answer ``request`` with objects of ``queryset``, which belong to the index of ``context``."""
    started = time.perf_counter()
    queryset = queryset.using(context.using)  # a router may name another replica each time
    facet_names(context.index, request.facets)  # unknown names are refused before anything is decoded
    require_sort([context.index], request.sort)
    query = read_query(context, request)
    results = _results_for(context, request, query)
    _refuse_nothing(request, query)
    # A recording in which nothing was understood finds nothing, rather than everything.
    if not query.is_empty or request.examples or request.audio is None:
        hits = _find(context, queryset, request, query)
        results.ranked = None if request.load else hits
        results.hits = hits.page() if request.load else []
        hits.fill(results)
        context.degraded[:] = dict.fromkeys(context.degraded)
    results.took_ms = round((time.perf_counter() - started) * 1000, 1)
    return results


def _refuse_nothing(request: SearchRequest, query: Query) -> None:
    asks = not query.is_empty or request.examples or request.audio is not None or request.has_filters
    if not (asks or request.browse):
        detail = _("Nothing to search for: give words (q), a photo (image), a recording (audio) or a filter.")
        raise BadQuery(detail, code="empty")


def _results_for(context: SearchContext, request: SearchRequest, query: Query) -> SearchResults:
    """Return results without hits, with what is known about the query."""
    return SearchResults(
        page=request.page,
        page_size=request.page_size,
        transcript=query.transcript,
        query=query.said,
        corrected=query.corrected,
        interpretation=query.interpretation,
        like=list(request.like),
        unlike=list(request.unlike),
        alternatives=[(text, confidence) for text, confidence in query.heard[1:] if text],
        degraded=context.degraded,
    )


def _find(context: SearchContext, queryset: models.QuerySet[Any], request: SearchRequest, query: Query) -> RankedHits:
    """Compile the query and rank the objects; start again if a space was swapped meanwhile.

    In a transaction that cannot see the new space (REPEATABLE READ) the words alone answer, and ``degraded`` has the
    parts that were left out.
    """
    before = list(context.degraded)
    for _again in range(_TRIES):
        compiled = compile_query(context, request, query)
        try:
            return _Finder(context, queryset, request, query, compiled).find()
        except SpaceSwapped:
            context.forget_spaces()
            context.degraded[:] = before
    context.degrade(*(part.name for part in compiled.parts))
    return _Finder(context, queryset, request, query, replace(compiled, parts=[])).find()


class _Finder:
    """Finds the hits of a compiled query; falls back to relaxed conditions, then to the nearest objects."""

    def __init__(
        self,
        context: SearchContext,
        queryset: models.QuerySet[Any],
        request: SearchRequest,
        query: Query,
        compiled: CompiledQuery,
    ) -> None:
        self._context = context
        self._queryset = queryset
        self._request = request
        self._query = query
        self._compiled = compiled
        self._is_known = compiled.has_vectors or compiled.has_known_words

    def find(self) -> RankedHits:
        """Return the hits that match; if there are none, the nearest ones."""
        if self._query.is_empty and self._compiled.everything:  # there is nothing to relax, and nothing is near
            return self._rank(None)
        hits = self._relaxed(self._rank(self._query.interpretation))
        # The object least unlike an example is no answer to "more like this".
        if self._request.nearest and not (len(hits) or self._request.examples):
            hits = self._nearest(hits)
        return hits

    def _relaxed(self, strict: RankedHits) -> RankedHits:
        """Return the hits under relaxed conditions, if the strict ones exclude what was asked for."""
        insists = "strict" in (self._request.modes or {}).values()
        is_poor = strict.only_mentions_words and not insists
        if (len(strict) and not is_poor) or not self._is_known:
            return strict
        good = (hits for hits in self._softer() if len(hits) and not (len(strict) and hits.only_mentions_words))
        return next(good, strict)

    def _softer(self) -> Iterator[RankedHits]:
        return (self._rank(relaxed) for relaxed in relaxations(self._query.interpretation))

    def _nearest(self, empty: RankedHits) -> RankedHits:
        """Return the objects nearest in meaning; for words that no document has, those nearest in spelling."""
        interpretation = self._query.interpretation
        if self._is_known and len(near := self._rank(interpretation, nearest=True)):
            return near
        if self._compiled.has_known_words and self._compiled.words_are_anywhere(self._context):
            return empty
        alike = nearest_words(self._context, self._query.text)
        words = nearest_query(self._context, alike) if alike else None
        if words is None:
            return empty
        return self._rank(interpretation, nearest=True, compiled=replace(self._compiled, parts=[], words=words))

    def _rank(
        self,
        interpretation: Interpretation | None,
        *,
        nearest: bool = False,
        compiled: CompiledQuery | None = None,
    ) -> RankedHits:
        request, context = self._request, self._context
        scope = SearchScope(self._queryset, request.examples, request.filters or {}, interpretation)
        compiled = replace(compiled or self._compiled, preferences=preferences_of(context, interpretation))
        return rank_hits(Ranker(context, request, *compiled.weighted(request.weights), scope, nearest=nearest))
