"""What a search returns."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from xsearch.understanding import Interpretation


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet: ``value`` filters by it, ``label`` is for people."""

    value: Any
    label: str
    count: int


@dataclass(frozen=True)
class Hit:
    """One result; ``score`` lies in [0, 1], ``matched_by`` names the kinds of query that found it."""

    object: Any
    score: float
    matched_by: list[str]
    explain: dict[str, Any] | None = None
    #: How many further results of the same group (``Index.group_by``) this one stands for.
    variants: int = 0
    #: Where taste moved it: {"moved": places up (down: negative), "because": names of what is to their taste or not}.
    personal: dict[str, Any] | None = None


@dataclass(frozen=True)
class Counts:
    """How many hits there are, and of each value of the facets."""

    total: int = 0
    #: Whether ``total`` is all that there are; else there are more, as pages beyond the likely results show.
    is_exact: bool = True
    #: Whether a look at all would count no more, facets included: there was one, or there are too many to look at.
    is_final: bool = True
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The total for people: "12", or "140+" where there are more that were not counted."""
        return f"{self.total}" if self.is_exact else f"{self.total}+"

    def __add__(self, other: Counts) -> Counts:
        """Return the numbers of both together; facets belong to one model, so they are left out."""
        return Counts(self.total + other.total, self.is_exact and other.is_exact, self.is_final and other.is_final)


class Ranked(Protocol):
    """All hits of a search in order, to be loaded by their places; the first has the place 0."""

    @property
    def scores(self) -> Sequence[float]:
        """The scores of all hits, best first."""

    def hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        """Load the hits at ``places``; None for one that was deleted since."""


@dataclass
class SearchResults:
    """One page of results and what belongs to all of them.

    Of a large catalogue the hits are found without looking at all of it. What takes such a look, ``total`` and
    ``facets``, is counted when the first of these is read, unless ``search`` was told what to do (``exact``).
    """

    hits: list[Hit] = field(default_factory=list)
    #: What was counted so far, and what counts everything.
    counted: Counts = field(default_factory=Counts)
    count_all: Callable[[], Counts] | None = field(default=None, repr=False, compare=False)
    #: Whether any hit is what was asked for; if not, they are only the nearest that there is.
    is_close: bool = True
    page: int = 1
    page_size: int = 24
    transcript: str | None = None
    #: The words as they were given, typed or spoken.
    query: str = ""
    #: The words that were searched for instead, with typing errors corrected; None where there was nothing to correct.
    corrected: str | None = None
    #: What was understood of the words; None where there were none.
    interpretation: Interpretation | None = None
    #: The examples that were given.
    like: list[Any] = field(default_factory=list)
    unlike: list[Any] = field(default_factory=list)
    #: Whether the order follows the taste of the customer.
    is_personal: bool = False
    #: What else may have been said, and the recogniser's confidence in it.
    alternatives: list[tuple[str, float]] = field(default_factory=list)
    #: What was left out of this search because a part was not available.
    degraded: list[str] = field(default_factory=list)
    #: Of a search over several models, by their labels, what each of them contributes: its total, facets and so on.
    models: dict[str, SearchResults] = field(default_factory=dict)
    #: What the hits can be loaded from, of a search that was asked to load none.
    ranked: Ranked | None = field(default=None, repr=False, compare=False)
    #: Counting included, once it is done.
    took_ms: float = 0.0
    query_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def counts(self) -> Counts:
        """The numbers; counts everything first where that was left until somebody reads them."""
        if self.count_all:
            started = time.perf_counter()
            self.counted, self.count_all = self.count_all(), None
            self.took_ms = round(self.took_ms + (time.perf_counter() - started) * 1000, 1)
        return self.counted

    @property
    def total(self) -> int:
        """How many hits there are on all pages."""
        return self.counts.total

    @property
    def total_is_exact(self) -> bool:
        """Whether ``total`` is all that there are; else there are more."""
        return self.counts.is_exact

    @property
    def total_text(self) -> str:
        """The total for people: "12", or "140+"."""
        return self.counts.text

    @property
    def is_final(self) -> bool:
        """Whether ``exact`` would count no more."""
        return self.counts.is_final

    @property
    def facets(self) -> dict[str, list[FacetValue]]:
        """How many hits have each value of the facets, each without its own filter."""
        return self.counts.facets

    @property
    def has_next(self) -> bool:
        """Whether there is another page, as far as one can tell without counting."""
        is_full = len(self.hits) == self.page_size
        return self.page * self.page_size < self.counted.total or (is_full and not self.counted.is_exact)

    def __getstate__(self) -> dict[str, Any]:
        """Count before results are stored, such as in a cache: what counts does not outlive the process."""
        counted = self.counts
        return {**self.__dict__, "counted": counted, "ranked": None}

    def __iter__(self) -> Any:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
