"""How popular objects are: what customers did with them lately, counted by a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from django.db.models import Max

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.models import Event, Popularity
from xsearch.visitors.counting import replace_all
from xsearch.visitors.interactions import decayed_weight

#: What nobody knows who did counts less: it may be one person again and again.
_WORTH_OF_UNKNOWN = 0.25


def popularity_of(index: Index, keys: Sequence[Any]) -> dict[str, float]:
    """Return the popularity of those of ``keys`` that have any, {object id: 0 to 1}, in one statement."""
    known = Popularity.objects.filter(content_type=index.content_type, object_id__in=[str(key) for key in keys])
    return dict(known.values_list("object_id", "score"))


def count_popularity() -> int:
    """Count anew how popular the objects of every index are; returns how many have any popularity."""
    return replace_all(Popularity, [row for index in registered() for row in _counted(index)])


def _counted(index: Index) -> list[Popularity]:
    """Return n / (n + m) of each object, where n is what visitors did with it, and m the mean of n.

    Each visitor counts once an object, with the strongest of what they did; of the others each query does.
    """
    events = Event.objects.filter(content_type=index.content_type).order_by()
    weight = Max(decayed_weight(settings.POPULARITY_HALF_LIFE_DAYS))
    by_visitor = events.exclude(visitor=None).values("object_id", "visitor").annotate(weight=weight)
    by_query = events.filter(visitor=None).values("object_id", "query_id").annotate(weight=weight * _WORTH_OF_UNKNOWN)
    counts: dict[str, float] = defaultdict(float)
    for rows in (by_visitor, by_query):
        for object_id, strength in rows.values_list("object_id", "weight").iterator():
            counts[object_id] += max(strength, 0.0)
    usual = fmean(counts.values()) if counts else 0.0
    return [
        Popularity(content_type=index.content_type, object_id=object_id, score=count / (count + usual))
        for object_id, count in counts.items()
        if count > 0
    ]
