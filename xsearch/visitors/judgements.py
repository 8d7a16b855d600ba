"""Judgements from behaviour: what customers opened, corrected for its position.

Customers open results at the top more often because they look at them more often. Under the examination
model, a click at rank r needs that the customer looks at the result, with a probability that falls as 1 / r^η,
and that the result attracts; weighing each click by the inverse of that probability makes the counts unbiased
(Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017).
η is ``POSITION_BIAS``. Weights are clipped: a little more bias, much less variance.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Event, QueryLog
from xsearch.visitors.queries import by_text, first_pages

_MAX_WEIGHT = 10.0  # of one click at any position
_LEAST_SEARCHES = 2  # with an event of the object; a single one may be a slip
#: Grades by the attraction of an object as a share of the query's best.
_GRADES = ((0.6, 3), (0.3, 2), (0.1, 1))


@dataclass(frozen=True)
class Judged:
    """A query of several people, and how much each object attracted them.

    ``attraction`` is the mean weight of the events over all searches for the words, by the objects' primary keys
    as text; ``searches`` is the number of searches.
    """

    text: str
    language: str
    searches: int
    attraction: Mapping[str, float]

    def grades(self) -> dict[str, int]:
        """Return a grade from 1 to 3 for each object that attracted enough; the best first."""
        best = max(self.attraction.values(), default=0.0)
        found = sorted(self.attraction.items(), key=lambda item: (-item[1], item[0]))
        grades = {key: next((grade for share, grade in _GRADES if value >= share * best), 0) for key, value in found}
        return {key: grade for key, grade in grades.items() if grade}


def propensity(position: int | None, bias: float) -> float:
    """Return how likely a customer looks at ``position`` (from 1) relative to the first; 1 for an unknown position."""
    return 1.0 / math.pow(position or 1, bias)


def judged_queries(index: Index) -> Iterator[Judged]:
    """Yield the queries that several people asked and that led to events; the most frequent first."""
    asked = first_pages().filter(content_type=index.content_type)
    rows = by_text(asked, "language").order_by("-searches", "text")
    for text, language, searches in rows.values_list("text", "language", "searches"):
        attraction = _attraction(index, asked.filter(text=text, language=language), searches)
        if attraction:
            yield Judged(text, language, searches, attraction)


def _attraction(index: Index, searches: QuerySet[QueryLog], count: int) -> dict[str, float]:
    """Return the mean weight of each object's events a search; only of objects with events in several searches."""
    weights: dict[str, float] = defaultdict(float)
    supporters: dict[str, set[Any]] = defaultdict(set)
    for (query_id, object_id), weight in _strongest(index, searches).items():
        weights[object_id] += weight
        supporters[object_id].add(query_id)
    return {
        object_id: weight / count
        for object_id, weight in weights.items()
        if weight > 0 and len(supporters[object_id]) >= _LEAST_SEARCHES
    }


def _strongest(index: Index, searches: QuerySet[QueryLog]) -> dict[tuple[Any, str], float]:
    """Return the strongest event of each object in each search, so that opening it twice counts once."""
    events = Event.objects.filter(content_type=index.content_type, query_id__in=searches.values("query_id"))
    found: dict[tuple[Any, str], float] = {}
    for query_id, object_id, kind, position in events.values_list("query_id", "object_id", "kind", "position"):
        chance = propensity(position, settings.POSITION_BIAS)
        weight = float(settings.EVENT_WEIGHTS.get(kind, 0.0)) * min(1.0 / chance, _MAX_WEIGHT)
        found[query_id, object_id] = max(weight, found.get((query_id, object_id), weight), key=abs)
    return found


def query_lines(index: Index, judged: Iterable[Judged], key: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file for ``xsearch_evaluate`` and ``xsearch_tune``, objects named by the field ``key``."""
    for number, query in enumerate(judged, start=1):
        names = _names(index, query, key)
        relevant = {names[pk]: grade for pk, grade in query.grades().items() if pk in names}
        if relevant:
            yield {"id": f"clicks-{number}", "text": query.text, "kind": "clicks", "relevant": relevant}


def pair_lines(index: Index, judged: Iterable[Judged], key: str) -> Iterator[dict[str, Any]]:
    """Yield pairs of query and object to train with; ``weight`` is the object's share of the query's attraction."""
    for query in judged:
        names = _names(index, query, key)
        total = sum(query.attraction.values())
        for pk in query.grades():
            if pk in names:
                weight = round(query.attraction[pk] / total, 4)
                yield {"query": query.text, "language": query.language, "object": names[pk], "weight": weight}


def _names(index: Index, query: Judged, key: str) -> dict[str, str]:
    """Return the names of the objects that still exist."""
    existing = index.get_queryset().filter(pk__in=query.attraction).values_list("pk", key)
    return {str(pk): str(name) for pk, name in existing}
