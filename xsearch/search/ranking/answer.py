"""What answers a query: the ranking of all candidates, grouped, counted and paged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

from django.db import models

from xsearch.index.registry import Index
from xsearch.search.comparison import Wanted
from xsearch.search.ranking.facets import Attributes, count_values, read_attributes
from xsearch.search.ranking.fusion import Ranking, floors, fuse
from xsearch.search.ranking.personalisation import personalise
from xsearch.search.results import Counts, FacetValue, Hit, SearchResults
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.scope import Scope
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.parts import LEXICAL, VectorPart
from xsearch.search.words.lexical import LexicalQuery

Objects = models.QuerySet[Any]

DEGRADED = "total"  # where not all could be counted
_NAMED_FROM = 0.6  # lexical score: a title has what the words name, be it in another colour


class Answer:
    """The ranking of what is wanted, or of the ``nearest`` below the cut-off too; fills the results with a page."""

    _attributes: Attributes

    def __init__(
        self,
        wanted: Wanted,
        weights: Mapping[str, float],
        scope: Scope,
        results: SearchResults,
        user: Any,
        *,
        facets: Sequence[str],
        exact: bool | None,
        nearest: bool,
    ) -> None:
        self._wanted = wanted
        self._index = wanted.index
        self._weights = weights
        self._nearest = nearest
        self._floors = {} if nearest else floors(wanted.index, wanted.parts, weights)
        self._scope = scope
        self._results = results
        self._degraded = results.degraded
        self._user = user
        self._facets = facets
        self._whole = bool(exact) and not nearest
        self._is_counted = exact is not None
        self._rank_all()

    def _rank_all(self) -> None:
        """Rank what is likely, and everything where that is not enough."""
        results = self._results
        self._order()
        is_short = len(self._shown) < results.page * results.page_size and not self._ranking.is_whole
        # That nothing is close is said only after looking at everything: a walk may miss what is.
        is_lost = not (self._ranking.is_close or self._ranking.is_exact)
        if (is_lost or is_short) and not (self._whole or self._ranking.is_final):
            self._whole = True
            self._order()

    def __len__(self) -> int:
        return len(self._shown)

    def fill(self) -> None:
        """Fill in what the results say of all hits; to count what takes a look at everything is left for later."""
        results = self._results
        results.is_close, results.is_personal = self._ranking.is_close, bool(self._notes)
        results.interpretation = self._scope.interpretation
        if self._is_counted or self._ranking.is_final:
            results.counted = self._counts()
        else:
            results.counted = Counts(len(self._shown), is_exact=False, is_final=False)
        if not (self._is_counted or results.counted.is_final):
            results.count_all = self._count_all
        self._degraded[:] = dict.fromkeys(self._degraded)

    def _counts(self) -> Counts:
        found = {name: self._facet(name) for name in self._facets}
        is_final = self._ranking.is_final and all(is_final for _values, is_final in found.values())
        facets = {name: values for name, (values, _is_final) in found.items()}
        return Counts(len(self._shown), self._ranking.is_exact, is_final, facets)

    def _count_all(self) -> Counts:
        """Count as if everything had been looked at for the hits; they stay as they are."""
        whole = copy(self)
        whole._whole, whole._is_counted, whole._user, whole._degraded = True, True, None, []
        with suppress(SpaceSwapped):  # the query was encoded for vectors that are gone
            if not self._ranking.is_final:
                whole._order()
            counts = whole._counts()
            if not whole._degraded:
                return counts
        self._degraded.append(DEGRADED)
        facets = {name: count_values(self._index, name, self._own()) for name in self._facets}
        return Counts(len(self._shown), self._ranking.is_exact, is_final=False, facets=facets)

    def _order(self) -> None:
        """Rank once, in the order of the customer's taste, and choose one of each group."""
        ranking = self._rank(self._scope.objects())
        # Facets that are counted later are read then.
        attributes = self._read(ranking, self._facets if self._is_counted or ranking.is_final else ())
        using = self._scope.queryset.db
        personal = personalise(self._index, ranking, attributes, self._user, using, self._degraded)
        self._ranking, self._notes = personal.ranking, personal.notes
        self._shown, self._further = _one_of_each(self._ranking, attributes)
        self._attributes = attributes

    @property
    def only_mentions_words(self) -> bool:
        """Whether the catalogue has the words, but of the hits none is what they name: descriptions mention them."""
        found = self._ranking.similarities.get(LEXICAL)
        has_named = found is not None and bool((found >= _NAMED_FROM).any())
        return self._wanted.has_known_words and not has_named

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
        hits = self._hits([self._shown[place] for place in places], explain=explain)
        there = [hit for hit in hits if hit] if explain else []
        _explain_composition(self._wanted.parts, there)
        if there and self._wanted.words:
            _explain_words(self._index, self._wanted.words, there)
        return hits

    def _variants(self, places: Sequence[int]) -> Mapping[int, int]:
        """Return how many further ones of its group each of ``places`` stands for; of these, all are looked at."""
        field = self._index.group_by
        groups = {place: self._attributes.groups.get(self._ranking.keys[place]) for place in places if field}
        names = {place: group[1] for place, group in groups.items() if isinstance(group, tuple)}
        if self._ranking.is_exact or not names:
            return self._further
        with suppress(SpaceSwapped):
            members = self._scope.objects().filter(**{f"{field}__in": list(names.values())})
            found = Counter(self._read(self._rank(members), ()).groups.values())
            return self._further | {
                place: max(found["group", name] - 1, self._further[place]) for place, name in names.items()
            }
        return self._further

    def _rank(self, objects: Objects) -> Ranking:
        evidence = retrieve(self._wanted, objects, self._degraded, whole=self._whole, floors=self._floors)
        weights = {name: weight for name, weight in self._weights.items() if name in evidence.columns}
        wanted, nearest = self._wanted, self._nearest
        return fuse(self._index, evidence, wanted.parts, weights, wanted.leanings, nearest=nearest)

    def _read(self, ranking: Ranking, facets: Sequence[str]) -> Attributes:
        return read_attributes(self._index, self._scope.queryset.db, ranking.keys, facets)

    def _facet(self, name: str) -> tuple[list[FacetValue], bool]:
        """Count a facet, and say whether a whole look would count no more.

        One that is chosen from is counted without that choice, to show what else there is.
        """
        if not self._scope.is_filtered_on(name):
            return count_values(self._index, name, self._own()), self._ranking.is_final
        ranking = self._rank(self._scope.objects(without=name))
        return count_values(self._index, name, self._read(ranking, [name])), ranking.is_final

    def _own(self) -> Attributes:
        """Return the facets of the hits, read now if they were not before."""
        if self._facets and not self._attributes.values:
            self._attributes = self._read(self._ranking, self._facets)
        return self._attributes

    def _hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        ranking, further = self._ranking, self._variants(places)
        objects = self._scope.fetched([ranking.keys[place] for place in places])

        def hit(place: int) -> Hit | None:
            obj = objects.get(ranking.keys[place])
            if obj is None:  # deleted since it was ranked
                return None
            trace = ranking.trace(place) if explain else None
            score = round(float(ranking.scores[place]), 4)
            return Hit(obj, score, ranking.matched_by(place), trace, further[place], self._notes.get(obj.pk))

        return [hit(place) for place in places]


def _explain_words(index: Index, words: LexicalQuery, hits: Sequence[Hit]) -> None:
    """Say in each hit's explanation what every word was found as."""
    found = words.found_in(index, [hit.object.pk for hit in hits])
    for hit in hits:
        if hit.explain and LEXICAL in hit.explain:
            hit.explain[LEXICAL]["words"] = found.get(hit.object.pk, {})


def _explain_composition(parts: Sequence[VectorPart], hits: Sequence[Hit]) -> None:
    """Say in each hit's explanation what words have exchanged in the photo that it is compared with."""
    for part in parts:
        for hit in hits:
            if part.composed and hit.explain and part.name in hit.explain:
                hit.explain[part.name]["composed"] = list(part.composed)


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
