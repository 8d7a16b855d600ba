"""Objects as queries: what "more like this" is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.indexing.spaces import live_spaces
from xsearch.registry import Index, get_index
from xsearch.stores import MODALITIES, Store


def has_vectors(index: Index, modality: str) -> bool:
    """Say whether any object has a vector of ``modality`` to be compared with."""
    stores = index.stores_for(modality) if settings.EMBEDDINGS.get(modality) else []
    return any(store.model._base_manager.exclude(**{store.column: None}).exists() for store in stores)


def mean_vectors(index: Index, examples: Sequence[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` by column, shape (dimension,), unit length.

    Objects of other indexes are examples too, by the columns whose vectors are of the same encoder.
    """
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for own, keys in _by_index(examples).items():
        columns = _comparable(index, own)
        for store in own.stores():
            for vector in _vectors_of(store, keys) if store.modality in columns else ():
                found[store.modality].append(vector)
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items()}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


def _by_index(examples: Sequence[Any]) -> dict[Index, list[Any]]:
    keys: dict[Index, list[Any]] = defaultdict(list)
    for example in examples:
        keys[get_index(type(example))].append(example.pk)
    return keys


def _comparable(index: Index, other: Index) -> set[str]:
    """Return the modalities whose vectors mean the same in both indexes."""
    if other is index:
        return set(MODALITIES)
    theirs = live_spaces(other)
    return {
        modality
        for modality, space in live_spaces(index).items()
        if modality in theirs and theirs[modality].fingerprint == space.fingerprint
    }


def _vectors_of(store: Store, keys: Sequence[Any]) -> list[NDArray[np.float32]]:
    rows = store.model._base_manager.filter(**{f"{store.object_key}__in": keys}).exclude(**{store.column: None})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]
