"""Candidates from every comparable column and from the words, then their exact scores; all the SQL of a search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from django.db import DatabaseError, connections, models, transaction
from django.db.models import Case, Exists, When
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.models import EncoderSpace
from xsearch.registry import Index
from xsearch.search.expressions import cosine_distance
from xsearch.search.lexical import LexicalQuery
from xsearch.search.parts import LEXICAL, VectorPart
from xsearch.stores import Store, main_store, rows_of

#: Object key → part name → similarity, or lexical score.
Evidence = dict[Any, dict[str, float]]


def retrieve(
    index: Index,
    objects: models.QuerySet[Any],
    parts: Sequence[VectorPart],
    words: LexicalQuery | None,
    degraded: list[str],
) -> Evidence:
    """Return the exact evidence for every candidate among ``objects``."""
    keys: set[Any] = set()
    with transaction.atomic(using=objects.db):
        _prepare_scan(objects.db)
        for part in parts:
            # Examples to keep away from bring no candidates of their own.
            if part.modality != "unlike":
                keys |= set(_guarded(objects.db, part.name, degraded, _nearest_of(part, objects)) or ())
        if words:
            keys |= set(_guarded(objects.db, LEXICAL, degraded, _matching_of(index, words, objects)) or ())
        return _rescore(index, objects.db, keys, parts, words, degraded)


def _prepare_scan(using: str) -> None:
    """Let HNSW go on until enough rows pass the filters, and see enough of the graph to be exact."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true)",
            [str(min(max(settings.CANDIDATES, 100), 1000))],
        )


def _guarded(using: str, name: str, degraded: list[str], query: Callable[[], Any]) -> Any:
    """Run one part's SQL so that its failure leaves the others working."""
    try:
        with transaction.atomic(using=using):
            return query()
    except DatabaseError:
        if connections[using].needs_rollback or not connections[using].is_usable():
            raise
        degraded.append(name)
        return None


def _nearest_of(part: VectorPart, objects: models.QuerySet[Any]) -> Callable[[], list[Any]]:
    def query() -> list[Any]:
        found: list[Any] = []
        for store in part.stores:
            rows = rows_of(store, objects).filter(_is_live(part)).exclude(**{store.column: None})
            nearest = rows.order_by(cosine_distance(store.column, part.vector))
            found += nearest.values_list(store.object_key, flat=True)[: settings.CANDIDATES]
        return found

    return query


def _is_live(part: VectorPart) -> Exists:
    """Whether the query vector is of the space whose vectors this very statement sees; it may be swapped any time."""
    return Exists(EncoderSpace.objects.filter(pk=part.space.pk, fingerprint=part.space.fingerprint))


def _matching_of(index: Index, words: LexicalQuery, objects: models.QuerySet[Any]) -> Callable[[], list[Any]]:
    def query() -> list[Any]:
        store = main_store(index)
        return words.best(rows_of(store, objects), store.object_key)

    return query


def _rescore(
    index: Index,
    using: str,
    keys: Iterable[Any],
    parts: Sequence[VectorPart],
    words: LexicalQuery | None,
    degraded: list[str],
) -> Evidence:
    evidence: Evidence = {key: {} for key in keys}
    if not evidence:
        return evidence
    for (model, object_key), columns in _expressions(index, parts, words, degraded).items():
        names = list(columns)
        rows = model._base_manager.using(using).filter(**{f"{object_key}__in": list(evidence)})
        query = rows.order_by().annotate(**{f"xs{n}": columns[name] for n, name in enumerate(names)})
        for key, *values in query.values_list(object_key, *(f"xs{n}" for n in range(len(names)))):
            for name, value in zip(names, values, strict=True):
                if value is not None:
                    # Of several photos of one product the nearest counts.
                    evidence[key][name] = max(value, evidence[key].get(name, -1.0))
    return evidence


def _expressions(
    index: Index, parts: Sequence[VectorPart], words: LexicalQuery | None, degraded: Sequence[str]
) -> dict[tuple[type[models.Model], str], dict[str, Any]]:
    """Return what to compute in which table, so that each is read once."""
    tables: dict[tuple[type[models.Model], str], dict[str, Any]] = defaultdict(dict)
    for part in parts:
        if part.name not in degraded:
            for store in part.stores:
                similarity = Case(When(_is_live(part), then=1.0 - cosine_distance(store.column, part.vector)))
                tables[store.model, store.object_key][part.name] = similarity
    if words and LEXICAL not in degraded:
        store = main_store(index)
        tables[store.model, store.object_key][LEXICAL] = words.score()
    return tables


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
