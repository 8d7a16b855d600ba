"""Stored data of a visitor, shown to themselves: in plain words, and as JSON."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from statistics import quantiles
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xsearch.index.filters import field_label
from xsearch.index.registry import Index, registered
from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors.events import LEAST_PRICES, PRICE, acts_of

_SHOWN = 200
_WORDS = {
    Event.Kind.VIEW: gettext_lazy("looked at"),
    Event.Kind.CLICK: gettext_lazy("opened"),
    Event.Kind.CART: gettext_lazy("put in the cart"),
    Event.Kind.PURCHASE: gettext_lazy("bought"),
    Event.Kind.DISMISS: gettext_lazy("did not want"),
}
_LIKES = 3


@dataclass(frozen=True)
class StoredEvent:
    """An action of a visitor on an object."""

    day: date
    kind: str
    label: str
    title: str
    url: str | None
    model: str
    object_id: str
    query_id: str


@dataclass(frozen=True)
class StoredSearch:
    """A search of a visitor; ``text`` is empty if its words are not stored."""

    day: date
    text: str
    query_id: str


@dataclass(frozen=True)
class FieldTaste:
    """Values of a field that a visitor prefers, and values that they dismiss."""

    label: str
    liked: list[str]
    disliked: list[str]


@dataclass(frozen=True)
class StoredData:
    """Everything that is stored about a visitor, and the taste that follows from it."""

    agreed_on: date | None = None
    is_paused: bool = False
    is_user: bool = False
    acts: list[StoredEvent] = field(default_factory=list)
    searches: list[StoredSearch] = field(default_factory=list)
    likes: list[FieldTaste] = field(default_factory=list)
    #: Range of most prices of what they liked.
    prices: tuple[float, float] | None = None

    @property
    def queries(self) -> list[StoredSearch]:
        """The searches with words, each once a day."""
        return list({(search.day, search.text): search for search in self.searches if search.text}.values())


def stored_data_of(visitor: Visitor | None, *, limit: int | None = _SHOWN) -> StoredData:
    """Return the stored data of ``visitor``: the latest ``limit`` events and searches (None: all)."""
    if visitor is None:
        return StoredData()
    acts = [(index, acts_of(index, visitor)) for index in registered()]
    searches = QueryLog.objects.filter(visitor=visitor).order_by("-day", "-query_id")[:limit]
    return StoredData(
        visitor.agreed_on,
        visitor.is_paused,
        visitor.user_id is not None,
        _acts(visitor, limit),
        [StoredSearch(search.day, search.text, str(search.query_id)) for search in searches],
        [likes for index, done in acts if done for likes in _likes(index, done)],
        next(filter(None, (_prices(index, done) for index, done in acts)), None),
    )


def _acts(visitor: Visitor, limit: int | None) -> list[StoredEvent]:
    events = list(Event.objects.filter(visitor=visitor).order_by("-created_at")[:limit])
    objects = _titles_and_urls(events)
    found = []
    for event in events:
        title, url = objects.get((event.content_type_id, event.object_id), (_("no longer here"), None))
        found.append(
            StoredEvent(
                day=event.created_at.date(),
                kind=event.kind,
                label=str(_WORDS[Event.Kind(event.kind)]),
                title=title,
                url=url,
                model=ContentType.objects.get_for_id(event.content_type_id).model,
                object_id=event.object_id,
                query_id=str(event.query_id),
            )
        )
    return found


def _titles_and_urls(events: list[Event]) -> dict[tuple[int, str], tuple[str, str | None]]:
    """Return title and address of the objects of ``events`` that still exist."""
    by_type: dict[Any, set[str]] = defaultdict(set)
    for event in events:
        by_type[event.content_type_id].add(event.object_id)
    indexes = {index.model: index for index in registered()}
    return {
        (type_id, str(obj.pk)): (index.title(obj), index.url(obj))
        for type_id, keys in by_type.items()
        if (model := ContentType.objects.get_for_id(type_id).model_class()) and (index := indexes.get(model))
        for obj in index.get_queryset().filter(pk__in=keys)
    }


def _likes(index: Index, acts: dict[str, float]) -> list[FieldTaste]:
    found = (_likes_of(index, name, acts) for name in index.facets)
    return [likes for likes in found if likes.liked or likes.disliked]


def _likes_of(index: Index, name: str, acts: dict[str, float]) -> FieldTaste:
    weights: dict[Any, float] = defaultdict(float)
    for key, value in index.get_queryset().filter(pk__in=acts).values_list("pk", index.field(name).expression()):
        if value not in (None, ""):
            weights[value] += acts[str(key)]
    labels = index.field(name).labels(list(weights))
    ordered = [(labels[value], weight) for value, weight in sorted(weights.items(), key=lambda item: -item[1])]
    liked = [label for label, weight in ordered if weight > 0]
    disliked = [label for label, weight in reversed(ordered) if weight < 0]
    return FieldTaste(field_label(index, name), liked[:_LIKES], disliked[:_LIKES])


def _prices(index: Index, acts: dict[str, float]) -> tuple[float, float] | None:
    """Return the first and last decile of the prices of what was liked; None for too few prices."""
    if PRICE not in index.filters:
        return None
    liked = [key for key, weight in acts.items() if weight > 0]
    found = index.get_queryset().filter(pk__in=liked).values_list(index.field(PRICE).first(), flat=True)
    prices = [float(price) for price in found if price is not None]
    if len(prices) < LEAST_PRICES:
        return None
    deciles = quantiles(prices, n=10, method="inclusive")
    return round(deciles[0], 2), round(deciles[-1], 2)
