"""What was promised beside what was measured."""

from __future__ import annotations

from typing import Any

Bar = dict[str, Any]


def at_least(what: str, measured: float, bar: float) -> Bar:
    """Return one bar that wants much."""
    return {"what": what, "measured": measured, "bar": f"≥ {bar:g}", "passed": bool(measured >= bar)}


def at_most(what: str, measured: float, bar: float) -> Bar:
    """Return one bar that wants little."""
    return {"what": what, "measured": measured, "bar": f"≤ {bar:g}", "passed": bool(measured <= bar)}
