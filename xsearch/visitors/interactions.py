"""What a visitor did with which objects, newer acts counting more."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Extract, Now, Power

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.models import Event, Visitor

_MAX_OBJECTS = 100
_DAY_S = 24 * 60 * 60


def acts_of(index: Index, user: Any) -> dict[str, float]:
    """Return the objects that ``user`` (a visitor or a user) acted on most, {object id: weight}, in one statement.

    Weights are negative for what they do not want. Those who did not agree, or pause, have done nothing.
    """
    whose = _whose(user)
    if whose is None:
        return {}
    events = Event.objects.filter(whose, content_type=index.content_type, visitor__is_paused=False)
    weight = decayed_weight(settings.TASTE_HALF_LIFE_DAYS)
    by_object = events.order_by().values("object_id").annotate(weight=Sum(weight), last=models.Max("created_at"))
    return dict(by_object.order_by("-last").values_list("object_id", "weight")[:_MAX_OBJECTS])


def decayed_weight(half_life_days: float) -> Any:
    """Return the expression for how much an event counts, by its kind and age."""
    age_s = Extract(ExpressionWrapper(Now() - F("created_at"), output_field=DurationField()), "epoch")
    half_lives = ExpressionWrapper(age_s / (half_life_days * _DAY_S), output_field=FloatField())
    by_kind = [When(kind=kind, then=Value(float(weight))) for kind, weight in settings.EVENT_WEIGHTS.items()]
    return Case(*by_kind, default=Value(0.0)) * Power(Value(0.5), half_lives, output_field=FloatField())


def _whose(user: Any) -> Q | None:
    if isinstance(user, Visitor):
        return Q(visitor=user)
    if getattr(user, "is_authenticated", False):
        return Q(visitor__user=user)
    return None
