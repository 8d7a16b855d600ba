"""Ranking metrics (ir-measures; MacAvaney et al., ECIR 2022), confidence intervals and paired tests (SciPy)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

#: Names of the metrics → names in ir-measures.
MEASURES = {"recall@1": "R@1", "recall@5": "R@5", "recall@10": "R@10", "mrr": "RR", "ndcg@10": "nDCG@10"}
#: Results per query; MRR is 0 for a query with no relevant object among them.
DEPTH = 100
CONFIDENCE = 0.95
#: Differences that chance makes less often than this are significant.
SIGNIFICANT = 0.05
_RESAMPLES = 2000
_PERMUTATIONS = 10_000


class EvaluationError(Exception):
    """The evaluation cannot run; the message says what to do."""


class Interval(NamedTuple):
    """The bounds of a confidence interval."""

    low: float
    high: float


class Difference(NamedTuple):
    """Difference of two means, its confidence interval, and the p-value."""

    mean: float
    interval: Interval
    p_value: float


def library() -> Any:
    """Return ir-measures; raise ``EvaluationError`` if it is not installed."""
    return _installed("ir_measures")


def statistics() -> Any:
    """Return scipy.stats; raise ``EvaluationError`` if it is not installed."""
    return _installed("scipy.stats")


def _installed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise EvaluationError(f"{error}. Install it: pip install 'django-xsearch[evaluation]'") from error


def measure(
    relevant: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Return the metrics of each query by its id, from grades by key and keys in the order of the results.

    Recall counts grades above 0 as relevant; nDCG has the linear gains of trec_eval, grade / log2(rank + 1).
    """
    ir_measures = library()
    names = {ir_measures.parse_measure(theirs): ours for ours, theirs in MEASURES.items()}
    qrels = [ir_measures.Qrel(query, key, grade) for query, grades in relevant.items() for key, grade in grades.items()]
    # The library sorts by score, and has its own order for equal scores: so the rank is the score.
    run = [
        ir_measures.ScoredDoc(query, key, -float(rank))
        for query, keys in rankings.items()
        for rank, key in enumerate(dict.fromkeys(keys))
    ]
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for metric in ir_measures.iter_calc(names, qrels, run):
        found[metric.query_id][names[metric.measure]] = float(metric.value)
    return dict(found)


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean; 0 for no values."""
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def confidence_interval(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the 95 % percentile bootstrap interval of the mean (Efron and Tibshirani, 1993)."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.size < 2 or np.ptp(sample) == 0:
        mean = float(sample.mean()) if sample.size else 0.0
        return Interval(mean, mean)
    found = statistics().bootstrap(
        (sample,),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        batch=200,
        rng=np.random.default_rng(seed),
    )
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high))


def paired_difference(before: Sequence[float], after: Sequence[float], seed: int = 0) -> Difference:
    """Compare two configurations on the same queries by Fisher's paired randomisation test, two-sided.

    The test assumes no distribution; ranking metrics are not normal (Smucker, Allan and Carterette, CIKM 2007).
    """
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    changed = differences[differences != 0]  # exchanging equal values does not change the sum
    p_value = 1.0  # one query proves nothing
    if changed.size >= 2:
        test = statistics().permutation_test(
            (changed,),
            np.sum,
            permutation_type="samples",
            n_resamples=_PERMUTATIONS,
            vectorized=True,
            batch=1000,
            rng=np.random.default_rng(seed),
        )
        p_value = float(test.pvalue)
    mean = float(differences.mean()) if differences.size else 0.0
    return Difference(mean, confidence_interval(differences.tolist(), seed), p_value)
