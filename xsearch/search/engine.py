"""The search itself: read → encode → retrieve → fuse → group, count and page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index
from xsearch.media import Source
from xsearch.search.comparison import Wanted, wanted_by
from xsearch.search.context import companions
from xsearch.search.meaning import softenings, without_filtered
from xsearch.search.query import Crop, Given, Query, read_query
from xsearch.search.ranking.answer import Answer
from xsearch.search.ranking.facets import facet_names
from xsearch.search.ranking.preferences import leanings_of
from xsearch.search.results import SearchResults
from xsearch.search.scope import Scope
from xsearch.search.vectors.examples import check_examples
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.words.lexical import nearest_query
from xsearch.search.words.spelling import nearest_words
from xsearch.understanding import Interpretation, Mode

Objects = models.QuerySet[Any]

#: Three columns may be swapped one after the other.
_TRIES = 4


def search(
    queryset: models.QuerySet[Any],
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
    crop: Crop | None = None,
    filters: Mapping[str, Any] | None = None,
    correct: bool = True,
    understand: bool = True,
    modes: Mapping[str, Mode] | None = None,
    heard: Sequence[tuple[str, float]] = (),
    exact: bool | None = None,
    nearest: bool = True,
    load: bool = True,
) -> SearchResults:
    """Find objects of ``queryset`` by words, a photo, a recording, examples, or any mix of them.

    ``image`` and ``audio`` are bytes, a path or a file object; ``image`` may be a list of several of one thing.
    ``crop`` is (x, y, width, height) in fractions of the upright (first) photo. ``like`` and ``unlike`` are objects to
    find more like and to keep away from. ``weights`` maps modalities ("image") or parts ("text:image",
    "lexical") to numbers. ``facets`` are the declared ones unless named; None counts none. ``filters`` are
    declared ones by name: they limit the results like a narrower ``queryset``, but each facet is counted
    without the filter on itself. Typing errors are corrected with the words of the catalogue, and said in
    ``corrected``, unless ``correct`` is false. Prices, named values and negations in the words become conditions, said
    in ``interpretation``, unless ``understand`` is false; ``modes`` ("off", "soft", "strict") by the ids of conditions
    override them, and ``filters`` on the same field win. ``heard`` are all hypotheses of what was said, (text,
    confidence), where ``text`` is the first. For a ``user`` (or ``Visitor``) who agreed to be remembered,
    the order follows their taste, within bounds. In a large catalogue the first pages come from the likely objects,
    and all others are looked at when ``total`` or ``facets`` are read: in async code, ``exact`` must say before what to
    do. True looks at all at once, as pages beyond the likely do; False counts those that were looked at, so that
    ``total`` is the least there are. Where nothing is above the cut-off, the ``nearest`` are shown. Without ``load``
    no hits are loaded, but can be from ``results.ranked``; for several models see ``search_all``. Raises ``BadQuery``
    for a query that cannot be answered and ``MediaError`` for unreadable media.
    """
    started = time.perf_counter()
    _check_page(page, page_size)
    check_examples(like, unlike)
    index = get_index(queryset.model)
    names = facet_names(index, facets)
    results = SearchResults(page=page, page_size=page_size, like=list(like), unlike=list(unlike))
    given = Given(text, image, audio, crop, language, heard, correct, understand, modes)
    query = read_query(index, given, results.degraded)
    results.transcript, results.query, results.corrected = query.transcript, query.said, query.corrected
    results.alternatives = [(said, confidence) for said, confidence in query.heard[1:] if said]
    if query.interpretation:
        query.interpretation = results.interpretation = without_filtered(query.interpretation, filters or {})
    if not (query.is_empty and not (like or unlike)):
        options = _Options(filters or {}, weights, names, user, modes or {}, exact, nearest, explain, load)
        _Search(queryset, query, options, results).run()
    elif audio is None:
        raise BadQuery(
            _("Nothing to search for: give words (q), a photo (image) or a recording (audio)."), code="empty"
        )
    results.took_ms = round((time.perf_counter() - started) * 1000, 1)
    return results


def similar(queryset: Objects, obj: models.Model, *, page_size: int = 12) -> SearchResults:
    """Return the objects of ``queryset`` that are most like ``obj``, without itself."""
    return search(queryset, like=[obj], page_size=page_size, facets=None)


def _check_page(page: int, page_size: int) -> None:
    if page < 1:
        raise BadQuery(f"page must be 1 or more, not {page}.")
    if not 1 <= page_size <= settings.MAX_PAGE_SIZE:
        raise BadQuery(f"page_size must be from 1 to {settings.MAX_PAGE_SIZE}, not {page_size}.")


@dataclass(frozen=True)
class _Options:
    """How to search; ``search`` says what each is."""

    filters: Mapping[str, Any]
    weights: Mapping[str, float] | None
    facets: Sequence[str]
    user: Any
    modes: Mapping[str, Mode]
    exact: bool | None
    nearest: bool
    explain: bool
    load: bool


class _Search:
    """Fills ``results`` with what answers a query; what was said to be strict becomes a wish where nothing has it."""

    def __init__(self, queryset: Objects, query: Query, options: _Options, results: SearchResults) -> None:
        self._queryset = queryset
        self._index = get_index(queryset.model)
        self._query = query
        self._options = options
        self._results = results

    def run(self) -> None:
        """Answer; begin anew when a space was swapped on the way.

        Words alone answer in a transaction (REPEATABLE READ) that can never see the new space; ``degraded`` says so.
        """
        degraded, before = self._results.degraded, list(self._results.degraded)
        for _again in range(_TRIES):
            wanted = self._want()
            try:
                return self._answer(wanted)
            except SpaceSwapped:
                degraded[:] = before
        degraded += [part.name for part in wanted.parts]
        return self._answer(replace(wanted, parts=[]))

    def _want(self) -> Wanted:
        results = self._results
        return wanted_by(self._index, self._query, results.like, results.unlike, results.degraded)

    def _answer(self, wanted: Wanted) -> None:
        options, results = self._options, self._results
        answer = self._relaxed(wanted, self._look(wanted, self._query.interpretation))
        # What is least unlike an example is no answer to "more like this".
        if options.nearest and not (len(answer) or results.like or results.unlike):
            answer = self._nearest(wanted, answer)
        results.ranked = None if options.load else answer
        results.hits = answer.page(explain=options.explain) if options.load else []
        answer.fill()

    def _relaxed(self, wanted: Wanted, strict: Answer) -> Answer:
        """Answer without the limits that keep out what was asked for, if there are any such; as few as that takes."""
        insists = "strict" in self._options.modes.values()
        is_poor = strict.only_mentions_words and not insists
        if (len(strict) and not is_poor) or not (wanted.has_vectors or wanted.has_known_words):
            return strict
        softer = (self._look(wanted, meant) for meant in softenings(self._query.interpretation))
        good = (answer for answer in softer if len(answer) and not (len(strict) and answer.only_mentions_words))
        return next(good, strict)

    def _nearest(self, wanted: Wanted, empty: Answer) -> Answer:
        """Answer with what is nearest in meaning; of words that no object has, filtered out or not, in letters."""
        meant = self._query.interpretation
        if (wanted.has_vectors or wanted.has_known_words) and len(near := self._look(wanted, meant, nearest=True)):
            return near
        if wanted.has_known_words and wanted.words_are_anywhere():
            return empty
        alike = nearest_words(companions(self._index), self._query.text, self._results.degraded)
        words = nearest_query(self._index, alike) if alike else None
        return self._look(replace(wanted, parts=[], words=words), meant, nearest=True) if words else empty

    def _look(self, wanted: Wanted, meant: Interpretation | None, *, nearest: bool = False) -> Answer:
        options, results = self._options, self._results
        scope = Scope(self._queryset, [*results.like, *results.unlike], options.filters, meant)
        wanted, weights = replace(wanted, leanings=leanings_of(self._index, meant)).weighted(options.weights)
        facets, exact = options.facets, options.exact
        return Answer(wanted, weights, scope, results, options.user, facets=facets, exact=exact, nearest=nearest)
