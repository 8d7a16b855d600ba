"""How many of the written conditions are understood, and how many understood ones are written."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from xsearch.understanding import Condition, Interpretation, understand

_SIGNS = {"at_most": "<=", "at_least": ">=", "between": "=", "about": "~", "is": "=", "is_not": "!="}


def written(condition: Condition) -> str:
    """Return a condition as the tables write it."""
    if condition.field is None:
        return f"-{condition.values[0]}"
    values = (f"{value:.10g}" if condition.field == "price" else value for value in condition.values)
    return f"{condition.field}{_SIGNS[condition.op]}{'..'.join(values)}"


def understood(text, lexicon) -> tuple[set[str], Interpretation]:
    """Return the conditions that are understood, as the tables write them, and everything else."""
    interpretation = understand(text, lexicon)
    return {written(condition) for condition in interpretation.conditions}, interpretation


def expected(conditions: str) -> set[str]:
    """Return the conditions that a line of a table has."""
    return {condition.strip() for condition in conditions.split(";") if condition.strip()}


def kind_of(condition: str) -> str:
    """Return what a condition is about."""
    if condition.startswith("-"):
        return "words not wanted"
    if condition.startswith("price"):
        return "price"
    return "values not wanted" if "!=" in condition else condition.partition("=")[0]


class Figures(NamedTuple):
    """How often conditions of one kind are understood."""

    written: int
    precision: float
    recall: float


def figures(cases, lexicon) -> dict[str, Figures]:
    """Return precision and recall by kind of condition, and over all."""
    right, missed, invented = Counter(), Counter(), Counter()
    for text, conditions, _rest in cases:
        wanted, (found, _) = expected(conditions), understood(text, lexicon)
        for counter, members in ((right, wanted & found), (missed, wanted - found), (invented, found - wanted)):
            counter.update(kind for each in members for kind in (kind_of(each), "all"))
    kinds = [*sorted({*right, *missed, *invented} - {"all"}), "all"]
    return {kind: _figures(right[kind], missed[kind], invented[kind]) for kind in kinds}


def _figures(right: int, missed: int, invented: int) -> Figures:
    found, there = right + invented, right + missed
    return Figures(there, right / found if found else 1.0, right / there if there else 1.0)


def table(cases, lexicon) -> str:
    """Return the figures as a table, and how many cases are right in full."""
    lines = [f"{'conditions':<20}{'written':>9}{'precision':>11}{'recall':>8}"]
    lines += [
        f"{kind:<20}{f.written:>9}{f.precision:>11.3f}{f.recall:>8.3f}" for kind, f in figures(cases, lexicon).items()
    ]
    read = [(expected(conditions), rest, understood(text, lexicon)) for text, conditions, rest in cases]
    whole = sum(wanted == found for wanted, _, (found, _) in read)
    rests = sum(rest == interpretation.text for _, rest, (_, interpretation) in read)
    lines.append(f"{len(cases)} cases: all conditions right in {whole}, words left to search for right in {rests}")
    return "\n".join(lines)
