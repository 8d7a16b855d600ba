"""What the templates of the search bar and the results need to know."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.api.presenting import hit_body
from xsearch.errors import BadQuery
from xsearch.filters import final_field
from xsearch.registry import ALL, get_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xsearch.registry import Index
    from xsearch.search import Hit, SearchResults

Values = dict[str, list[str]]
_YES = ("true", "1", "on", "yes")


class PageQuery:
    """What the customer asked for on a search page: ``q``, ``filters``, and whether with a photo or recording.

    A page for several ``indexes`` has a ``scope``: the label of the one that is shown, or "all"; as long as none
    is chosen it is ``default``, or else ``index``, the first of them.
    """

    def __init__(
        self, index: Index, values: Mapping[str, Any], indexes: Sequence[Index] = (), default: str = ""
    ) -> None:
        self.indexes = list(indexes) or [index]
        self.default = _scope(default, self.indexes) or index.label
        self.scope = _scope(str(_first(values.get("model", ""))), self.indexes) or self.default
        #: The index that is shown; of all, the first.
        self.index = next((one for one in self.indexes if one.label == self.scope), self.indexes[0])
        self.q = str(_first(values.get("q", "")))
        self.filters: Values = {
            name: _texts(values[name]) for name in self.filter_names() if name in values and name != "q"
        }
        #: Whether the words are searched for as they are, without correction.
        self.literal = str(_first(values.get("literal", ""))).lower() in _YES
        self.has_image = "image" in values
        self.has_audio = "audio" in values

    @property
    def labels(self) -> list[str]:
        """The labels of the indexes that are shown."""
        return [index.label for index in self.shown]

    @property
    def shown(self) -> list[Index]:
        """The indexes that are shown."""
        return self.indexes if self.scope == ALL else [self.index]

    def filter_names(self) -> list[str]:
        """Return the parameters that filter any of the indexes."""
        return list(dict.fromkeys(name for index in self.indexes for name in index.filter_names()))

    def within(self, index: Index) -> PageQuery:
        """Return this query as one over ``index``, whose filters alone it has; its addresses lead to this one."""
        own = copy(self)
        own.index = index
        return own

    @property
    def asks(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.q.strip()) or self.has_image or self.has_audio

    @property
    def has_media(self) -> bool:
        """Whether a photo or recording is part of the query, which no address can hold."""
        return self.has_image or self.has_audio

    def url(
        self,
        filters: Values | None = None,
        *,
        page: int | None = None,
        literal: bool | None = None,
        scope: str | None = None,
    ) -> str:
        """Return the address, relative to the page, of this query with other ``filters``, another page or scope."""
        pairs = self.words(literal=self.literal if literal is None else literal)
        pairs += self.scope_pairs(scope)
        for name, texts in (self.filters | (filters or {})).items():
            pairs += [(name, text) for text in texts]
        if page and page > 1:
            pairs.append(("page", str(page)))
        return f"?{urlencode(pairs)}" if pairs else "?"

    def scope_pairs(self, scope: str | None = None) -> list[tuple[str, str]]:
        """Return the parameter of the scope, of which the default needs none."""
        scope = scope or self.scope
        return [] if scope == self.default else [("model", scope)]

    def words(self, *, literal: bool) -> list[tuple[str, str]]:
        """Return the parameters of the words."""
        if not self.q:
            return []
        return [("q", self.q), ("literal", "1")] if literal else [("q", self.q)]

    def as_typed(self) -> str:
        """Return the address of this query with its words searched for as they are."""
        return self.url(literal=True)

    def without_filters(self) -> str | None:
        """Return the address without any filter, or None if there is none."""
        return self.url({name: [] for name in self.filters}) if self.filters else None

    def toggled(self, name: str, value: str) -> str:
        """Return the address with ``value`` of a filter added or taken away."""
        chosen = self.filters.get(name, [])
        rest = [text for text in chosen if text.lower() != value.lower()]
        return self.url({name: rest if len(rest) < len(chosen) else [*chosen, value]})

    def chosen(self, name: str, *values: Any) -> bool:
        """Say whether one of ``values`` of a filter is chosen."""
        texts = {text.lower() for text in self.filters.get(name, [])}
        return any(str(value).lower() in texts for value in values)


@dataclass(frozen=True)
class Option:
    """One value of a facet, with the address that chooses it or takes it back."""

    label: str
    count: int | str | None
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """The values that results can be limited to by one filter."""

    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class Range:
    """Least and greatest value that the customer wants of a number, such as the price."""

    name: str
    label: str
    least: str
    greatest: str
    hidden: list[tuple[str, str]]


def facets(query: PageQuery, results: SearchResults) -> list[Facet]:
    """Return the facets of ``results``, yes-or-no filters included."""
    found = []
    for name, values in results.facets.items():
        options = [_option(query, name, value) for value in values]
        if options:
            found.append(Facet(name, filter_label(query.index, name), options))
    return found + [_switch(query, name) for name in _filters_of(query.index, models.BooleanField)]


def chosen(query: PageQuery, results: SearchResults) -> list[Option]:
    """Return the filters in force, each with the address that takes it back."""
    labels = {
        (name, str(text).lower()): str(value.label)
        for name, values in results.facets.items()
        for value in values
        for text in (value.value, value.label)
    }
    return [
        Option(_chosen_label(query, name, text, labels), None, query.toggled(name, text), chosen=True)
        for name, texts in query.filters.items()
        if name in query.index.filter_names()
        for text in texts
    ]


def ranges(query: PageQuery) -> list[Range]:
    """Return the numbers that results can be limited by from below and above."""
    names = [name.removesuffix("_min") for name in query.index.filter_names() if name.endswith("_min")]
    return [_range(query, name) for name in names if name in query.index.filters]


def cards(results: SearchResults) -> list[dict[str, Any]]:
    """Return what a template shows of each hit: the fields of the API, ``object``, ``position``, and how to show it."""
    first = (results.page - 1) * results.page_size + 1
    return [_card(hit, get_index(type(hit.object)), position) for position, hit in enumerate(results.hits, start=first)]


def _card(hit: Hit, index: Index, position: int) -> dict[str, Any]:
    kind = capfirst(str(index.model._meta.verbose_name))
    shown = {"object": hit.object, "position": position, "template": index.template, "kind": kind}
    return {**hit_body(hit, index), **shown}


def notices(degraded: list[str]) -> list[str]:
    """Return in plain words what was left out of a search."""
    words = {
        "speech": _("Speech could not be understood right now. You can type instead."),
        "image": _("Photos could not be compared right now; the results rest on the other parts."),
        "audio": _("Sounds could not be compared right now; the results rest on the other parts."),
        "text": _("Only the exact words were compared right now, not their meaning."),
    }
    spoken = _("Speech in this language is not understood here yet. You can type instead.")
    other = _("A part of the search is not available right now; some results may be missing.")
    found = [spoken if code.startswith("speech:") else words.get(code.split(":")[0], other) for code in degraded]
    return list(dict.fromkeys(found))


def filter_label(index: Index, name: str) -> str:
    """Return what customers read above a filter."""
    try:
        field = final_field(index.model, name)
    except (BadQuery, FieldDoesNotExist):
        return capfirst(name.replace("_", " "))
    return capfirst(str(getattr(field, "verbose_name", name)))


def _option(query: PageQuery, name: str, value: Any) -> Option:
    chosen = query.chosen(name, value.value, value.label)
    text = str(value.label) if query.chosen(name, value.label) else str(value.value)
    return Option(str(value.label), value.count, query.toggled(name, text), chosen)


def _switch(query: PageQuery, name: str) -> Facet:
    chosen = query.chosen(name, *_YES)
    label = filter_label(query.index, name)
    url = query.url({name: [] if chosen else ["true"]})
    return Facet(name, "", [Option(label, None, url, chosen)])


def _chosen_label(query: PageQuery, name: str, text: str, labels: dict[tuple[str, str], str]) -> str:
    """Return how a filter in force reads: "Red", "Price ≥ 10", "In stock"."""
    bare, _underscore, end = name.rpartition("_")
    if name not in query.index.filters:
        return f"{filter_label(query.index, bare)} {'≥' if end == 'min' else '≤'} {text}"
    if isinstance(final_field(query.index.model, name), models.BooleanField):
        label = filter_label(query.index, name)
        return label if text.lower() in _YES else _("Not: %(label)s") % {"label": label}
    return labels.get((name, text.lower()), text)


def _range(query: PageQuery, name: str) -> Range:
    ends = (f"{name}_min", f"{name}_max")
    hidden = query.words(literal=query.literal) + query.scope_pairs()
    hidden += [(key, text) for key, texts in query.filters.items() if key not in ends for text in texts]
    least, greatest = ("".join(query.filters.get(end, [])[:1]) for end in ends)
    return Range(name, filter_label(query.index, name), least, greatest, hidden)


def _scope(asked: str, indexes: Sequence[Index]) -> str:
    """Return the scope that was asked for as it is written here; empty where there is none such."""
    known = [index.label for index in indexes] + ([ALL] if len(indexes) > 1 else [])
    return next((scope for scope in known if scope.lower() == asked.lower()), "")


def _filters_of(index: Index, kind: type[models.Field[Any, Any]]) -> list[str]:
    named = [name for name in index.filters if name not in index.facets]
    return [name for name in named if isinstance(final_field(index.model, name), kind)]


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
