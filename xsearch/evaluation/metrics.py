"""Ranking metrics, computed by ir-measures (MacAvaney et al., ECIR 2022)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

#: Our names of the metrics → those of ir-measures.
MEASURES = {"recall@1": "R@1", "recall@5": "R@5", "recall@10": "R@10", "mrr": "RR", "ndcg@10": "nDCG@10"}
#: Results asked for per query; MRR counts 0 where nothing relevant is among them.
DEPTH = 100


class EvaluationError(Exception):
    """The evaluation cannot be done as asked; the message carries the cure."""


def library() -> Any:
    """Return ir-measures; raises ``EvaluationError`` where it is not installed."""
    try:
        import ir_measures
    except ImportError as error:
        raise EvaluationError(f"{error}. Install it: pip install 'django-xsearch[evaluation]'") from error
    return ir_measures


def measure(
    relevant: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return each query's metrics by its id, from grades by key and keys in the order of the results.

    Recall counts grades above 0 as relevant; nDCG has the linear gains of trec_eval, grade / log2(rank + 1).
    """
    ir_measures = library()

    names = {ir_measures.parse_measure(theirs): ours for ours, theirs in MEASURES.items()}
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for metric in ir_measures.iter_calc(names, _qrels(relevant), _run(rankings)):
        found[metric.query_id][names[metric.measure]] = float(metric.value)
    return dict(found)


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean; 0 for no values."""
    return sum(values) / len(values) if values else 0.0


def _qrels(relevant: Mapping[str, Mapping[str, int]]) -> list[Any]:
    qrel = library().Qrel
    return [qrel(query, key, grade) for query, grades in relevant.items() for key, grade in grades.items()]


def _run(rankings: Mapping[str, Sequence[str]]) -> list[Any]:
    # The library sorts by score, with its own order among equals: the rank itself is the score here.
    scored = library().ScoredDoc
    return [
        scored(query, key, -float(rank))
        for query, keys in rankings.items()
        for rank, key in enumerate(dict.fromkeys(keys))
    ]
