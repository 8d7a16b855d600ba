"""An evaluation as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xsearch.evaluation.evaluate import Evaluation

_MOST_LINES = 20


def as_table(evaluation: Evaluation) -> str:
    """Return the metrics by kind of query, and below them what to look at."""
    return "\n".join([*_metrics(evaluation), *_remarks(evaluation)])


def _metrics(evaluation: Evaluation) -> Iterator[str]:
    names = list(evaluation.overall)
    width = max(12, *(len(kind) for kind in evaluation.by_kind), 0) if evaluation.by_kind else 12
    yield f"{'':{width}}" + "".join(f"{name:>12}" for name in names)
    for kind, metrics in [*evaluation.by_kind.items(), ("all", evaluation.overall)]:
        yield f"{kind:{width}}" + "".join(_cell(name, metrics) for name in names)


def _cell(name: str, metrics: Mapping[str, float]) -> str:
    formats = {"queries": ".0f", "latency_ms": ".1f"}
    return f"{metrics[name]:>12{formats.get(name, '.3f')}}"


def _remarks(evaluation: Evaluation) -> Iterator[str]:
    for part, count in evaluation.degraded.items():
        yield f"left out {count} times: {part}"
    yield from _shortened([f"skipped line {line}: {reason}" for line, reason in evaluation.skipped])
    yield from _shortened(
        [f"line {entry['line']}: not in the catalogue: {', '.join(entry['keys'])}" for entry in evaluation.unknown_keys]
    )


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"… and {rest} more (see --json)"] if rest > 0 else lines
