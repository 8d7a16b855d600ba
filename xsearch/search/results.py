"""The results of a search."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from xsearch.understanding import Interpretation


class Coverage(IntEnum):
    """The part of the matches that was looked at; of two values the larger one is the weaker."""

    #: All matches are known for certain.
    COMPLETE = 0
    #: Too many rows pass the filters to score all of them: the numbers stay lower bounds.
    LIMITED = 1
    #: An index scan may have missed a few matches; a full scan finds them.
    APPROXIMATE = 2
    #: Less likely matches were left out; a full scan finds them.
    PARTIAL = 3

    @classmethod
    def of(cls, *, is_whole: bool, is_approximate: bool, is_limited: bool) -> Coverage:
        """Return the coverage of a scan.

        ``is_whole`` says that nothing outside its candidates can reach the cut-off, ``is_approximate`` that index
        scans were used, ``is_limited`` that there are too many rows for a full scan.
        """
        if is_whole and not is_approximate:
            return cls.COMPLETE
        if is_limited:
            return cls.LIMITED
        return cls.APPROXIMATE if is_whole else cls.PARTIAL

    @property
    def is_final(self) -> bool:
        """True if a full scan would find no more."""
        return self in (Coverage.COMPLETE, Coverage.LIMITED)


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet: ``value`` filters by it, ``label`` is for people."""

    value: Any
    label: str
    count: int
    #: In a tree, such as of categories: the value of the parent, None for a root, and the number of ancestors.
    parent: Any = None
    depth: int | None = None


@dataclass(frozen=True)
class Bucket:
    """A part of a range: the number of hits from ``least`` to below ``greatest``, which the last bucket includes."""

    least: Any
    greatest: Any
    count: int


@dataclass(frozen=True)
class FacetRange:
    """The smallest and greatest value of a facet of numbers or dates, and a histogram of equal parts between them."""

    least: Any
    greatest: Any
    histogram: list[Bucket]


@dataclass(frozen=True)
class Hit:
    """One result; ``score`` lies in [0, 1], ``matched_by`` names the kinds of query that found it."""

    object: Any
    score: float
    matched_by: list[str]
    explain: dict[str, Any] | None = None
    #: Number of further results of the same group (``Index.group_by``) that this one represents.
    variants: int = 0
    #: The effect of personal taste: {"moved": places up (down: negative), "because": names of what they like or not}.
    personal: dict[str, Any] | None = None


@dataclass(frozen=True)
class Counts:
    """The number of hits, and of hits with each value of the facets."""

    total: int = 0
    #: Coverage of the total, and the weakest of the facets.
    coverage: Coverage = Coverage.COMPLETE
    facet_coverage: Coverage = Coverage.COMPLETE
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)
    ranges: dict[str, FacetRange] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """True if ``total`` is the number of all matches; otherwise there are more."""
        return self.coverage is Coverage.COMPLETE

    @property
    def is_final(self) -> bool:
        """True if a full scan would count no more, facets included."""
        return self.coverage.is_final and self.facet_coverage.is_final

    @property
    def text(self) -> str:
        """The total for people: "12", or "140+" if it is a lower bound."""
        return f"{self.total}" if self.is_exact else f"{self.total}+"

    def __add__(self, other: Counts) -> Counts:
        """Return the numbers of both together, without facets, which belong to one model."""
        coverages = max(self.coverage, other.coverage), max(self.facet_coverage, other.facet_coverage)
        return Counts(self.total + other.total, *coverages)


class Ranked(Protocol):
    """All hits of a search in order, which can be loaded by their places; the first has the place 0."""

    def merge_keys(self, count: int) -> Sequence[tuple[Any, ...]]:
        """Return by what the first ``count`` hits are ordered, ascending, to merge them with those of other models."""

    def hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        """Load the hits at ``places``; None for one that was deleted meanwhile."""


@dataclass
class SearchResults:
    """One page of results, with the numbers of all pages.

    The hits of a large catalogue are found without scoring all of it. ``total`` and ``facets``, which need that, are
    counted when one of them is first read, unless ``exact`` says otherwise.
    """

    hits: list[Hit] = field(default_factory=list)
    #: The numbers so far, and the function that counts everything.
    counted: Counts = field(default_factory=Counts)
    count_all: Callable[[], Counts] | None = field(default=None, repr=False, compare=False)
    #: True if any hit is close to the query; if not, the hits are just the nearest ones.
    is_close: bool = True
    #: Name of the order of the hits; empty if it is that of the queryset.
    sort: str = "relevance"
    page: int = 1
    page_size: int = 24
    transcript: str | None = None
    #: The words as they were given, typed or spoken.
    query: str = ""
    #: The words with typing errors corrected, which were searched for instead; None if nothing was corrected.
    corrected: str | None = None
    #: The conditions that were read in the words; None without words.
    interpretation: Interpretation | None = None
    #: The examples that were given.
    like: list[Any] = field(default_factory=list)
    unlike: list[Any] = field(default_factory=list)
    #: True if the order follows the taste of the customer.
    is_personal: bool = False
    #: Other hypotheses of the recogniser, and its confidence in them.
    alternatives: list[tuple[str, float]] = field(default_factory=list)
    #: The parts that were left out because they were not available.
    degraded: list[str] = field(default_factory=list)
    #: The results of each model by its label, if several are searched: total, facets and so on.
    models: dict[str, SearchResults] = field(default_factory=dict)
    #: Loads the hits of a search that was asked to load none.
    ranked: Ranked | None = field(default=None, repr=False, compare=False)
    #: Milliseconds; counting is included once it is done.
    took_ms: float = 0.0
    query_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def counts(self) -> Counts:
        """The numbers; everything is counted now if that was postponed."""
        if self.count_all:
            started = time.perf_counter()
            self.counted, self.count_all = self.count_all(), None
            self.took_ms = round(self.took_ms + (time.perf_counter() - started) * 1000, 1)
        return self.counted

    @property
    def total(self) -> int:
        """The number of hits on all pages."""
        return self.counts.total

    @property
    def total_is_exact(self) -> bool:
        """True if ``total`` is the number of all matches; otherwise there are more."""
        return self.counts.is_exact

    @property
    def total_text(self) -> str:
        """The total for people: "12", or "140+"."""
        return self.counts.text

    @property
    def is_final(self) -> bool:
        """True if ``exact=True`` would count no more."""
        return self.counts.is_final

    @property
    def facets(self) -> dict[str, list[FacetValue]]:
        """The number of hits with each value of the facets, each counted without its own filter."""
        return self.counts.facets

    @property
    def ranges(self) -> dict[str, FacetRange]:
        """The ranges of the facets of numbers and dates, each without its own filter."""
        return self.counts.ranges

    @property
    def has_next(self) -> bool:
        """True if there is another page, as far as is known without counting."""
        is_full = len(self.hits) == self.page_size
        return self.page * self.page_size < self.counted.total or (is_full and not self.counted.is_exact)

    def __getstate__(self) -> dict[str, Any]:
        """Count before results are pickled, such as for a cache: the counting function does not outlive the process."""
        counted = self.counts
        return {**self.__dict__, "counted": counted, "ranked": None}

    def __iter__(self) -> Any:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
