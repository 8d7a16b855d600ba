"""What is known about a visitor, for themselves: in plain words, and as JSON."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import date
from statistics import quantiles
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xsearch.index.filters import field_label, label_path, raw_path, value_labels
from xsearch.index.registry import Index, registered
from xsearch.models import Event, QueryLog, Visitor
from xsearch.search.ranking.taste import LEAST_PRICES, PRICE
from xsearch.visitors.interactions import acts_of

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
class Act:
    """Something a visitor did."""

    day: date
    kind: str
    label: str
    title: str
    url: str | None
    model: str
    object_id: str
    query_id: str


@dataclass(frozen=True)
class Search:
    """Something a visitor searched for; ``text`` is empty where no words are kept."""

    day: date
    text: str
    query_id: str


@dataclass(frozen=True)
class Likes:
    """The values of a field that a visitor prefers, and those they would rather not see."""

    label: str
    liked: list[str]
    disliked: list[str]


@dataclass(frozen=True)
class Known:
    """Everything that is stored about a visitor, and what follows from it."""

    agreed_on: date | None = None
    is_paused: bool = False
    is_user: bool = False
    acts: list[Act] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    likes: list[Likes] = field(default_factory=list)
    #: Between which most prices lie of what they liked.
    prices: tuple[float, float] | None = None

    @property
    def queries(self) -> list[Search]:
        """The searches with words, each once a day."""
        return list({(search.day, search.text): search for search in self.searches if search.text}.values())

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def known_about(visitor: Visitor | None, *, limit: int | None = _SHOWN) -> Known:
    """Return what is known about ``visitor``: the latest ``limit`` acts and searches (None: all)."""
    if visitor is None:
        return Known()
    acts = [(index, acts_of(index, visitor)) for index in registered()]
    searches = QueryLog.objects.filter(visitor=visitor).order_by("-day", "-query_id")[:limit]
    return Known(
        visitor.agreed_on,
        visitor.is_paused,
        visitor.user_id is not None,
        _acts(visitor, limit),
        [Search(search.day, search.text, str(search.query_id)) for search in searches],
        [likes for index, done in acts for likes in _likes(index, done)],
        next(filter(None, (_prices(index, done) for index, done in acts)), None),
    )


def _acts(visitor: Visitor, limit: int | None) -> list[Act]:
    events = Event.objects.filter(visitor=visitor).select_related("content_type").order_by("-created_at")
    shown = list(events[:limit])
    objects = _objects(shown)
    return [_act(event, objects.get((event.content_type_id, event.object_id))) for event in shown]


def _act(event: Event, found: tuple[Index, Any] | None) -> Act:
    title, url = (found[0].title(found[1]), found[0].url(found[1])) if found else (_("no longer here"), None)
    return Act(
        day=event.created_at.date(),
        kind=event.kind,
        label=str(_WORDS[Event.Kind(event.kind)]),
        title=title,
        url=url,
        model=event.content_type.model,
        object_id=event.object_id,
        query_id=str(event.query_id),
    )


def _objects(events: list[Event]) -> dict[tuple[int, str], tuple[Index, Any]]:
    """Return the objects of ``events`` that are still there, with their index."""
    by_type: dict[Any, set[str]] = defaultdict(set)
    for event in events:
        by_type[event.content_type].add(event.object_id)
    indexes = {index.model: index for index in registered()}
    return {
        (content_type.pk, str(obj.pk)): (index, obj)
        for content_type, keys in by_type.items()
        if (index := indexes.get(content_type.model_class()))
        for obj in index.get_queryset().filter(pk__in=keys)
    }


def _likes(index: Index, acts: dict[str, float]) -> list[Likes]:
    found = [_likes_of(index, name, acts) for name in index.facets] if acts else []
    return [likes for likes in found if likes.liked or likes.disliked]


def _likes_of(index: Index, name: str, acts: dict[str, float]) -> Likes:
    weights: dict[Any, float] = defaultdict(float)
    paths = (raw_path(index, name), label_path(index, name))
    for key, raw, readable in index.get_queryset().filter(pk__in=acts).values_list("pk", *paths):
        if readable not in (None, ""):
            weights[raw, readable] += acts[str(key)]
    labels = value_labels(index, name, dict(weights.keys()))
    ordered = [(labels[raw], weight) for (raw, _), weight in sorted(weights.items(), key=lambda item: -item[1])]
    liked = [label for label, weight in ordered if weight > 0]
    disliked = [label for label, weight in reversed(ordered) if weight < 0]
    return Likes(field_label(index, name), liked[:_LIKES], disliked[:_LIKES])


def _prices(index: Index, acts: dict[str, float]) -> tuple[float, float] | None:
    """Return the first and last tenth of the prices of what was liked; None where few are known."""
    if PRICE not in index.filters:
        return None
    liked = [key for key, weight in acts.items() if weight > 0]
    found = index.get_queryset().filter(pk__in=liked).exclude(**{PRICE: None}).values_list(PRICE, flat=True)
    prices = [float(price) for price in found]
    if len(prices) < LEAST_PRICES:
        return None
    tenths = quantiles(prices, n=10, method="inclusive")
    return round(tenths[0], 2), round(tenths[-1], 2)
