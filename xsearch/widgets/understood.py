"""What was understood of the words, as chips that the customer takes back or makes strict."""

from __future__ import annotations

from dataclasses import dataclass

from xsearch.search import SearchResults
from xsearch.understanding import Condition
from xsearch.widgets.query import PageQuery


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
