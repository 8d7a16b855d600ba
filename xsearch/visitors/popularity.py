"""Popularity of objects: a task counts what customers did with them lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from django.db import connections, models, router, transaction
from django.db.models import Max

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.models import Event, Popularity
from xsearch.visitors.events import decayed_weight

#: Weight of an event without a visitor: one person may have caused many of them.
_ANONYMOUS_WEIGHT = 0.25


def popularity_of(index: Index, keys: Sequence[Any]) -> dict[str, float]:
    """Return the popularity of the objects among ``keys`` that have any, {object id: 0 to 1}, in one statement."""
    counted = Popularity.objects.filter(content_type=index.content_type, object_id__in=[str(key) for key in keys])
    return dict(counted.values_list("object_id", "score"))


def count_popularity() -> int:
    """Count the popularity of the objects of every index again; return how many have any."""
    return replace_all(Popularity, [row for index in registered() for row in _counted(index)])


def _counted(index: Index) -> list[Popularity]:
    """Return n / (n + m) of each object, where n is the weight of what visitors did with it, and m the mean of n.

    Each visitor counts once an object, with the strongest event; without a visitor, each query counts once.
    """
    events = Event.objects.filter(content_type=index.content_type).order_by()
    weight = Max(decayed_weight(settings.POPULARITY_HALF_LIFE_DAYS))
    by_visitor = events.exclude(visitor=None).values("object_id", "visitor").annotate(weight=weight)
    by_query = events.filter(visitor=None).values("object_id", "query_id").annotate(weight=weight * _ANONYMOUS_WEIGHT)
    counts: dict[str, float] = defaultdict(float)
    for rows in (by_visitor, by_query):
        for object_id, strength in rows.values_list("object_id", "weight").iterator():
            counts[object_id] += max(strength, 0.0)
    mean = fmean(counts.values()) if counts else 0.0
    return [
        Popularity(content_type=index.content_type, object_id=object_id, score=count / (count + mean))
        for object_id, count in counts.items()
        if count > 0
    ]


def replace_all(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Replace all rows of ``model`` by ``rows``, and return how many there are; readers see the old ones until then."""
    using = router.db_for_write(model)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:  # two tasks at once would leave every row twice
            cursor.execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        everything = model._base_manager.using(using)
        everything.all().delete()
        return len(everything.bulk_create(rows, batch_size=1000))
