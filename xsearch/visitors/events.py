"""Events: what customers do with objects, written down and weighed by kind and age."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Extract, Now, Power
from django.http import HttpRequest

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Event, Visitor
from xsearch.visitors.identity import remembered_visitor

#: The filter whose values are taken for prices, and how many prices are too few to tell a taste.
PRICE, LEAST_PRICES = "price", 3
_MAX_OBJECTS = 100
_DAY_S = 24 * 60 * 60


def record_event(
    request: HttpRequest, index: Index, obj: models.Model, kind: str, query_id: uuid.UUID, position: int | None
) -> Event:
    """Write down what a customer did with ``obj``; the event names the visitor only if they are remembered."""
    event = Event(
        query_id=query_id,
        content_type=index.content_type,
        object_id=str(obj.pk),
        kind=kind,
        position=position,
        visitor=remembered_visitor(request),
    )
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError:  # the visitor has just erased everything
        event.pk, event.visitor = None, None
        event.save()
    return event


def acts_of(index: Index, user: Any) -> dict[str, float]:
    """Return the objects that ``user`` (a visitor or a user) acted on last, {object id: weight}, in one statement.

    The weight of an object that they dismissed is negative. Without consent, or during a pause, there are none.
    """
    of_user = _events_of(user)
    if of_user is None:
        return {}
    events = Event.objects.filter(of_user, content_type=index.content_type, visitor__is_paused=False)
    weight = decayed_weight(settings.TASTE_HALF_LIFE_DAYS)
    by_object = events.order_by().values("object_id").annotate(weight=Sum(weight), last=models.Max("created_at"))
    return dict(by_object.order_by("-last").values_list("object_id", "weight")[:_MAX_OBJECTS])


def decayed_weight(half_life_days: float) -> Any:
    """Return the expression of the weight of an event, by its kind and age."""
    age_s = Extract(ExpressionWrapper(Now() - F("created_at"), output_field=DurationField()), "epoch")
    half_lives = ExpressionWrapper(age_s / (half_life_days * _DAY_S), output_field=FloatField())
    by_kind = [When(kind=kind, then=Value(float(weight))) for kind, weight in settings.EVENT_WEIGHTS.items()]
    return Case(*by_kind, default=Value(0.0)) * Power(Value(0.5), half_lives, output_field=FloatField())


def _events_of(user: Any) -> Q | None:
    if isinstance(user, Visitor):
        return Q(visitor=user)
    if getattr(user, "is_authenticated", False):
        return Q(visitor__user=user)
    return None
