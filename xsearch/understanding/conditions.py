"""What is understood of a query: its conditions, and what remains to be searched for as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Op = Literal["is", "is_not", "at_most", "at_least", "between", "about"]
#: Characters of an id.
ID_MAX = 200
#: "soft" prefers or lowers, "strict" filters, "off" is the customer's: the phrase is searched for as words.
Mode = Literal["soft", "strict", "off"]
MODES: tuple[Mode, ...] = ("soft", "strict", "off")


@dataclass(frozen=True)
class Condition:
    """One thing that the customer said about what is wanted.

    ``phrase`` stands at ``start`` to ``end`` of the query (of its correction, where it was corrected). ``field`` is a
    declared filter, or None for words that are not wanted. ``values`` are texts, or numbers for those of sums;
    several texts are alternatives. ``describes`` where it says how a thing is, or who made it, and not what it is.
    """

    phrase: str
    start: int
    end: int
    field: str | None
    op: Op
    values: tuple[Any, ...]
    mode: Mode = "soft"
    label: str = ""
    describes: bool = False

    @property
    def id(self) -> str:
        """What the condition is called in requests; the same query gives it the same id."""
        values = ",".join(f"{value}".lower() for value in self.values)
        return f"{self.field or 'words'}:{self.op}:{values}"[:ID_MAX]


@dataclass(frozen=True)
class Interpretation:
    """``text`` is left to be searched for as words; ``conditions`` in the order of the query, those switched off too.

    ``relaxed`` holds the ids of strict conditions that nothing fulfils, and that only order the results therefore.
    """

    text: str
    conditions: Sequence[Condition] = ()
    relaxed: Sequence[str] = ()
    #: Stretches of the query that are no numbers or words of a condition: (start, end).
    free: Sequence[tuple[int, int]] = field(default=(), repr=False)

    def active(self) -> list[Condition]:
        """Return the conditions that are not switched off."""
        return [condition for condition in self.conditions if condition.mode != "off"]

    def descriptions(self) -> list[str]:
        """Return the words that say how a thing is and not what: colours, brands and the like."""
        return [condition.phrase for condition in self.active() if condition.describes]

    def kinds(self) -> list[str]:
        """Return the words that say what is wanted, as far as fields have them: categories and the like."""
        return [condition.phrase for condition in self.active() if condition.op == "is" and not condition.describes]
