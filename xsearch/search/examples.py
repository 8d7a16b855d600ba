"""Objects as queries: what "more like this" is compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.registry import Index
from xsearch.stores import Store


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


def mean_vectors(index: Index, examples: Sequence[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` by column, shape (dimension,), unit length."""
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    keys = [example.pk for example in examples]
    for store in index.stores():
        for vector in _vectors_of(store, keys):
            found[store.modality].append(vector)
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items()}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


def _vectors_of(store: Store, keys: Sequence[Any]) -> list[NDArray[np.float32]]:
    rows = store.model._base_manager.filter(**{f"{store.object_key}__in": keys}).exclude(**{store.column: None})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]
