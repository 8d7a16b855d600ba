"""Objects as queries: what "more like this" is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.models import EncoderSpace
from xsearch.registry import Index
from xsearch.search.swaps import is_live
from xsearch.stores import Store


def has_vectors(index: Index, modality: str) -> bool:
    """Say whether any object has a vector of ``modality`` to be compared with."""
    stores = index.stores_for(modality) if settings.EMBEDDINGS.get(modality) else []
    return any(store.model._base_manager.exclude(**{store.column: None}).exists() for store in stores)


def mean_vectors(
    index: Index, examples: Sequence[Any], spaces: Mapping[str, EncoderSpace]
) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` in each of ``spaces`` by column, shape (dimension,), unit length."""
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    keys = [example.pk for example in examples]
    for store in index.stores():
        for vector in _vectors_of(store, keys, spaces.get(store.modality)):
            found[store.modality].append(vector)
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items()}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


def _vectors_of(store: Store, keys: Sequence[Any], space: EncoderSpace | None) -> list[NDArray[np.float32]]:
    if space is None:
        return []
    rows = store.model._base_manager.filter(is_live(space, store), **{f"{store.object_key}__in": keys})
    rows = rows.exclude(**{store.column: None})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]
