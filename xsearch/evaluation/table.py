"""Tables of one evaluation, or of several for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xsearch.evaluation.evaluate import Comparison, Evaluation
from xsearch.evaluation.metrics import SIGNIFICANT

_MOST_LINES = 20
_SHOWN = "ndcg@10"
_NO_HIT = "found nothing"
_FORMATS = {"queries": ".0f", "latency_ms": ".1f"}


def as_table(evaluation: Evaluation) -> str:
    """Return the metrics by kind of query, and remarks below them."""
    return "\n".join([*_metrics(evaluation), *_remarks(evaluation)])


def as_comparison(comparisons: Sequence[Comparison]) -> str:
    """Return a line for each configuration, then nDCG@10 by kind of query; the first configuration is the base."""
    names = [*comparisons[0].evaluation.by_kind, *(comparison.configuration.name for comparison in comparisons)]
    width = max(len(_NO_HIT), *map(len, names))
    lines = [f"{'':{width}}   nDCG@10  95 % interval      MRR  recall@10  difference       p  latency"]
    for number, comparison in enumerate(comparisons):
        lines.append(f"{comparison.configuration.name:{width}}{_line(comparison, is_base=number == 0)}")
    lines += ["", *_by_kind(comparisons, width), "", f"* p < {SIGNIFICANT} against {comparisons[0].configuration.name}"]
    return "\n".join([*lines, *_remarks(comparisons[0].evaluation)])


def _line(comparison: Comparison, *, is_base: bool) -> str:
    metrics, difference = comparison.evaluation.overall, comparison.overall[_SHOWN]
    low, high = comparison.evaluation.intervals[""][_SHOWN]
    against = f"{'':>12}{'':>8}" if is_base else f"{difference.mean:>+12.3f}{difference.p_value:>8.4f}"
    figures = f"{metrics[_SHOWN]:>10.3f}  [{low:.3f}, {high:.3f}]{metrics['mrr']:>9.3f}{metrics['recall@10']:>11.3f}"
    return f"{figures}{against}{metrics['latency_ms']:>6.0f} ms"


def _by_kind(comparisons: Sequence[Comparison], width: int) -> Iterator[str]:
    kinds = comparisons[0].evaluation.by_kind
    columns = [max(10, len(comparison.configuration.name) + 2) for comparison in comparisons]
    names = (f"{c.configuration.name:>{column}} " for c, column in zip(comparisons, columns, strict=True))
    yield f"{_SHOWN:{width}}{'queries':>9}" + "".join(names)
    for kind, metrics in kinds.items():
        cells = (_kind_cell(c, kind, column) for c, column in zip(comparisons, columns, strict=True))
        yield f"{kind:{width}}{metrics['queries']:>9.0f}" + "".join(cells)
    nothing = [comparison.evaluation.nothing_relevant for comparison in comparisons]
    if nothing[0]["queries"]:
        shares = (f"{n['found_nothing']:>{column}.3f} " for n, column in zip(nothing, columns, strict=True))
        yield f"{_NO_HIT:{width}}{nothing[0]['queries']:>9.0f}" + "".join(shares)


def _kind_cell(comparison: Comparison, kind: str, width: int) -> str:
    metrics, difference = comparison.evaluation.by_kind.get(kind), comparison.by_kind[kind][_SHOWN]
    mark = "*" if difference.p_value < SIGNIFICANT else " "
    return f"{metrics[_SHOWN]:>{width}.3f}{mark}" if metrics else f"{'-':>{width}} "


def _metrics(evaluation: Evaluation) -> Iterator[str]:
    names = list(evaluation.overall)
    width = max(12, *map(len, evaluation.by_kind), 0)
    yield f"{'':{width}}" + "".join(f"{name:>12}" for name in names)
    for kind, metrics in [*evaluation.by_kind.items(), ("all", evaluation.overall)]:
        yield f"{kind:{width}}" + "".join(f"{metrics[name]:>12{_FORMATS.get(name, '.3f')}}" for name in names)
    if bounds := evaluation.intervals.get(""):
        for label, side in (("95 % from", 0), ("95 % to", 1)):
            cells = (f"{bounds[name][side]:>12.3f}" if name in bounds else f"{'':>12}" for name in names)
            yield f"{label:{width}}" + "".join(cells).rstrip()


def _remarks(evaluation: Evaluation) -> Iterator[str]:
    nothing = evaluation.nothing_relevant
    if nothing.get("queries"):
        found = f"{nothing['found_nothing']:.0%} found nothing, {nothing['hits']:.1f} hits each"
        yield f"{nothing['queries']:.0f} queries that nothing suits: {found}"
    for part, count in evaluation.degraded.items():
        yield f"left out {count} times: {part}"
    yield from _shortened(f"skipped line {each.line}: {each.reason}" for each in evaluation.skipped)
    yield from _shortened(
        f"line {entry['line']}: not in the catalogue: {', '.join(entry['keys'])}" for entry in evaluation.unknown_keys
    )


def _shortened(remarks: Iterable[str]) -> list[str]:
    lines = list(remarks)
    rest = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"… and {rest} more (see --json)"] if rest > 0 else lines
