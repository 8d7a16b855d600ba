"""What the templates of the search bar and the results need to know."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from xsearch.api.examples import EXAMPLES, ids_in
from xsearch.api.presenting import hit_body
from xsearch.filters import field_label, final_field
from xsearch.registry import ALL, get_index
from xsearch.search.taste import LOOK
from xsearch.widget_examples import example_urls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xsearch.registry import Index
    from xsearch.search import Hit, SearchResults
    from xsearch.understanding import Condition

Values = dict[str, list[str]]
_YES = ("true", "1", "on", "yes")
_NO = ("false", "0", "off", "no")
_MODES = ("drop", "soft", "strict")


class PageQuery:
    """What the customer asked for on a search page: ``q``, ``filters``, examples, and whether with photos or sound.

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
        #: What the customer chose for understood conditions: ids by parameter.
        self.chosen_modes: Values = {name: _texts(values[name]) for name in _MODES if name in values}
        self.understand = str(_first(values.get("understand", ""))).lower() not in _NO
        #: Ids of results that the customer wants more like, and of those that they do not want, by parameter.
        self.examples: Values = {name: ids_in(_texts(values[name])) for name in EXAMPLES if name in values}
        self.images = len(_texts(values["image"])) if "image" in values else 0
        #: Whether taste may reorder the results of those who are remembered.
        self.personal = str(_first(values.get("personal", ""))).lower() not in _NO
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
        return bool(self.q.strip() or self.examples) or self.has_media

    @property
    def has_media(self) -> bool:
        """Whether a photo or recording is part of the query, which no address can hold."""
        return bool(self.images) or self.has_audio

    def url(
        self,
        filters: Values | None = None,
        *,
        page: int | None = None,
        literal: bool | None = None,
        scope: str | None = None,
        modes: Values | None = None,
    ) -> str:
        """Return the address, relative to the page, of this query with other ``filters`` or examples, modes or page."""
        pairs = self.words(literal=self.literal if literal is None else literal, modes=modes)
        pairs += self.scope_pairs(scope)
        for name, texts in (self.examples | self.filters | (filters or {})).items():
            pairs += [(name, text) for text in texts]
        pairs += self.personal_pairs()
        if page and page > 1:
            pairs.append(("page", str(page)))
        return f"?{urlencode(pairs)}" if pairs else "?"

    def toggled_personal(self) -> str:
        """Return the address of this query in the order of taste, or in nobody's."""
        other = copy(self)
        other.personal = not self.personal
        return other.url()

    def personal_pairs(self) -> list[tuple[str, str]]:
        """Return the parameter that asks for results in nobody's order."""
        return [] if self.personal else [("personal", "0")]

    def scope_pairs(self, scope: str | None = None) -> list[tuple[str, str]]:
        """Return the parameter of the scope, of which the default needs none."""
        scope = scope or self.scope
        return [] if scope == self.default else [("model", scope)]

    def words(self, *, literal: bool, modes: Values | None = None) -> list[tuple[str, str]]:
        """Return the parameters of the words, and of how they are understood."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [("literal", "1")] if literal and self.q else []
        pairs += [] if self.understand else [("understand", "0")]
        chosen = self.chosen_modes if modes is None else modes
        return pairs + [(name, each) for name, ids in chosen.items() for each in ids]

    def with_mode(self, condition_id: str, name: str | None) -> str:
        """Return the address where a condition has the mode of the parameter ``name``; None: its own."""
        modes = {each: [i for i in self.chosen_modes.get(each, []) if i != condition_id] for each in _MODES}
        if name:
            modes[name].append(condition_id)
        return self.url(modes=modes)

    def as_typed(self) -> str:
        """Return the address of this query with its words searched for as they are."""
        return self.url(literal=True)

    def of_words(self, text: str) -> str:
        """Return the address of other words that may have been said, with the same filters."""
        other = copy(self)
        other.q, other.literal, other.chosen_modes = text, False, {}
        return f"{other.url()}&spoken=1"

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
            found.append(Facet(name, field_label(query.index, name), options))
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


@dataclass(frozen=True)
class Chip:
    """An understood condition, with the addresses that take it back, and that make it strict or soft."""

    id: str
    label: str
    mode: str
    relaxed: bool
    remove_url: str
    toggle_url: str
    restore_url: str


def chips(query: PageQuery, results: SearchResults) -> list[Chip]:
    """Return what was understood of the words."""
    meant = results.interpretation
    return [_chip(query, each, relaxed=each.id in meant.relaxed) for each in meant.conditions] if meant else []


def _chip(query: PageQuery, condition: Condition, *, relaxed: bool) -> Chip:
    is_strict = condition.mode == "strict"
    return Chip(
        condition.id,
        condition.label,
        condition.mode,
        relaxed,
        query.with_mode(condition.id, "drop"),
        query.with_mode(condition.id, "soft" if is_strict else "strict"),
        query.with_mode(condition.id, None),
    )


def ranges(query: PageQuery) -> list[Range]:
    """Return the numbers that results can be limited by from below and above."""
    names = [name.removesuffix("_min") for name in query.index.filter_names() if name.endswith("_min")]
    return [_range(query, name) for name in names if name in query.index.filters]


def cards(results: SearchResults, query: PageQuery | None = None) -> list[dict[str, Any]]:
    """Return what a template shows of each hit: the fields of the API, ``object``, ``position``, and how to show it.

    Beside a ``query`` there are also the addresses that take the hit as an example.
    """
    first = (results.page - 1) * results.page_size + 1
    return [
        _card(hit, get_index(type(hit.object)), position) | example_urls(query, hit.object)
        for position, hit in enumerate(results.hits, start=first)
    ]


def _card(hit: Hit, index: Index, position: int) -> dict[str, Any]:
    kind = capfirst(str(index.model._meta.verbose_name))
    shown = {"object": hit.object, "position": position, "template": index.template, "kind": kind}
    return {**hit_body(hit, index), **shown, "reasons": reasons(index, hit)}


def reasons(index: Index, hit: Hit) -> list[str]:
    """Return what moved a result to where it stands, in plain words; nothing if it only made room."""
    names = hit.personal["because"] if hit.personal else []
    return [_("Looks") if name == LOOK else field_label(index, name) for name in names]


def did_you_say(query: PageQuery, results: SearchResults) -> list[dict[str, str]]:
    """Return what else may have been said in the recording, each with the address that searches for it."""
    texts = [text for text, _ in results.alternatives] if query.has_audio else []
    return [{"text": text, "url": query.of_words(text)} for text in texts]


def notices(degraded: list[str]) -> list[str]:
    """Return in plain words what was left out of a search."""
    words = {
        "speech": _("Speech could not be understood right now. You can type instead."),
        "image": _("Photos could not be compared right now; the results rest on the other parts."),
        "audio": _("Sounds could not be compared right now; the results rest on the other parts."),
        "example": _("An example is not in the shop any more. It was left out."),
        "composition": _("The words could not change the photo right now; photo and words were compared one by one."),
        "personal": _("Results could not be put in the order of your taste right now."),
        "text": _("Only the exact words were compared right now, not their meaning."),
    }
    spoken = _("Speech in this language is not understood here yet. You can type instead.")
    other = _("A part of the search is not available right now; some results may be missing.")
    found = [spoken if code.startswith("speech:") else words.get(code.split(":")[0], other) for code in degraded]
    return list(dict.fromkeys(found))


def _option(query: PageQuery, name: str, value: Any) -> Option:
    chosen = query.chosen(name, value.value, value.label)
    text = str(value.label) if query.chosen(name, value.label) else str(value.value)
    return Option(str(value.label), value.count, query.toggled(name, text), chosen)


def _switch(query: PageQuery, name: str) -> Facet:
    chosen = query.chosen(name, *_YES)
    label = field_label(query.index, name)
    url = query.url({name: [] if chosen else ["true"]})
    return Facet(name, "", [Option(label, None, url, chosen)])


def _chosen_label(query: PageQuery, name: str, text: str, labels: dict[tuple[str, str], str]) -> str:
    """Return how a filter in force reads: "Red", "Price ≥ 10", "In stock"."""
    bare, _underscore, end = name.rpartition("_")
    if name not in query.index.filters:
        return f"{field_label(query.index, bare)} {'≥' if end == 'min' else '≤'} {text}"
    if isinstance(final_field(query.index.model, name), models.BooleanField):
        label = field_label(query.index, name)
        return label if text.lower() in _YES else _("Not: %(label)s") % {"label": label}
    return labels.get((name, text.lower()), text)


def _range(query: PageQuery, name: str) -> Range:
    ends = (f"{name}_min", f"{name}_max")
    hidden = query.words(literal=query.literal) + query.scope_pairs() + query.personal_pairs()
    hidden += [(key, text) for key, texts in query.examples.items() for text in texts]
    hidden += [(key, text) for key, texts in query.filters.items() if key not in ends for text in texts]
    least, greatest = ("".join(query.filters.get(end, [])[:1]) for end in ends)
    return Range(name, field_label(query.index, name), least, greatest, hidden)


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
