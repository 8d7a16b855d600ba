"""The orders that results of an index can be sorted in: relevance, price, newest, popularity, and declared ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xsearch.errors import BadQuery
from xsearch.index.declaration import Declaration
from xsearch.index.kinds import filter_field

RELEVANCE, NEWEST, POPULARITY = "relevance", "newest", "popularity"
_LABELS = {
    RELEVANCE: gettext_lazy("Relevance"),
    NEWEST: gettext_lazy("Newest"),
    POPULARITY: gettext_lazy("Most popular"),
    "price_asc": gettext_lazy("Price: low to high"),
    "price_desc": gettext_lazy("Price: high to low"),
}

#: Defaults of fields that hold the time at which an object was added.
_NOW = (timezone.now, timezone.localdate, datetime.now, date.today)

#: Paths of fields, each with a leading "-" to sort from the greatest to the least.
SortKeys = Sequence[str]


def sort_orders(index: Declaration) -> dict[str, SortKeys]:
    """Return the keys of each order by its name; relevance has none, and popularity is no field."""
    found: dict[str, SortKeys] = {RELEVANCE: ()}
    if index.price and index.price in index.filters and filter_field(index, index.price).has_range:
        found |= {"price_asc": [index.price], "price_desc": [f"-{index.price}"]}
    if created := _creation_field(index.model):
        found[NEWEST] = [f"-{created}"]
    found[POPULARITY] = ()
    declared: Mapping[str, str | SortKeys] = index.sorts
    return found | {name: [keys] if isinstance(keys, str) else list(keys) for name, keys in declared.items()}


def common_sorts(indexes: Sequence[Declaration]) -> list[str]:
    """Return the names of the orders that all of the indexes have."""
    first, *others = map(sort_orders, indexes)
    return [name for name in first if all(name in other for other in others)]


def require_sort(indexes: Sequence[Declaration], name: str | None) -> None:
    """Raise ``BadQuery`` for an order that not all of the indexes have."""
    names = common_sorts(indexes)
    if name and name not in names:
        detail = _("Unknown order %(name)s. Allowed: %(allowed)s.")
        raise BadQuery(detail % {"name": repr(name[:60]), "allowed": ", ".join(names)}, code="bad_sort")


def default_sort(index: Declaration) -> str:
    """Return the order of results that nothing was searched for."""
    return index.default_sort or (NEWEST if NEWEST in sort_orders(index) else POPULARITY)


def wrong_sorts(index: Declaration) -> Iterator[str]:
    """Yield what is wrong with the declared orders, with the cure."""
    for name, keys in index.sorts.items():
        for key in [keys] if isinstance(keys, str) else keys or [""]:
            try:
                field = filter_field(index, key.removeprefix("-"))
            except BadQuery as error:
                yield f"sorts[{name!r}]: {error}"
                continue
            if getattr(field.field, "related_model", None):
                yield f"sorts[{name!r}]: {key!r} is a relation. End the path at a field, such as {key + '__name'!r}."
    if index.default_sort and index.default_sort not in sort_orders(index):
        names = ", ".join(sort_orders(index))
        yield f"default_sort is {index.default_sort!r}. It must be one of {names}, or declared in `sorts`."


def sort_label(index: Declaration, name: str) -> str:
    """Return the name of an order for customers, in the language of the page."""
    return index.sort_label(name) or str(_LABELS.get(name) or capfirst(name.replace("_", " ")))


def _creation_field(model: type[models.Model]) -> str | None:
    """Return the field of the time at which an object was added, if the model has one."""
    latest = model._meta.get_latest_by
    if latest:
        return (latest if isinstance(latest, str) else latest[0]).removeprefix("-")
    dates = (field for field in model._meta.concrete_fields if isinstance(field, models.DateField))
    return next((field.name for field in dates if field.auto_now_add or field.default in _NOW), None)
