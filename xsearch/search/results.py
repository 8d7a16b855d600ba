"""What a search returns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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


class Ranked(Protocol):
    """All hits of a search in order, to be loaded by their places; the first has the place 0."""

    @property
    def scores(self) -> Sequence[float]:
        """The scores of all hits, best first."""

    def hits(self, places: Sequence[int], *, explain: bool) -> list[Hit | None]:
        """Load the hits at ``places``; None for one that was deleted since."""


@dataclass
class SearchResults:
    """One page of results and what belongs to all of them."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    #: Whether ``total`` is all that there are; else there are more, as pages beyond the likely results show.
    total_is_exact: bool = True
    #: Whether ``exact`` would count no more: all were counted, or there are too many to look at all (``SCORED_ROWS``).
    is_final: bool = True
    #: Whether any hit is what was asked for; if not, they are only the nearest that there is.
    is_close: bool = True
    page: int = 1
    page_size: int = 24
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)
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
    took_ms: float = 0.0
    query_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def total_text(self) -> str:
        """How many results there are, for people: "12", or "140+" where there are more that were not counted."""
        return f"{self.total}" if self.total_is_exact else f"{self.total}+"

    @property
    def has_next(self) -> bool:
        """Whether there is another page, as far as one can tell."""
        is_full = len(self.hits) == self.page_size
        return self.page * self.page_size < self.total or (is_full and not self.total_is_exact)

    def __iter__(self) -> Any:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
