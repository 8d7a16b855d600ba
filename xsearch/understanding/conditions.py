"""The conditions that a query states, how they read on the page, and the words that remain to be searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from xsearch.understanding.lexicon import ValueLexicon

Op = Literal["is", "is_not", "at_most", "at_least", "between", "about"]
#: Characters of an id.
ID_MAX = 200
#: "soft" changes the order, "strict" filters; "off" is set by the customer: the phrase is searched for as words.
Mode = Literal["soft", "strict", "off"]
MODES: tuple[Mode, ...] = ("soft", "strict", "off")


@dataclass(frozen=True)
class Condition:
    """One condition that a query states.

    ``phrase`` is the part of the query (of the corrected query, if it was corrected) from ``start`` to ``end``.
    ``field`` is a declared filter, or None for excluded words. ``values`` are texts, any of which may match, or the
    numbers of a price. ``describes`` is True for properties (a colour, a brand) and False for kinds of things.
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
        """The name of the condition in requests; it is the same for the same query."""
        values = ",".join(f"{value}".lower() for value in self.values)
        return f"{self.field or 'words'}:{self.op}:{values}"[:ID_MAX]


@dataclass(frozen=True)
class Interpretation:
    """A query as it was understood: ``conditions`` in their order, and the ``text`` that is searched for as words.

    Conditions that are switched off are included. ``relaxed`` holds the ids of strict conditions that no object
    fulfils, so they only order the results.
    """

    text: str
    conditions: Sequence[Condition] = ()
    relaxed: Sequence[str] = ()
    #: The parts of the query without prices and negating words: (start, end).
    free: Sequence[tuple[int, int]] = field(default=(), repr=False)

    def active(self) -> list[Condition]:
        """Return the conditions that are not switched off."""
        return [condition for condition in self.conditions if condition.mode != "off"]

    def descriptions(self) -> list[str]:
        """Return the phrases for properties: colours, brands and the like."""
        return [condition.phrase for condition in self.active() if condition.describes]

    def kinds(self) -> list[str]:
        """Return the phrases for kinds of things: categories and the like."""
        return [condition.phrase for condition in self.active() if condition.op == "is" and not condition.describes]


def label_of(condition: Condition, lexicon: ValueLexicon) -> str:
    """Return how a condition reads on the page: "Price: at most 50", "Colour: red", "without sleeves"."""
    if condition.field is None:
        return _("without “%(words)s”") % {"words": condition.values[0]}
    field = str(lexicon.titles.get(condition.field, condition.field))
    if condition.op in ("is", "is_not"):
        readable = [lexicon.label(condition.field, value) for value in condition.values]
        texts = {"field": field, "value": _(" or ").join(readable)}
        return (_("%(field)s: %(value)s") if condition.op == "is" else _("%(field)s: not %(value)s")) % texts
    numbers = [f"{number.normalize():f}" for number in condition.values]
    patterns = {
        "at_most": _("%(field)s: at most %(least)s"),
        "at_least": _("%(field)s: at least %(least)s"),
        "between": _("%(field)s: %(least)s to %(greatest)s"),
        "about": _("%(field)s: about %(least)s"),
    }
    return patterns[condition.op] % {"field": field, "least": numbers[0], "greatest": numbers[-1]}
