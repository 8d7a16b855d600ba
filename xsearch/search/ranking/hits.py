"""Ranked hits: objects are ranked, grouped and counted by facets, and loaded page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count

from xsearch.index.sorts import RELEVANCE
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.ranking.facets import (
    CountedFacet,
    GroupsAndFacets,
    count_facet,
    count_in_database,
    facet_names,
    members_of,
    read_groups_and_facets,
)
from xsearch.search.ranking.fusion import Ranking, fuse, similarity_thresholds
from xsearch.search.ranking.personalisation import personalise
from xsearch.search.request import SearchRequest
from xsearch.search.results import Counts, Coverage, Hit, SearchResults
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.scope import SearchScope
from xsearch.search.sorting import QuerysetOrder, SortOrder, in_browsing_order, queryset_order, sort_order
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.query_vectors import LEXICAL, VectorPart
from xsearch.search.words.lexical import LexicalQuery

#: The name of counting in ``degraded``.
DEGRADED = "total"
_NAMED_FROM = 0.6  # lexical score: the words name the object in its title, perhaps with another colour


@dataclass(frozen=True)
class Ranker:
    """Ranks the objects of a scope for a compiled query; with ``nearest`` also those below the cut-off."""

    context: SearchContext
    request: SearchRequest
    compiled: CompiledQuery
    weights: Mapping[str, float]
    scope: SearchScope
    nearest: bool = False
    #: Score all objects, not only the likely ones.
    full_scan: bool = False

    @property
    def facets(self) -> list[str]:
        """The facets to count."""
        return facet_names(self.context.index, self.request.facets)

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """Similarities by part, of which every object above the cut-off reaches one."""
        return {} if self.nearest else similarity_thresholds(self.context, self.compiled.parts, self.weights)

    @cached_property
    def order(self) -> SortOrder | None:
        """The order that was asked for; None: by score."""
        return sort_order(self.context.index, self.request.sort or RELEVANCE)

    @cached_property
    def given_order(self) -> QuerysetOrder | None:
        """The order of the queryset, if no other was asked for."""
        if self.request.sort or self.compiled.everything:
            return None
        return queryset_order(self.context.index, self.scope.queryset)

    @property
    def is_browsing(self) -> bool:
        """True if nothing is searched for, so that all objects of the scope are equal."""
        return self.compiled.everything and self.scope.interpretation is None

    @property
    def is_countable(self) -> bool:
        """True if all objects of the scope are hits, whatever their scores."""
        return self.compiled.everything and not self.compiled.preferences

    def rank(self, objects: models.QuerySet[Any]) -> Ranking:
        """Retrieve the candidates among ``objects`` and fuse their scores."""
        options: dict[str, Any] = {"full_scan": self.full_scan, "thresholds": self.thresholds}
        candidates = retrieve(self.context, self.compiled, objects, **options)
        weights = {name: weight for name, weight in self.weights.items() if name in candidates.columns}
        return fuse(self.context, self.compiled, candidates, weights, nearest=self.nearest)

    def hits(self) -> RankedHits:
        """Rank all objects of the scope in the order of the customer's taste, and choose one of each group."""
        ranking, sort = self._sorted()
        # Facets that are counted later are read then.
        counts_now = ranking.coverage.is_final or (self.request.exact is not None and not self.is_countable)
        found = self.read(ranking, self.facets if counts_now else ())
        by_taste = sort == RELEVANCE
        personal = personalise(self.context, ranking, found.groups, self.request.user) if by_taste else None
        ranking = personal.ranking if personal else ranking
        shown, variants = _one_of_each(ranking, found.groups)
        return RankedHits(self, ranking, found, personal.notes if personal else {}, shown, variants, sort)

    def _sorted(self) -> tuple[Ranking, str]:
        """Rank all objects of the scope, sort them as asked, and return the name of their order."""
        objects = self.scope.objects()
        if not self.compiled.everything:
            ranking = self.rank(objects)
            if self.given_order:
                return self.given_order.sorted(ranking), ""
            return (self.order.sorted(self.context, ranking), self.order.name) if self.order else (ranking, RELEVANCE)
        if self.order:
            ranking = self.rank(self.order.of(objects))
            return (self.order.sorted(self.context, ranking) if self.compiled.preferences else ranking), self.order.name
        browsed = in_browsing_order(self.context.index, self.scope.queryset, objects)
        return self.rank(browsed.objects), browsed.sort if self.is_browsing else RELEVANCE

    def read(self, ranking: Ranking, facets: Sequence[str]) -> GroupsAndFacets:
        """Read the groups and ``facets`` of what was ranked."""
        return read_groups_and_facets(self.context, self.scope, ranking.keys, facets)


@dataclass
class RankedHits:
    """All hits in order, one of each group; ``shown`` are their places in ``ranking``."""

    ranker: Ranker
    ranking: Ranking
    found: GroupsAndFacets
    #: The effect of personal taste on objects, by key.
    notes: Mapping[Any, dict[str, Any]]
    shown: Sequence[int]
    #: Number of further objects of its group that each place represents.
    variants: Mapping[int, int]
    #: Name of their order; empty if it is that of the queryset.
    sort: str = RELEVANCE

    def __len__(self) -> int:
        return len(self.shown)

    def merge_keys(self, count: int) -> list[tuple[Any, ...]]:
        """Return by what the first ``count`` hits are ordered, ascending."""
        places, order = self.shown[:count], self.ranker.order
        if order is None:
            return [(-score,) for score in self.ranking.scores[places].tolist()]
        keys = [self.ranking.keys[place] for place in places]
        values = order.values(self.ranker.context, keys)
        return [values.get(key, ()) for key in keys]

    @property
    def only_mentions_words(self) -> bool:
        """True if documents have the words, but no hit is named by them: descriptions mention them."""
        lexical = self.ranking.similarities.get(LEXICAL)
        has_named = lexical is not None and bool((lexical >= _NAMED_FROM).any())
        return self.ranker.compiled.has_known_words and not has_named

    # Counting

    def fill(self, results: SearchResults) -> None:
        """Fill in what ``results`` say about all hits; counting that needs a full scan is postponed."""
        request, ranking = self.ranker.request, self.ranking
        results.is_close, results.is_personal, results.sort = ranking.is_close, bool(self.notes), self.sort
        results.interpretation = self.ranker.scope.interpretation
        if request.exact is False and not ranking.coverage.is_final and (counts := self._counted_in_database()):
            results.counted = counts  # as fast as to count a part
        elif request.exact is not None or ranking.coverage.is_final:
            results.counted = self.counts()
        else:
            results.counted = Counts(len(self), Coverage.PARTIAL, Coverage.PARTIAL)
        if request.exact is None and not results.counted.is_final:
            results.count_all = self.count_all

    def counts(self) -> Counts:
        """Count the hits and the facets, as far as objects were ranked."""
        found = {name: self._facet(name) for name in self.ranker.facets}
        coverages = [self.ranking.coverage, *(coverage for _facet, coverage in found.values())]
        counted = {name: facet for name, (facet, _coverage) in found.items()}
        return self._counts(counted, max(coverages))

    def count_all(self) -> Counts:
        """Count everything, with a full scan unless the database can do it; the hits stay as they are."""
        if counts := self._counted_in_database():
            return counts
        context = self.ranker.context.with_own_failures()
        request = replace(self.ranker.request, user=None, exact=True)
        ranker = replace(self.ranker, context=context, request=request, full_scan=True)
        with suppress(SpaceSwapped):  # the query was encoded for vectors that are gone
            counts = (replace(self, ranker=ranker) if self.ranking.coverage.is_final else ranker.hits()).counts()
            if not context.degraded:
                return counts
        self.ranker.context.degrade(DEGRADED)
        return self._counts({name: self._own_values(name) for name in self.ranker.facets}, Coverage.PARTIAL)

    def _counted_in_database(self) -> Counts | None:
        """Count what nothing is searched in, without reading its objects; None if that cannot be done."""
        ranker = self.ranker
        if not ranker.is_countable or ranker.context.index.group_by:
            return None
        facets = {name: count_in_database(ranker.context, ranker.scope, name) for name in ranker.facets}
        counted = {name: facet for name, facet in facets.items() if facet}
        if len(counted) < len(facets):
            return None
        total = ranker.scope.objects().aggregate(total=Count("pk", distinct=True))["total"]
        return replace(self._counts(counted, Coverage.COMPLETE), total=total, coverage=Coverage.COMPLETE)

    def _counts(self, facets: Mapping[str, CountedFacet], coverage: Coverage) -> Counts:
        values = {name: facet.values for name, facet in facets.items()}
        ranges = {name: facet.range for name, facet in facets.items() if facet.range}
        return Counts(len(self), self.ranking.coverage, coverage, values, ranges)

    def _facet(self, name: str) -> tuple[CountedFacet, Coverage]:
        """Count a facet; one that is filtered on is counted without that filter, to show the alternatives."""
        ranker = self.ranker
        if not ranker.scope.is_filtered_on(name):
            return self._own_values(name), self.ranking.coverage
        if ranker.is_countable and (counted := count_in_database(ranker.context, ranker.scope, name)):
            return counted, Coverage.COMPLETE
        ranking = ranker.rank(ranker.scope.objects(without=name))
        return count_facet(ranker.context.index, name, ranker.read(ranking, [name])), ranking.coverage

    def _own_values(self, name: str) -> CountedFacet:
        if not self.found.values:
            self.found = self.ranker.read(self.ranking, self.ranker.facets)
        return count_facet(self.ranker.context.index, name, self.found)

    # Loading

    def page(self) -> list[Hit]:
        """Load the hits of the requested page."""
        request = self.ranker.request
        first = (request.page - 1) * request.page_size
        places = range(first, min(first + request.page_size, len(self)))
        return [hit for hit in self.hits(places, explain=request.explain) if hit]

    def hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        """Load the hits at ``places``; None for one that was deleted since it was ranked."""
        hits = self._load([self.shown[place] for place in places], explain=explain)
        there = [hit for hit in hits if hit] if explain else []
        compiled = self.ranker.compiled
        _explain_changes(compiled.parts, there)
        if there and compiled.words:
            _explain_words(self.ranker.context, compiled.words, there)
        return hits

    def _load(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        ranking, variants = self.ranking, self._all_variants(places)
        objects = self.ranker.scope.load([ranking.keys[place] for place in places])

        def hit(place: int) -> Hit | None:
            obj = objects.get(ranking.keys[place])
            if obj is None:  # deleted since it was ranked
                return None
            trace = ranking.trace(place) if explain else None
            score = round(float(ranking.scores[place]), 4)
            return Hit(obj, score, ranking.matched_by(place), trace, variants[place], self.notes.get(obj.pk))

        return [hit(place) for place in places]

    def _all_variants(self, places: Sequence[int]) -> Mapping[int, int]:
        """Return how many further objects of its group each place represents, counting all objects of these groups."""
        ranker = self.ranker
        index = ranker.context.index
        groups = {place: self.found.groups.get(self.ranking.keys[place]) for place in places if index.group_by}
        names = {place: group[1] for place, group in groups.items() if isinstance(group, tuple)}
        if self.ranking.coverage is Coverage.COMPLETE or not names:
            return self.variants
        with suppress(SpaceSwapped):
            members = ranker.scope.objects().filter(members_of(index, list(names.values())))
            found = Counter(ranker.read(ranker.rank(members), ()).groups.values())
            return {**self.variants} | {
                place: max(found["group", name] - 1, self.variants[place]) for place, name in names.items()
            }
        return self.variants


def rank_hits(ranker: Ranker) -> RankedHits:
    """Rank the likely objects, and all objects where that is not enough."""
    # The cheapest of all is not among the likely ones.
    is_sorted = bool(ranker.order and not ranker.compiled.everything) or ranker.given_order is not None
    ranker = replace(ranker, full_scan=bool(ranker.request.exact or is_sorted) and not ranker.nearest)
    hits = ranker.hits()
    coverage = hits.ranking.coverage
    is_short = len(hits) < ranker.request.last_place and coverage is Coverage.PARTIAL
    # An index scan may miss what is close: only a full scan can tell that nothing is.
    is_lost = not hits.ranking.is_close and coverage is not Coverage.COMPLETE
    if (is_lost or is_short) and not (ranker.full_scan or coverage.is_final):
        hits = replace(ranker, full_scan=True).hits()
    return hits


def _one_of_each(ranking: Ranking, groups: Mapping[Any, Any]) -> tuple[list[int], dict[int, int]]:
    """Return the places of the best object of each group, in order, and how many further ones each represents."""
    first: dict[Any, int] = {}
    variants: dict[int, int] = {}
    for place, key in enumerate(ranking.keys):
        group = groups.get(key, key)
        if group in first:
            variants[first[group]] += 1
        else:
            first[group] = place
            variants[place] = 0
    return list(first.values()), variants


def _explain_words(context: SearchContext, words: LexicalQuery, hits: Sequence[Hit]) -> None:
    """Add to each explanation how every word was found."""
    found = words.found_in(context, [hit.object.pk for hit in hits])
    for hit in hits:
        if hit.explain and LEXICAL in hit.explain:
            hit.explain[LEXICAL]["words"] = found.get(hit.object.pk, {})


def _explain_changes(parts: Sequence[VectorPart], hits: Sequence[Hit]) -> None:
    """Add to each explanation the changes that words made to the photo."""
    for part in parts:
        for hit in hits:
            if part.changes and hit.explain and part.name in hit.explain:
                hit.explain[part.name]["composed"] = list(part.changes)
