"""Events: what customers do with objects, recorded, weighed by kind and age, and counted as popularity."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from django.db import IntegrityError, models
from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, Max, Q, Sum, Value, When
from django.db.models.functions import Extract, Now, Power
from django.http import HttpRequest

from xsearch.conf import settings
from xsearch.index.registry import Index, registered
from xsearch.indexing.database import atomic, execute
from xsearch.models import Event, Popularity, Visitor
from xsearch.visitors.identity import remembered_visitor

#: The filter whose values are taken for prices, and how many prices are too few to tell a taste.
PRICE, LEAST_PRICES = "price", 3
_MAX_OBJECTS = 100
_DAY_S = 24 * 60 * 60
#: Weight of an event without a visitor: one person may have caused many of them.
_ANONYMOUS_WEIGHT = 0.25


def record_event(
    request: HttpRequest, index: Index, obj: models.Model, kind: str, query_id: uuid.UUID, position: int | None
) -> Event:
    """Write down what a customer did with ``obj``; the event names the visitor only if they are remembered."""
    event = Event(
        query_id=query_id,
        content_type_id=index.content_type.pk,
        object_id=str(obj.pk),
        kind=kind,
        position=position,
        visitor=remembered_visitor(request),
    )
    try:
        with atomic():
            event.save()
    except IntegrityError:  # the visitor has just erased everything
        event.pk, event.visitor = None, None
        event.save()
    return event


def acts_of(index: Index, user: Any) -> dict[str, float]:
    """Return the objects that ``user`` (a visitor or a user) acted on last, {object id: weight}, in one statement.

    The weight of an object that they dismissed is negative. Without consent, or during a pause, there are none.
    """
    if isinstance(user, Visitor):
        of_user = Q(visitor=user)
    elif getattr(user, "is_authenticated", False):
        of_user = Q(visitor__user=user)
    else:
        return {}
    events = Event.objects.filter(of_user, content_type=index.content_type, visitor__is_paused=False)
    weight = decayed_weight(settings.TASTE_HALF_LIFE_DAYS)
    by_object = events.order_by().values("object_id").annotate(weight=Sum(weight), last=Max("created_at"))
    return dict(by_object.order_by("-last").values_list("object_id", "weight")[:_MAX_OBJECTS])


def decayed_weight(half_life_days: float) -> Any:
    """Return the expression of the weight of an event, by its kind and age."""
    age_s = Extract(ExpressionWrapper(Now() - F("created_at"), output_field=DurationField()), "epoch")
    half_lives = ExpressionWrapper(age_s / (half_life_days * _DAY_S), output_field=FloatField())
    by_kind = [When(kind=kind, then=Value(float(weight))) for kind, weight in settings.EVENT_WEIGHTS.items()]
    return Case(*by_kind, default=Value(0.0)) * Power(Value(0.5), half_lives, output_field=FloatField())


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
        for object_id, strength in rows.values_list("object_id", "weight"):
            counts[object_id] += max(strength, 0.0)
    mean = fmean(counts.values()) if counts else 0.0
    return [
        Popularity(content_type_id=index.content_type.pk, object_id=object_id, score=count / (count + mean))
        for object_id, count in counts.items()
        if count > 0
    ]


def replace_all(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Replace all rows of ``model`` by ``rows``, and return how many there are; readers see the old ones until then."""
    with atomic():
        # Two tasks at once would leave every row twice.
        execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE ROW EXCLUSIVE MODE')
        everything = model._default_manager.all()
        everything.delete()
        return len(everything.bulk_create(rows, batch_size=1000))
