"""Objects as queries: the vectors that "more like this" compares with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import models
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index
from xsearch.index.stores import Store
from xsearch.models import EncoderSpace
from xsearch.search.context import SearchContext
from xsearch.search.vectors.live import IsLive


def has_vectors(context: SearchContext, modality: str) -> bool:
    """Return True if any object has a vector of ``modality``."""
    stores = context.stores_for(modality) if settings.EMBEDDINGS.get(modality) else ()
    return any(_rows(context, store).exclude(**{store.column: None}).exists() for store in stores)


def mean_vectors(context: SearchContext, examples: Sequence[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` in each live space by column, shape (dimension,), unit length.

    Objects of other indexes count in the columns whose vectors are the same encoder's.
    """
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for index, keys in _by_index(examples).items():
        spaces = context.spaces if index is context.index else _comparable(context, index)
        for store in index.stores():
            found[store.modality] += _vectors_of(context, store, keys, spaces.get(store.modality))
    found = {column: vectors for column, vectors in found.items() if vectors}
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items()}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


def _by_index(examples: Sequence[Any]) -> dict[Index, list[Any]]:
    keys: dict[Index, list[Any]] = defaultdict(list)
    for example in examples:
        keys[get_index(type(example))].append(example.pk)
    return keys


def _comparable(context: SearchContext, other: Index) -> dict[str, EncoderSpace]:
    """Return the live spaces of another index that have the same encoders as those of this search."""
    return {
        modality: space
        for modality, space in context.spaces_of(other).items()
        if modality in context.spaces and context.spaces[modality].fingerprint == space.fingerprint
    }


def _vectors_of(
    context: SearchContext, store: Store, keys: Sequence[Any], space: EncoderSpace | None
) -> list[NDArray[np.float32]]:
    if space is None:
        return []
    rows = _rows(context, store).filter(IsLive(space, store), **{f"{store.object_key}__in": keys})
    rows = rows.exclude(**{store.column: None})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]


def _rows(context: SearchContext, store: Store) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = store.model._base_manager.using(context.using)
    return rows
