"""What a search returns."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any


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


@dataclass
class SearchResults:
    """One page of results and what belongs to all of them."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
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
    #: What else may have been said, and the recogniser's confidence in it.
    alternatives: list[tuple[str, float]] = field(default_factory=list)
    #: What was left out of this search because a part was not available.
    degraded: list[str] = field(default_factory=list)
    took_ms: float = 0.0
    query_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def __iter__(self) -> Any:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
