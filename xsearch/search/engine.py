"""The search itself: read → encode → retrieve → fuse → group, count and page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.media import Source
from xsearch.models import EmbeddedModel
from xsearch.registry import Index, get_index
from xsearch.search.facets import Attributes, count_values, facet_names, read_attributes
from xsearch.search.fusion import Ranking, fuse
from xsearch.search.lexical import LexicalQuery
from xsearch.search.parts import LEXICAL, part_weights
from xsearch.search.reading import Crop, read_query
from xsearch.search.results import FacetValue, Hit, SearchResults
from xsearch.search.retrieval import retrieve
from xsearch.search.scope import Scope
from xsearch.search.swaps import answer_steadily
from xsearch.search.wanted import Wanted, wanted_by

Objects = models.QuerySet[Any]


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
    filters: Mapping[str, Any] | None = None,
    correct: bool = True,
    exact: bool = False,
    load: bool = True,
) -> SearchResults:
    """Find objects of ``queryset`` by words, a photo, a recording, examples, or any mix of them.

    ``image`` and ``audio`` are bytes, a path or a file object; ``crop`` is (x, y, width, height) in
    fractions of the upright photo. ``weights`` maps modalities ("image") or parts ("text:image",
    "lexical") to numbers. ``facets`` are the declared ones unless named; None counts none. ``filters`` are
    declared ones by name: they limit the results like a narrower ``queryset``, but each facet is counted
    without the filter on itself. Typing errors are corrected with the words of the catalogue, and said in
    ``corrected``, unless ``correct`` is false. In a large catalogue the first pages and the facets come from the
    likely objects, and ``total`` is the least there are; ``exact`` looks at all, as pages beyond these do, and takes
    longer. Without ``load`` no hits are loaded, but can be from ``results.ranked``; for several models see
    ``search_all``. Raises ``BadQuery`` for a query that cannot be answered and ``MediaError`` for unreadable media.
    """
    started = time.perf_counter()
    _check_page(page, page_size)
    index = get_index(queryset.model)
    names = facet_names(index, facets)
    results = SearchResults(page=page, page_size=page_size)
    query = read_query(index, text, image, audio, crop, language, results.degraded, correct=correct)
    results.transcript, results.query = query.transcript, query.uncorrected or query.text
    results.corrected = query.text if query.uncorrected else None
    if query.is_empty and not (like or unlike):
        if audio is None:
            raise BadQuery(
                _("Nothing to search for: give words (q), a photo (image) or a recording (audio)."), code="empty"
            )
    else:
        scope = Scope(queryset, [*like, *unlike], filters or {})

        def answer(wanted: Wanted) -> None:
            found = _Answer(wanted, part_weights(wanted.names, weights), scope, results)
            found.fill(names, exact=exact)
            results.ranked = None if load else found
            results.hits = found.page(explain=explain) if load else []

        answer_steadily(lambda: wanted_by(index, query, like, unlike, results.degraded), answer, results.degraded)
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


class _Answer:
    """Ranks what is wanted, and fills the results with one page of it."""

    def __init__(self, wanted: Wanted, weights: Mapping[str, float], scope: Scope, results: SearchResults) -> None:
        self._wanted = wanted
        self._index = wanted.index
        self._weights = weights
        self._scope = scope
        self._results = results

    def fill(self, facets: Sequence[str], *, exact: bool) -> None:
        """Rank everything, and fill in what the results say of all hits."""
        results = self._results
        self._ranking, attributes = self._rank(self._scope.objects(), facets, whole=exact)
        self._shown, self._further = _one_of_each(self._ranking, attributes)
        if len(self._shown) < results.page * results.page_size and not (self._ranking.is_whole or exact):
            exact = True
            self._ranking, attributes = self._rank(self._scope.objects(), facets, whole=exact)
            self._shown, self._further = _one_of_each(self._ranking, attributes)
        results.total, results.total_is_exact = len(self._shown), self._ranking.is_whole
        results.is_close = self._ranking.is_close
        results.facets = {name: self._facet(name, attributes, whole=exact) for name in facets}
        results.degraded[:] = dict.fromkeys(results.degraded)

    def page(self, *, explain: bool) -> list[Hit]:
        """Load the hits of the page."""
        first = (self._results.page - 1) * self._results.page_size
        places = range(first, min(first + self._results.page_size, len(self._shown)))
        return [hit for hit in self.hits(places, explain=explain) if hit]

    @property
    def scores(self) -> Sequence[float]:
        """The scores of all hits, best first."""
        scores: Sequence[float] = self._ranking.scores[self._shown].tolist()
        return scores

    def hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        """Load the hits at ``places`` of the results; None for one that was deleted since it was ranked."""
        hits = self._hits(self._ranking, [self._shown[place] for place in places], self._further, explain=explain)
        if explain and self._wanted.words:
            _explain_words(self._index, self._wanted.words, [hit for hit in hits if hit])
        return hits

    def _rank(self, objects: Objects, facets: Sequence[str], *, whole: bool) -> tuple[Ranking, Attributes]:
        evidence = retrieve(self._wanted, objects, self._results.degraded, whole=whole)
        weights = {name: weight for name, weight in self._weights.items() if name in evidence.columns}
        ranking = fuse(self._index, evidence, self._wanted.parts, weights)
        return ranking, read_attributes(self._index, objects.db, ranking.keys, facets)

    def _facet(self, name: str, attributes: Attributes, *, whole: bool) -> list[FacetValue]:
        """Count a facet; one that is chosen from is counted without that choice, to show what else there is."""
        if self._scope.is_filtered_on(name):
            _, attributes = self._rank(self._scope.objects(without=name), [name], whole=whole)
        return count_values(self._index, name, attributes)

    def _hits(
        self, ranking: Ranking, places: Sequence[int], further: Mapping[int, int], *, explain: bool
    ) -> list[Hit | None]:
        queryset = self._scope.queryset
        if queryset.query.is_sliced or queryset.query.combinator:
            queryset = queryset.model._base_manager.using(queryset.db).all()
        if issubclass(queryset.model, EmbeddedModel):
            queryset = queryset.defer(*(column.name for column in EmbeddedModel._meta.local_fields))
        objects = {obj.pk: obj for obj in queryset.filter(pk__in=[ranking.keys[place] for place in places])}

        def hit(place: int) -> Hit | None:
            obj = objects.get(ranking.keys[place])
            if obj is None:  # deleted since it was ranked
                return None
            trace = ranking.trace(place) if explain else None
            score = round(float(ranking.scores[place]), 4)
            return Hit(obj, score, ranking.matched_by(place), trace, further[place])

        return [hit(place) for place in places]


def _explain_words(index: Index, words: LexicalQuery, hits: Sequence[Hit]) -> None:
    """Say in each hit's explanation what every word was found as."""
    found = words.found_in(index, [hit.object.pk for hit in hits])
    for hit in hits:
        if hit.explain and LEXICAL in hit.explain:
            hit.explain[LEXICAL]["words"] = found.get(hit.object.pk, {})


def _one_of_each(ranking: Ranking, attributes: Attributes) -> tuple[list[int], dict[int, int]]:
    """Return the places of the best of each group, in order, and how many further ones of its group each stands for."""
    first: dict[Any, int] = {}
    further: dict[int, int] = {}
    for place, key in enumerate(ranking.keys):
        group = attributes.groups.get(key, key)
        if group in first:
            further[first[group]] += 1
        else:
            first[group] = place
            further[place] = 0
    return list(first.values()), further
