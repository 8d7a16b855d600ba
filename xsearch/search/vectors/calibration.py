"""What the live catalogue says about similarities: how unusual one is, and from where on it means something."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connections, models, router
from django.db.models.functions import MD5, Cast
from numpy.typing import NDArray

from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.indexing.spaces import live_spaces
from xsearch.models import EncoderSpace
from xsearch.search.retrieval.planning import estimated_rows
from xsearch.search.vectors.live import IsLive, SpaceSwapped, holds_vectors_of
from xsearch.search.vectors.parts import VectorPart

Floats = NDArray[np.float32]

_SAMPLE_SIZE = 256  # vectors
_MAX_AGE_S = {True: 300.0, False: 5.0}  # by whether the sample is full: a young catalogue changes quickly
_EMPTY_MAX_AGE_S = 1.0  # long enough for one search, which asks several times
_READ_WHOLE = 10_000  # rows; of larger tables a few pages are drawn, always the same
_DRAWN = 2_000  # rows
# Assumed until a catalogue is large enough to tell; worth this many products.
_PRIOR_MEAN, _PRIOR_SPREAD, _PRIOR_COUNT = 0.2, 0.15, 8
_MIN_SPREAD = 0.02
# A product as near as 3 spreads above the mean is as likely meant as not. A steeper curve would no longer tell
# the near from the nearest (docs/relevance.md).
_MIDPOINT, _STEEPNESS = 3.0, 1.0
# A photo is near a product if it is nearer than the least alike 20 % of products and their nearest neighbours are;
# words are near a photo if they are nearer than the worst 10 % of products' own texts and photos.
_NEIGHBOURS_QUANTILE, _PAIRS_QUANTILE = 0.2, 0.1
_LEAST_KNOWN = 20  # products; fewer say nothing about what is near

_lock = threading.Lock()
_samples: dict[tuple[str, str, str], tuple[float, _Sample]] = {}


@dataclass(frozen=True)
class Background:
    """Mean and spread of the similarities between one query vector and the catalogue, and what counts as near."""

    mean: float
    spread: float
    #: Similarity from which on a product is near; None where the catalogue is too small to tell.
    near_from: float | None = None

    def calibrate(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn cosines into scores in (0, 1) that are comparable between pairs of modalities, same shape."""
        deviations = (similarities - self.mean) / self.spread
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-_STEEPNESS * (deviations - _MIDPOINT)))
        return scores

    def similarity_of(self, score: float) -> float:
        """Return the similarity whose calibrated score is ``score``, in (0, 1)."""
        return self.mean + self.spread * (_MIDPOINT + math.log(score / (1 - score)) / _STEEPNESS)

    def is_near(self, similarities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say of each similarity whether it is more than what anything has in common with anything."""
        if self.near_from is None:
            return np.asarray(self.calibrate(similarities) >= 0.5)
        return np.asarray(similarities >= self.near_from)


@dataclass(frozen=True)
class _Sample:
    """Vectors of a column, shape (n, dimension), and by kind of query from where on similarities mean something."""

    vectors: Floats
    near_from: dict[str, float | None] = field(default_factory=dict)


def forget_samples() -> None:
    """Drop the samples of this process; for tests and after a change of the whole catalogue."""
    with _lock:
        _samples.clear()


def sample_vectors(index: Index, part: VectorPart) -> Floats:
    """Return a sample of the column that the part is compared with, shape (n, dimension); be it empty."""
    return _sample(index, part).vectors


def background(index: Index, part: VectorPart) -> Background:
    """Return how similar the part's vector is to a sample of the catalogue."""
    sample = _sample(index, part)
    similarities = sample.vectors @ part.vector if len(sample.vectors) else np.zeros(0, dtype=np.float32)
    total = len(similarities) + _PRIOR_COUNT
    mean = (float(similarities.sum()) + _PRIOR_COUNT * _PRIOR_MEAN) / total
    squares = float(((similarities - mean) ** 2).sum())
    variance = (squares + _PRIOR_COUNT * _PRIOR_SPREAD**2) / total
    if part.composed is not None:  # a photo changed by words is as near as it stands out: nothing else is like it
        return Background(mean, max(math.sqrt(variance), _MIN_SPREAD))
    if part.modality not in sample.near_from:
        sample.near_from[part.modality] = _near_from(index, part, sample.vectors)
    return Background(mean, max(math.sqrt(variance), _MIN_SPREAD), sample.near_from[part.modality])


def _sample(index: Index, part: VectorPart) -> _Sample:
    key = (index.label, part.column, part.space.fingerprint)
    with _lock:
        loaded_at, sample = _samples.get(key, (float("-inf"), _Sample(np.zeros((0, 0), np.float32))))
    max_age_s = _MAX_AGE_S[len(sample.vectors) == _SAMPLE_SIZE] if len(sample.vectors) else _EMPTY_MAX_AGE_S
    if time.monotonic() - loaded_at < max_age_s:
        return sample
    sample = _load_sample(part)
    with _lock:
        _samples[key] = (time.monotonic(), sample)
    return sample


def _load_sample(part: VectorPart) -> _Sample:
    store = part.stores[0]
    vectors = _vectors([(store, part.space)])[0]
    if not len(vectors) and not holds_vectors_of(part.space, store):
        raise SpaceSwapped(part.name)
    return _Sample(vectors)


def _near_from(index: Index, part: VectorPart, vectors: Floats) -> float | None:
    if part.modality == part.column:
        return _near_by_neighbours(vectors)
    store = part.stores[0]
    own = [other for other in index.stores_for(part.modality) if other.key == part.modality and not store.many]
    space = live_spaces(index).get(part.modality)
    # Two columns may have different encoders, if only for the moment between two swaps.
    if not own or own[0].table != store.table or not space or space.fingerprint != part.space.fingerprint:
        return None
    return _near_by_pairs(*_vectors([(store, part.space), (own[0], space)]))


def _near_by_neighbours(vectors: Floats) -> float | None:
    """Return how near products are to their nearest neighbours, but for the loneliest ones."""
    if len(vectors) < _LEAST_KNOWN:
        return None
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1.0)
    return float(np.quantile(similarities.max(axis=1), _NEIGHBOURS_QUANTILE))


def _near_by_pairs(vectors: Floats, others: Floats) -> float | None:
    """Return how near the texts of products are to their own photos, but for the worst ones."""
    if len(vectors) < _LEAST_KNOWN:
        return None
    return float(np.quantile((vectors * others).sum(axis=1), _PAIRS_QUANTILE))


def _vectors(columns: list[tuple[Store, EncoderSpace]]) -> list[Floats]:
    """Return a sample of rows of a table that have all ``columns``: the vectors of each, shape (n, dimension)."""
    store, space = columns[0]
    rows = store.model._base_manager.filter(**{f"{store.column}__isnull": False for store, _space in columns})
    if (known := estimated_rows(rows)) > _READ_WHOLE:
        rows = rows.filter(pk__in=_pages_of(store, known))
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


def _pages_of(store: Store, rows: int) -> list[Any]:
    """Return the keys of about ``_DRAWN`` of ``rows`` rows, on pages drawn from the whole table."""
    with connections[router.db_for_read(store.model)].cursor() as cursor:
        cursor.execute(
            f'SELECT "{store.row_key}" FROM "{store.table}" TABLESAMPLE SYSTEM (%s) REPEATABLE (0)'  # noqa: S608
            f' WHERE "{store.column}" IS NOT NULL',
            [100 * _DRAWN / rows],
        )
        return [row[0] for row in cursor.fetchall()]
