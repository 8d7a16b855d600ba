"""What a customer asked for on a search page, and the addresses that ask for something near it."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from xsearch.index.registry import ALL
from xsearch.web.parameters import EXAMPLES
from xsearch.web.requests import ids_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xsearch.index.registry import Index

Values = dict[str, list[str]]
YES = ("true", "1", "on", "yes")
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
        self.literal = str(_first(values.get("literal", ""))).lower() in YES
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


def _scope(asked: str, indexes: Sequence[Index]) -> str:
    """Return the scope that was asked for as it is written here; empty where there is none such."""
    known = [index.label for index in indexes] + ([ALL] if len(indexes) > 1 else [])
    return next((scope for scope in known if scope.lower() == asked.lower()), "")


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
