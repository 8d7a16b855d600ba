"""Vectors with the structure of real embeddings: clustered, of low intrinsic dimension, unevenly dense."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_CLUSTERS = 200  # kinds of product
_LATENT = 24  # intrinsic dimension within a kind; estimates for photo embeddings lie between 15 and 40
_SPREAD = 0.55  # of the members around their kind's centre, in units of the centre's length
_NOISE = 0.15  # of what has no structure
_CHUNK = 10_000  # rows made at once
_SAME_PRODUCT = 0.25  # how far another photo of a product lies from it


class Vectors:
    """A reproducible source of unit vectors, and of queries that lie near some of them."""

    def __init__(self, dimension: int, seed: int = 0) -> None:
        rng = self._rng = np.random.default_rng(seed)
        self.dimension = dimension
        self._centres = _unit(rng.normal(size=(_CLUSTERS, dimension)))
        self._axes = rng.normal(size=(_CLUSTERS, _LATENT, dimension))
        sizes = rng.pareto(1.2, _CLUSTERS) + 0.2  # few kinds have many products
        self._shares = sizes / sizes.sum()

    def rows(self, count: int) -> Floats:
        """Return vectors of products, shape (count, dimension), unit length."""
        parts = [self._rows(min(_CHUNK, count - start)) for start in range(0, count, _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _rows(self, count: int) -> Floats:
        kinds = self._rng.choice(_CLUSTERS, count, p=self._shares)
        latent = self._rng.normal(size=(count, _LATENT)) / np.sqrt(_LATENT)
        within = np.empty((count, self.dimension))
        for kind in np.unique(kinds):
            members = kinds == kind
            within[members] = latent[members] @ self._axes[kind]
        noise = self._rng.normal(size=(count, self.dimension)) / np.sqrt(self.dimension)
        return _unit(self._centres[kinds] + _SPREAD * _unit(within) + _NOISE * noise)

    def near(self, rows: Floats) -> Floats:
        """Return one query beside each of ``rows``, as another photo of the same product would be."""
        noise = self._rng.normal(size=rows.shape) / np.sqrt(self.dimension)
        return _unit(rows + _SAME_PRODUCT * noise)


def _unit(vectors: NDArray[np.float64]) -> Floats:
    units: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return units
