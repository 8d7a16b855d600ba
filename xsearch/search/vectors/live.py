"""Live vectors of objects: a column may be swapped for another encoder's while a search runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import BooleanField, Func, QuerySet
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index
from xsearch.index.stores import Store
from xsearch.indexing.columns import COMMENT
from xsearch.models import EncoderSpace
from xsearch.search.context import SearchContext


class SpaceSwapped(Exception):  # noqa: N818 - no error: the search starts again
    """The vectors that a query was encoded for are no longer the live ones."""


class IsLive(Func):
    """SQL condition: the column that this statement reads holds the vectors of ``space``.

    A swap renames the columns and updates the row of the space in one transaction, so a statement sees both from the
    same side of it. With REPEATABLE READ it sees older rows than names; there the comment on the column is read as well
    (a column without one was never swapped). It is SQL, because Django would build a query for each of its many uses.
    """

    output_field = BooleanField()

    def __init__(self, space: EncoderSpace, store: Store) -> None:
        super().__init__()
        self._path = [*store.table.split('"."'), store.column]  # with its schema, if the name has one
        self._space = space

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        noted = f"substring(col_description(a.objid, a.objsubid) FROM '^{COMMENT}(.*)$')"
        column = "pg_get_object_address('table column', %s::text[], '{}') AS a"
        is_same = f"(SELECT coalesce({noted} = %s, true) FROM {column})"  # noqa: S608 - no name, no value
        is_now = f"(current_setting('transaction_isolation') = 'read committed' OR {is_same})"
        table, fingerprint = EncoderSpace._meta.db_table, self._space.fingerprint
        sql = f'EXISTS(SELECT 1 FROM "{table}" s WHERE s.id = %s AND s.fingerprint = %s AND {is_now})'  # noqa: S608
        return sql, [self._space.pk, fingerprint, fingerprint, self._path]


def holds_vectors_of(using: str, space: EncoderSpace, store: Store) -> bool:
    """Return True if the column of ``store`` holds the vectors of ``space`` now; one statement."""
    return EncoderSpace.objects.using(using).filter(IsLive(space, store)).exists()


def has_vectors(context: SearchContext, modality: str) -> bool:
    """Return True if any object has a vector of ``modality``."""
    stores = context.stores_for(modality) if settings.EMBEDDINGS.get(modality) else ()
    return any(_with_vectors(context, store).exists() for store in stores)


def mean_vectors(context: SearchContext, examples: Sequence[Any]) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector of ``examples`` in each live space by column, shape (dimension,), unit length.

    Objects of other indexes count in the columns whose vectors are the same encoder's.
    """
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    keys_of: dict[Index, list[Any]] = defaultdict(list)
    for example in examples:
        keys_of[get_index(type(example))].append(example.pk)
    for index, keys in keys_of.items():
        spaces = context.spaces if index is context.index else _comparable(context, index)
        for store in index.stores():
            found[store.modality] += _vectors_of(context, store, keys, spaces.get(store.modality))
    means = {column: np.mean(vectors, axis=0) for column, vectors in found.items() if vectors}
    return {column: mean / max(float(np.linalg.norm(mean)), 1e-9) for column, mean in means.items()}


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
    rows = _with_vectors(context, store).filter(IsLive(space, store), **{f"{store.object_key}__in": keys})
    return [np.asarray(vector, dtype=np.float32) for vector in rows.values_list(store.column, flat=True)]


def _with_vectors(context: SearchContext, store: Store) -> QuerySet[Any]:
    rows: QuerySet[Any] = store.model._base_manager.using(context.using)
    return rows.exclude(**{store.column: None})
