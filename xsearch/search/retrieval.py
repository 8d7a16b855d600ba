"""Candidates from every comparable column and from the words, with their exact scores; the SQL of a search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, connections, models, transaction
from django.db.models import Case, Q, Value, When

from xsearch.conf import settings
from xsearch.search.candidates import find_candidates, is_live
from xsearch.search.evidence import Evidence, EvidenceTable
from xsearch.search.expressions import CosineDistance, IsAnyOf, Matches
from xsearch.search.lexical import LexicalQuery
from xsearch.search.parts import LEXICAL, STAND_INS, VectorPart
from xsearch.search.planning import plan_scan, plan_walk
from xsearch.search.wanted import Wanted
from xsearch.stores import Store, main_store, rows_of

Objects = models.QuerySet[Any]


def retrieve(wanted: Wanted, objects: Objects, degraded: list[str]) -> Evidence:
    """Return the exact evidence for the candidates among ``objects``; parts that fail go to ``degraded``.

    Where few rows pass the filters, all of them are candidates. Else those are that are nearest in a
    column or have the words.
    """
    try:
        return _retrieve(wanted, objects)
    except DatabaseError:
        if connections[objects.db].needs_rollback or not connections[objects.db].is_usable():
            raise
    return _retrieve(_what_works(wanted, objects, degraded), objects)


def _what_works(wanted: Wanted, objects: Objects, degraded: list[str]) -> Wanted:
    """Try the parts one by one, so that one that fails leaves the others working."""
    alone = [Wanted(wanted.index, [part], None) for part in wanted.parts]
    alone += [Wanted(wanted.index, [], wanted.words)] if wanted.words else []
    working = set()
    for one in alone:
        try:
            _retrieve(one, objects)
            working |= set(one.names)
        except DatabaseError:
            degraded += one.names
    parts = [part for part in wanted.parts if part.name in working]
    return replace(wanted, parts=parts, words=wanted.words if LEXICAL in working else None, leanings=())


def _retrieve(wanted: Wanted, objects: Objects) -> Evidence:
    if not wanted.names:
        return _all_of(wanted, objects) if wanted.everything else Evidence()
    with transaction.atomic(using=objects.db):
        plan = plan_scan(objects)
        if plan.exact:
            if (evidence := _score_all(wanted, objects)) is not None:
                return evidence
            plan = plan_walk(plan)
        keys = find_candidates(wanted, objects, plan)
        return _score(wanted, objects.db, keys)


def _all_of(wanted: Wanted, objects: Objects) -> Evidence:
    """Return the first objects of all, with nothing but what the conditions of a query say about them."""
    keys = list(objects.order_by("pk").values_list("pk", flat=True)[: settings.MATCHES])
    found = _score(wanted, objects.db, keys) if wanted.leanings else None
    return found or Evidence(sorted(keys))


def _score_all(wanted: Wanted, objects: Objects) -> Evidence | None:
    """Score every row of ``objects``; None if there are many more of them than expected."""
    table, limit = EvidenceTable(wanted.columns), settings.EXACT_ROWS * 2
    for store, columns in _tables(wanted):
        rows = list(_scored(rows_of(store, objects), store.object_key, columns)[: limit + 1])
        if len(rows) > limit:
            return None
        table.add(list(columns), rows)
    return table.evidence()


def _score(wanted: Wanted, using: str, keys: Sequence[Any]) -> Evidence:
    """Score the candidates ``keys``."""
    table = EvidenceTable(wanted.columns)
    for store, columns in _tables(wanted) if keys else ():
        rows = store.model._base_manager.using(using).filter(IsAnyOf(store.object_key, keys))
        table.add(list(columns), _scored(rows, store.object_key, columns))
    return table.evidence()


def _scored(rows: Objects, object_key: str, columns: Mapping[str, Any]) -> Objects:
    named = {f"xs{number}": column for number, column in enumerate(columns.values())}
    scored: Objects = rows.order_by().annotate(**named).values_list(object_key, *named)
    return scored


def _tables(wanted: Wanted) -> Iterator[tuple[Store, dict[str, Any]]]:
    """Yield what to compute in each table, so that each is read once: a store in it, {part: expression}."""
    tables: dict[tuple[type[models.Model], str], tuple[Store, dict[str, Any]]] = {}
    for part in wanted.parts:
        for store in part.stores:
            columns = tables.setdefault((store.model, store.object_key), (store, {}))[1]
            columns[part.name] = _similarity(part, store, wanted.names)
    if wanted.words:
        store = main_store(wanted.index)
        tables.setdefault((store.model, store.object_key), (store, {}))[1][LEXICAL] = _lexical(wanted.words)
    for leaning in wanted.leanings:
        store = main_store(wanted.index)
        tables.setdefault((store.model, store.object_key), (store, {}))[1][leaning.name] = leaning.against(store)
    yield from tables.values()


def _similarity(part: VectorPart, store: Store, names: Collection[str]) -> Case:
    """Return the similarity of a row to a part; of a stand-in only where the row lacks what it stands in for."""
    condition = Q(is_live(part))
    better = STAND_INS.get(part.name)
    if better and better in names:
        condition &= Q(**{f"{better.partition(':')[2]}_embedding": None})
    return Case(When(condition, then=1.0 - CosineDistance(store.column, part.vector)))


def _lexical(words: LexicalQuery) -> Case:
    """Return the score of a document; most have none of the words, which is found out faster."""
    return Case(When(Matches("search_document", words.literal), then=words.score()), default=Value(0.0))
