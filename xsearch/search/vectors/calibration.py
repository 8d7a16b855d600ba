"""Calibration: a similarity against those of a sample of the live catalogue, which makes parts comparable."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cachetools import TLRUCache
from django.db import connections, models
from django.db.models.functions import MD5, Cast
from numpy.typing import NDArray

from xsearch.index.stores import Store
from xsearch.index.translations import plain
from xsearch.models import EncoderSpace
from xsearch.search.context import SearchContext
from xsearch.search.table_statistics import estimated_rows
from xsearch.search.vectors.live import IsLive, SpaceSwapped, holds_vectors_of
from xsearch.search.vectors.query_vectors import VectorPart

#: Rows of a column, shape (n, dimension).
SampleVectors = NDArray[np.float32]

_SAMPLE_SIZE = 256  # vectors
_MAX_AGE_S = {True: 300.0, False: 5.0}  # by whether the sample is full: a young catalogue changes quickly
_EMPTY_MAX_AGE_S = 1.0  # long enough for one search, which reads it several times
_READ_WHOLE = 10_000  # rows; of larger tables a few pages are drawn, always the same
_DRAWN = 2_000  # rows
# Assumed until a catalogue is large enough to tell; worth this many products.
_PRIOR_MEAN, _PRIOR_SPREAD, _PRIOR_COUNT = 0.2, 0.15, 8
_MIN_SPREAD = 0.02
# A product as near as 3 spreads above the mean is as likely meant as not. A steeper curve would no longer tell
# the near from the nearest (docs/howto/relevance.md).
_MIDPOINT, _STEEPNESS = 3.0, 1.0
# A photo is near a product if it is nearer than the least alike 20 % of products and their nearest neighbours are;
# words are near a photo if they are nearer than the worst 10 % of products' own texts and photos.
_NEIGHBOURS_QUANTILE, _PAIRS_QUANTILE = 0.2, 0.1
_LEAST_KNOWN = 20  # products; fewer say nothing about what is near


@dataclass(frozen=True)
class Calibration:
    """Mean and spread of the similarities between a query vector and the catalogue, and the similarity of a match."""

    mean: float
    spread: float
    #: Similarity from which on a product is close; None where the catalogue is too small to tell.
    close_from: float | None = None

    def calibrate(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn cosines into scores in (0, 1) that are comparable between pairs of modalities, same shape."""
        deviations = (similarities - self.mean) / self.spread
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-_STEEPNESS * (deviations - _MIDPOINT)))
        return scores

    def similarity_of(self, score: float) -> float:
        """Return the similarity whose calibrated score is ``score``, in (0, 1)."""
        return self.mean + self.spread * (_MIDPOINT + math.log(score / (1 - score)) / _STEEPNESS)

    def is_close(self, similarities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return a mask of the similarities that are higher than those between unrelated things, same shape."""
        if self.close_from is None:
            return np.asarray(self.calibrate(similarities) >= 0.5)
        return np.asarray(similarities >= self.close_from)


@dataclass(frozen=True)
class _Sample:
    """Vectors of a column, shape (n, dimension), and by modality of the query the similarity of a close product."""

    vectors: SampleVectors
    close_from: dict[str, float | None] = field(default_factory=dict)


def _expiry(_key: Hashable, sample: _Sample, now: float) -> float:
    if not len(sample.vectors):
        return now + _EMPTY_MAX_AGE_S
    return now + _MAX_AGE_S[len(sample.vectors) == _SAMPLE_SIZE]


_lock = threading.Lock()
_samples: TLRUCache[Hashable, _Sample] = TLRUCache(64, ttu=_expiry, timer=time.monotonic)


def forget_samples() -> None:
    """Drop the samples of this process; for tests and after a change of the whole catalogue."""
    with _lock:
        _samples.clear()


def sample_vectors(context: SearchContext, part: VectorPart) -> SampleVectors:
    """Return a sample of the column that the part is compared with, shape (n, dimension); it may be empty."""
    return _sample(context, part).vectors


def calibration_of(context: SearchContext, part: VectorPart) -> Calibration:
    """Return how similar the part's vector is to a sample of the catalogue."""
    sample = _sample(context, part)
    similarities = sample.vectors @ part.vector if len(sample.vectors) else np.zeros(0, dtype=np.float32)
    total = len(similarities) + _PRIOR_COUNT
    mean = (float(similarities.sum()) + _PRIOR_COUNT * _PRIOR_MEAN) / total
    squares = float(((similarities - mean) ** 2).sum())
    variance = (squares + _PRIOR_COUNT * _PRIOR_SPREAD**2) / total
    spread = max(math.sqrt(variance), _MIN_SPREAD)
    if part.changes is not None:  # a changed photo is like no product: a close one is one that stands out
        return Calibration(mean, spread)
    if part.modality not in sample.close_from:
        sample.close_from[part.modality] = _close_from(context, part, sample.vectors)
    return Calibration(mean, spread, sample.close_from[part.modality])


def _sample(context: SearchContext, part: VectorPart) -> _Sample:
    key = (*context.cache_key, part.column, part.space.fingerprint)
    with _lock:
        sample = _samples.get(key)
    if sample is None:
        sample = _load_sample(context, part)
        with _lock:
            _samples[key] = sample
    return sample


def _load_sample(context: SearchContext, part: VectorPart) -> _Sample:
    store = part.stores[0]
    vectors = _vectors(context, [(store, part.space)])[0]
    if not len(vectors) and not holds_vectors_of(context.using, part.space, store):
        raise SpaceSwapped(part.name)
    return _Sample(vectors)


def _close_from(context: SearchContext, part: VectorPart, vectors: SampleVectors) -> float | None:
    if part.modality == part.column:
        return _close_by_neighbours(vectors)
    store = part.stores[0]
    own = [other for other in context.stores_for(part.modality) if other.key == part.modality and not store.many]
    space = context.spaces.get(part.modality)
    # Two columns may have different encoders, if only for the moment between two swaps.
    if not own or own[0].table != store.table or not space or space.fingerprint != part.space.fingerprint:
        return None
    return _close_by_pairs(*_vectors(context, [(store, part.space), (own[0], space)]))


def _close_by_neighbours(vectors: SampleVectors) -> float | None:
    """Return the similarity of products to their nearest neighbours, at a low quantile."""
    if len(vectors) < _LEAST_KNOWN:
        return None
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1.0)
    return float(np.quantile(similarities.max(axis=1), _NEIGHBOURS_QUANTILE))


def _close_by_pairs(vectors: SampleVectors, others: SampleVectors) -> float | None:
    """Return the similarity of products' texts to their own photos, at a low quantile."""
    if len(vectors) < _LEAST_KNOWN:
        return None
    return float(np.quantile((vectors * others).sum(axis=1), _PAIRS_QUANTILE))


def _vectors(context: SearchContext, columns: list[tuple[Store, EncoderSpace]]) -> list[SampleVectors]:
    """Return a sample of rows of a table that have all ``columns``: the vectors of each, shape (n, dimension)."""
    store, space = columns[0]
    everything = plain(store.model._base_manager.using(context.using))
    rows = everything.filter(**{f"{store.column}__isnull": False for store, _space in columns})
    if (known := estimated_rows(rows)) > _READ_WHOLE:
        rows = rows.filter(pk__in=_pages_of(context, store, known))
    # Shuffled, but the same for every process and page.
    shuffled = rows.filter(*(IsLive(space, store) for store, space in columns)).order_by(
        MD5(Cast("pk", models.CharField()))
    )
    drawn = shuffled.values_list(*(store.column for store, _space in columns))[:_SAMPLE_SIZE]
    found = [row for row in drawn if all(len(vector) == space.dimension for vector in row)]
    return [
        np.array([np.asarray(row[place]) for row in found], np.float32).reshape(-1, space.dimension)
        for place in range(len(columns))
    ]


def _pages_of(context: SearchContext, store: Store, rows: int) -> list[Any]:
    """Return the keys of about ``_DRAWN`` of ``rows`` rows, on pages drawn from the whole table."""
    with connections[context.using].cursor() as cursor:
        cursor.execute(
            f'SELECT "{store.row_key}" FROM "{store.table}" TABLESAMPLE SYSTEM (%s) REPEATABLE (0)'  # noqa: S608
            f' WHERE "{store.column}" IS NOT NULL',
            [100 * _DRAWN / rows],
        )
        return [row[0] for row in cursor.fetchall()]
