"""Calibration: how unusual a similarity is, compared with what the query has in common with any product."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connections, models, router
from django.db.models.functions import MD5, Cast
from numpy.typing import NDArray

from xsearch.registry import Index
from xsearch.search.parts import VectorPart
from xsearch.search.planning import estimated_rows
from xsearch.stores import Store

_SAMPLE_SIZE = 256  # vectors
_MAX_AGE_S = {True: 300.0, False: 5.0}  # by whether the sample is full: a young catalogue changes quickly
# Assumed until a catalogue is large enough to tell; worth this many products.
_PRIOR_MEAN, _PRIOR_SPREAD, _PRIOR_COUNT = 0.2, 0.15, 8
_MIN_SPREAD = 0.02
# A product as near as 2 spreads above the mean is as likely meant as not.
_MIDPOINT, _STEEPNESS = 2.0, 2.0

_READ_WHOLE = 10_000  # rows; of larger tables a few pages are drawn, always the same
_DRAWN = 2_000  # rows

_lock = threading.Lock()
_samples: dict[tuple[str, str, str], tuple[float, NDArray[np.float32]]] = {}


@dataclass(frozen=True)
class Background:
    """Mean and spread of the similarities between one query vector and the catalogue."""

    mean: float
    spread: float

    def calibrate(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn cosines into scores in (0, 1) that are comparable between pairs of modalities, same shape."""
        deviations = (similarities - self.mean) / self.spread
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-_STEEPNESS * (deviations - _MIDPOINT)))
        return scores


def forget_samples() -> None:
    """Drop the samples of this process; for tests and after a change of the whole catalogue."""
    with _lock:
        _samples.clear()


def background(index: Index, part: VectorPart) -> Background:
    """Return how similar the part's vector is to a sample of the catalogue."""
    sample = _sample(index, part)
    similarities = sample @ part.vector if len(sample) else np.zeros(0, dtype=np.float32)
    count = len(similarities)
    total = count + _PRIOR_COUNT
    mean = (float(similarities.sum()) + _PRIOR_COUNT * _PRIOR_MEAN) / total
    squares = float(((similarities - mean) ** 2).sum())
    variance = (squares + _PRIOR_COUNT * _PRIOR_SPREAD**2) / total
    return Background(mean, max(math.sqrt(variance), _MIN_SPREAD))


def _sample(index: Index, part: VectorPart) -> NDArray[np.float32]:
    key = (index.label, part.column, part.space.fingerprint)
    with _lock:
        loaded_at, sample = _samples.get(key, (0.0, np.zeros((0, 0), dtype=np.float32)))
    if len(sample) and time.monotonic() - loaded_at < _MAX_AGE_S[len(sample) == _SAMPLE_SIZE]:
        return sample
    sample = _load_sample(part)
    with _lock:
        _samples[key] = (time.monotonic(), sample)
    return sample


def _load_sample(part: VectorPart) -> NDArray[np.float32]:
    store = part.stores[0]
    rows = store.model._base_manager.exclude(**{store.column: None})
    if (known := estimated_rows(rows)) > _READ_WHOLE:
        rows = rows.filter(pk__in=_pages_of(store, known))
    # Shuffled, but the same for every process and page.
    shuffled = rows.order_by(MD5(Cast("pk", models.CharField())))
    vectors = [np.asarray(vector) for vector in shuffled.values_list(store.column, flat=True)[:_SAMPLE_SIZE]]
    same_space = [vector for vector in vectors if len(vector) == part.space.dimension]
    if not same_space:
        return np.zeros((0, part.space.dimension), dtype=np.float32)
    return np.stack(same_space).astype(np.float32)


def _pages_of(store: Store, rows: int) -> list[Any]:
    """Return the keys of about ``_DRAWN`` of ``rows`` rows, on pages drawn from the whole table."""
    with connections[router.db_for_read(store.model)].cursor() as cursor:
        cursor.execute(
            f'SELECT "{store.row_key}" FROM "{store.table}" TABLESAMPLE SYSTEM (%s) REPEATABLE (0)'  # noqa: S608
            f' WHERE "{store.column}" IS NOT NULL',
            [100 * _DRAWN / rows],
        )
        return [row[0] for row in cursor.fetchall()]
