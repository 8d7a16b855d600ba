"""What the database computes of each row: its similarity to every part of a query, and its lexical score."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

from django.db import models
from django.db.models import Q, When

from xsearch.index.stores import Store, main_store
from xsearch.search.comparison import Wanted
from xsearch.search.expressions import CosineDistance, DoubleCase, Matches
from xsearch.search.vectors.live import IsLive
from xsearch.search.vectors.parts import LEXICAL, STAND_INS, VectorPart
from xsearch.search.words.lexical import LexicalQuery

Objects = models.QuerySet[Any]

NO_FLOORS: Mapping[str, float] = MappingProxyType({})


def scored(
    rows: Objects, object_key: str, columns: Mapping[str, Any], floors: Mapping[str, float] = NO_FLOORS
) -> Objects:
    """Return (key, each of ``columns``) of those ``rows`` that reach one of the ``floors``, if there are any."""
    named = aliased(columns)
    reaching = [
        Q(**{f"{alias}__gte": floors[name]}) for alias, name in zip(named, columns, strict=True) if name in floors
    ]
    found: Objects = rows.order_by().annotate(**named).filter(reduce(or_, reaching, Q()))
    return found.values_list(object_key, *named)


def aliased(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``columns`` by names that SQL allows, in the same order."""
    return {f"xs{number}": column for number, column in enumerate(columns.values())}


def tables(wanted: Wanted) -> Iterator[tuple[Store, dict[str, Any]]]:
    """Yield what to compute in each table, so that each is read once: a store in it, {part: expression}."""
    found: dict[tuple[type[models.Model], str], tuple[Store, dict[str, Any]]] = {}
    for part in wanted.parts:
        for store in part.stores:
            columns = found.setdefault((store.model, store.object_key), (store, {}))[1]
            columns[part.name] = _similarity(part, store, wanted.names)
    if wanted.words:
        store = main_store(wanted.index)
        found.setdefault((store.model, store.object_key), (store, {}))[1][LEXICAL] = _lexical(wanted.words)
    for leaning in wanted.leanings:
        store = main_store(wanted.index)
        found.setdefault((store.model, store.object_key), (store, {}))[1][leaning.name] = leaning.against(store)
    yield from found.values()


def _similarity(part: VectorPart, store: Store, names: Collection[str]) -> DoubleCase:
    """Return the similarity of a row to a part; of a stand-in only where the row lacks what it stands in for."""
    condition = Q(IsLive(part.space, store))
    better = STAND_INS.get(part.name)
    if better and better in names:
        condition &= Q(**{f"{better.partition(':')[2]}_embedding": None})
    return DoubleCase(When(condition, then=1.0 - CosineDistance(store.column, part.vector)))


def _lexical(words: LexicalQuery) -> DoubleCase:
    """Return the score of a document; most have none of the words, which is found out faster."""
    return DoubleCase(When(Matches("search_document", words.literal), then=words.score()), default=0.0)
