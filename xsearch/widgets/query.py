"""The query of a search page, and the addresses of queries that differ from it in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any
from urllib.parse import urlencode

from xsearch.index.registry import ALL, Index
from xsearch.index.sorts import common_sorts
from xsearch.web.parameters import EXAMPLES
from xsearch.web.requests import id_text, ids_in

ParameterValues = dict[str, list[str]]
YES = ("true", "1", "on", "yes")
_NO = ("false", "0", "off", "no")
_MODES = ("drop", "soft", "strict")
_NO_EXAMPLES: ParameterValues = {name: [] for name in EXAMPLES}


class PageQuery:
    """The query of a customer: words (``q``), ``filters``, examples, and the numbers of photos and recordings.

    A page for several ``indexes`` has a ``scope``: the label of the index that is shown, or "all". Until the customer
    chooses one, it is ``default``, or else that of ``index``.
    """

    def __init__(
        self, index: Index, values: Mapping[str, Any], indexes: Sequence[Index] = (), default: str = ""
    ) -> None:
        def first(name: str) -> str:
            return "".join(_texts(values.get(name, ""))[:1])

        def lists(names: Sequence[str]) -> ParameterValues:
            return {name: _texts(values[name]) for name in names if name in values}

        self.indexes = list(indexes) or [index]
        self.default = _scope(default, self.indexes) or index.label
        self.scope = _scope(first("model"), self.indexes) or self.default
        #: The index that is shown; for "all", the first.
        self.index = next((one for one in self.indexes if one.label == self.scope), self.indexes[0])
        self.q = first("q")
        self.filters = lists([name for name in self.filter_names() if name != "q"])
        #: True to search for the words without correction.
        self.literal = first("literal").lower() in YES
        #: Modes that the customer chose for understood conditions: ids by parameter.
        self.chosen_modes = lists(_MODES)
        self.understand = first("understand").lower() not in _NO
        #: Ids of the examples, by parameter: more like these, nothing like those.
        self.examples = {name: ids_in(texts) for name, texts in lists(EXAMPLES).items()}
        self.images = len(_texts(values["image"])) if "image" in values else 0
        #: True if taste may reorder the results of a remembered visitor.
        self.personal = first("personal").lower() not in _NO
        self.has_audio = "audio" in values
        #: Name of the order that the customer chose; empty if they chose none that there is.
        self.sort = first("sort") if first("sort") in common_sorts(self.shown) else ""

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
        """Return this query for ``index`` only, with the filters of that index; its addresses keep the others."""
        own = copy(self)
        own.index = index
        return own

    @property
    def asks(self) -> bool:
        """True if there is anything to search or to look through."""
        return bool(self.searches or self.filters)

    @property
    def searches(self) -> bool:
        """True if there is anything to search for."""
        return bool(self.q.strip() or self.examples) or self.has_media

    @property
    def has_media(self) -> bool:
        """True if a photo or recording is part of the query; no address can hold them."""
        return bool(self.images) or self.has_audio

    def url(self, filters: ParameterValues | None = None, *, page: int = 1, **changes: Any) -> str:
        """Return the address of this query, relative to the page, with other ``filters`` or examples, or another page.

        ``changes`` are other values of ``q``, ``literal``, ``scope``, ``sort``, ``personal`` and ``chosen_modes``.
        """
        other = copy(self)
        vars(other).update(changes)
        changed = self.filters | (filters or {})
        other.examples = {name: changed.pop(name, ids) for name, ids in {**_NO_EXAMPLES, **self.examples}.items()}
        other.filters = changed
        return f"?{urlencode([*other.pairs(), *([('page', str(page))] if page > 1 else [])])}"

    def pairs(self, *, without: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the parameters of this query but for its page and those ``without`` which it is wanted."""
        pairs = self.words() + self.scope_pairs() + self.example_pairs()
        pairs += [(name, text) for name, texts in self.filters.items() for text in texts]
        pairs += self.personal_pairs() + ([("sort", self.sort)] if self.sort else [])
        return [pair for pair in pairs if pair[0] not in without]

    def personal_pairs(self) -> list[tuple[str, str]]:
        """Return the parameter that switches the order by taste off."""
        return [] if self.personal else [("personal", "0")]

    def example_pairs(self) -> list[tuple[str, str]]:
        """Return the parameters of the examples."""
        return [(name, id_text(each)) for name, ids in self.examples.items() for each in ids]

    def scope_pairs(self) -> list[tuple[str, str]]:
        """Return the parameter of the scope; none for the default."""
        return [] if self.scope == self.default else [("model", self.scope)]

    def words(self) -> list[tuple[str, str]]:
        """Return the parameters of the words and of their understanding."""
        pairs = [("q", self.q)] if self.q else []
        pairs += [("literal", "1")] if self.literal and self.q else []
        pairs += [] if self.understand else [("understand", "0")]
        return pairs + [(name, each) for name, ids in self.chosen_modes.items() for each in ids]

    def with_mode(self, condition_id: str, name: str | None) -> str:
        """Return the address that gives a condition the mode of the parameter ``name``; None: its own mode."""
        modes = {each: [i for i in self.chosen_modes.get(each, []) if i != condition_id] for each in _MODES}
        if name:
            modes[name].append(condition_id)
        return self.url(chosen_modes=modes)

    def of_words(self, text: str) -> str:
        """Return the address of another possible transcript, with the same filters."""
        return f"{self.url(q=text, literal=False, chosen_modes={})}&spoken=1"

    def without_filters(self) -> str | None:
        """Return the address without filters, or None if there are none."""
        return self.url({name: [] for name in self.filters}) if self.filters else None

    def toggled(self, name: str, value: str) -> str:
        """Return the address with ``value`` of a filter added or removed."""
        chosen = self.filters.get(name, [])
        rest = [text for text in chosen if text.lower() != value.lower()]
        return self.url({name: rest if len(rest) < len(chosen) else [*chosen, value]})

    def chosen(self, name: str, *values: Any) -> bool:
        """Return True if one of ``values`` of a filter is chosen."""
        texts = {text.lower() for text in self.filters.get(name, [])}
        return any(str(value).lower() in texts for value in values)


def _scope(asked: str, indexes: Sequence[Index]) -> str:
    """Return the scope in its own spelling; empty if there is no such scope."""
    allowed = [index.label for index in indexes] + ([ALL] if len(indexes) > 1 else [])
    return next((scope for scope in allowed if scope.lower() == asked.lower()), "")


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]
