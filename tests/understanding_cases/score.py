"""How many of the written conditions are understood, and how many understood ones are written."""

from __future__ import annotations

from collections import Counter

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


def table(cases, lexicon) -> str:
    """Return precision and recall by kind of condition, and how many cases are right in full."""
    right, missed, invented = Counter(), Counter(), Counter()
    whole = rests = 0
    for text, conditions, rest in cases:
        wanted, (found, interpretation) = expected(conditions), understood(text, lexicon)
        for counter, members in ((right, wanted & found), (missed, wanted - found), (invented, found - wanted)):
            counter.update(kind_of(each) for each in members)
            counter["all"] += len(members)
        whole += wanted == found
        rests += interpretation.text == rest
    lines = [f"{'conditions':<20}{'written':>9}{'precision':>11}{'recall':>8}"]
    for kind in [*sorted({*right, *missed, *invented} - {"all"}), "all"]:
        found, there = right[kind] + invented[kind], right[kind] + missed[kind]
        precision, recall = right[kind] / found if found else 1.0, right[kind] / there if there else 1.0
        lines.append(f"{kind:<20}{there:>9}{precision:>11.3f}{recall:>8.3f}")
    lines.append(f"{len(cases)} cases: all conditions right in {whole}, words left to search for right in {rests}")
    return "\n".join(lines)
