"""Figures of a benchmark: times as percentiles, the share of the database, and bars that a figure must reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection

#: Figures by name, possibly nested: what ``xsearch_benchmark --json`` prints.
Figures = dict[str, Any]
Timing = dict[str, float]
#: What was measured, the bar for it, and whether it was reached.
Bar = dict[str, Any]


def percentiles(times_ms: Sequence[float]) -> Timing:
    """Return count, p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(times_ms, [50, 95])
    return {"count": len(times_ms), "p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}


def timed(calls: Sequence[Callable[[], Any]]) -> Timing:
    """Call each once after one to warm up; return count, p50 and p95 in milliseconds."""
    calls[0]()
    return percentiles([elapsed_ms(call) for call in calls])


def elapsed_ms(call: Callable[[], Any]) -> float:
    """Return the duration of ``call`` in milliseconds."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


@contextmanager
def sql_time_ms() -> Iterator[list[float]]:
    """Yield a list that collects the milliseconds of every SQL statement inside, by the client's clock."""
    times: list[float] = []

    def measured(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            times.append((time.perf_counter() - started) * 1000)

    with connection.execute_wrapper(measured):
        yield times


def at_least(what: str, measured: float, bar: float) -> Bar:
    """Return a bar for a figure where more is better."""
    return {"what": what, "measured": measured, "bar": f"≥ {bar:g}", "passed": bool(measured >= bar)}


def at_most(what: str, measured: float, bar: float) -> Bar:
    """Return a bar for a figure where less is better."""
    return {"what": what, "measured": measured, "bar": f"≤ {bar:g}", "passed": bool(measured <= bar)}
