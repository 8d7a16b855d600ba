"""How far figures of some queries hold for others: confidence intervals and paired tests, computed by SciPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from xsearch.evaluation.metrics import EvaluationError

CONFIDENCE = 0.95
_RESAMPLES = 2000
_PERMUTATIONS = 10_000


class Interval(NamedTuple):
    """The bounds of a confidence interval."""

    low: float
    high: float


class Difference(NamedTuple):
    """What another configuration adds to a mean, in which interval it lies, and how easily chance would do as much."""

    mean: float
    interval: Interval
    p_value: float


def statistics() -> Any:
    """Return scipy.stats; raises ``EvaluationError`` where it is not installed."""
    try:
        from scipy import stats
    except ImportError as error:
        raise EvaluationError(f"{error}. Install it: pip install 'django-xsearch[evaluation]'") from error
    return stats


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

    It assumes no distribution, which metrics of ranking do not have (Smucker, Allan and Carterette, CIKM 2007).
    """
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    mean = float(differences.mean()) if differences.size else 0.0
    changed = differences[differences != 0]  # of the others, no swap changes the sum
    return Difference(mean, confidence_interval(differences.tolist(), seed), _p_value(changed, seed))


def _p_value(differences: np.ndarray[Any, np.dtype[np.float64]], seed: int) -> float:
    if differences.size < 2:  # one query proves nothing
        return 1.0
    total: Callable[..., Any] = np.sum
    found = statistics().permutation_test(
        (differences,),
        total,
        permutation_type="samples",
        n_resamples=_PERMUTATIONS,
        vectorized=True,
        batch=1000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)
