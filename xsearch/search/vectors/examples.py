"""Objects as queries: what "more like this" is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.registry import Index, get_index
from xsearch.index.stores import Store
from xsearch.indexing.spaces import live_spaces
from xsearch.models import EncoderSpace
from xsearch.search.vectors.live import IsLive


def check_examples(like: Sequence[Any], unlike: Sequence[Any]) -> None:
    """Raise ``BadQuery`` for more examples than are compared with."""
    if max(len(like), len(unlike)) > settings.EXAMPLES_MAX:
        raise BadQuery(
            _("At most %(limit)s examples are compared with. Remove some.") % {"limit": settings.EXAMPLES_MAX},
            code="too_many",
        )


def has_vectors(index: Index, modality: str) -> bool:
    """Say whether any object has a vector of ``modality`` to be compared with."""
    stores = index.stores_for(modality) if settings.EMBEDDINGS.get(modality) else []
    return any(store.model._base_manager.exclude(**{store.column: None}).exists() for store in stores)


def mean_vectors(
    index: Index, examples: Sequence[Any], spaces: Mapping[str, EncoderSpace]
) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` in each of ``spaces`` by column, shape (dimension,), unit length.

    Objects of other indexes are examples too, by the columns whose vectors are of the same encoder.
    """
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for own, keys in _by_index(examples).items():
        comparable = spaces if own is index else _comparable(own, spaces)
        for store in own.stores():
            found[store.modality] += _vectors_of(store, keys, comparable.get(store.modality))
    found = {column: vectors for column, vectors in found.items() if vectors}
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items()}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


def _by_index(examples: Sequence[Any]) -> dict[Index, list[Any]]:
    keys: dict[Index, list[Any]] = defaultdict(list)
    for example in examples:
        keys[get_index(type(example))].append(example.pk)
    return keys


def _comparable(other: Index, spaces: Mapping[str, EncoderSpace]) -> dict[str, EncoderSpace]:
    """Return the live spaces of another index whose vectors mean the same as those of ``spaces``."""
    return {
        modality: space
        for modality, space in live_spaces(other).items()
        if modality in spaces and spaces[modality].fingerprint == space.fingerprint
    }


def _vectors_of(store: Store, keys: Sequence[Any], space: EncoderSpace | None) -> list[NDArray[np.float32]]:
    if space is None:
        return []
    rows = store.model._base_manager.filter(IsLive(space, store), **{f"{store.object_key}__in": keys})
    rows = rows.exclude(**{store.column: None})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]
