"""Candidates from every comparable column and from the words, with their exact scores; the SQL of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import DatabaseError, connections, models, transaction

from xsearch.conf import settings
from xsearch.index.stores import main_store, rows_of
from xsearch.search.comparison import Wanted
from xsearch.search.expressions import IsAnyOf, Matches
from xsearch.search.ranking.preferences import UNDERSTOOD
from xsearch.search.retrieval.candidates import Candidates, find_candidates, stands_in_for_none
from xsearch.search.retrieval.evidence import Evidence, EvidenceTable
from xsearch.search.retrieval.planning import Plan, plan_scan, plan_walk
from xsearch.search.retrieval.scoring import NO_FLOORS, scored, tables
from xsearch.search.vectors.live import SpaceSwapped, holds_vectors_of
from xsearch.search.vectors.parts import LEXICAL

Objects = models.QuerySet[Any]

#: Rows; fewer are read from several tables at once, even those that nothing speaks for.
_WORTH_ANOTHER_LOOK = 1_000


def retrieve(
    wanted: Wanted,
    objects: Objects,
    degraded: list[str],
    *,
    whole: bool = False,
    floors: Mapping[str, float] = NO_FLOORS,
) -> Evidence:
    """Return the exact evidence for the candidates among ``objects``; parts that fail go to ``degraded``.

    Where few rows pass the filters, all of them are candidates. Else those are that are nearest in a
    column or have the words; all of them all the same if ``whole`` and there are ``SCORED_ROWS`` at most.
    Of all, those may be left out that reach none of the ``floors`` (similarities by part).
    Raises ``SpaceSwapped`` when the vectors of a part were swapped meanwhile.
    """
    try:
        return _steady(wanted, _retrieve(wanted, objects, whole=whole, floors=floors))
    except DatabaseError:
        if connections[objects.db].needs_rollback or not connections[objects.db].is_usable():
            raise
    working = _what_works(wanted, objects, degraded)
    return _steady(working, _retrieve(working, objects, whole=whole))


def _steady(wanted: Wanted, evidence: Evidence) -> Evidence:
    """Return ``evidence`` unless a part has none because its space is gone.

    It has all or none: what ``_retrieve`` looks at first is locked until its transaction ends.
    """
    silent = [part for part in wanted.parts if np.isnan(evidence.columns[part.name]).all()]
    for part in silent:
        if not stands_in_for_none(part, wanted.parts) and not holds_vectors_of(part.space, part.stores[0]):
            raise SpaceSwapped(part.name)
    return evidence


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


def _retrieve(
    wanted: Wanted, objects: Objects, *, whole: bool = False, floors: Mapping[str, float] = NO_FLOORS
) -> Evidence:
    if not wanted.names:
        return _all_of(wanted, objects, whole=whole) if wanted.everything else Evidence()
    with transaction.atomic(using=objects.db):
        plan = plan_scan(objects)
        if not plan.exact and (narrower := _having_words(wanted, objects)) is not None:
            objects, plan = narrower, plan_scan(narrower)
        if plan.exact:
            if (evidence := _score_all(wanted, objects, plan, settings.EXACT_ROWS * 2, floors)) is not None:
                return evidence
            plan = plan_walk(plan)
        candidates = find_candidates(wanted, objects, plan)
        if whole and plan.rows <= settings.SCORED_ROWS:
            likely = set(candidates.keys)
            if (evidence := _score_all(wanted, objects, plan, settings.SCORED_ROWS, floors)) is not None:
                return replace(evidence, likely=likely)
        return replace(_score(wanted, objects.db, candidates), is_too_many=plan.rows > settings.SCORED_ROWS)


def _having_words(wanted: Wanted, objects: Objects) -> Objects | None:
    """Return those of ``objects`` that have any of the words, where nothing else is wanted; None where more is."""
    if wanted.parts or not wanted.words or main_store(wanted.index).link:
        return None
    return objects.filter(Matches("search_document", wanted.words.literal))


def _all_of(wanted: Wanted, objects: Objects, *, whole: bool) -> Evidence:
    """Return the first objects of all, with nothing but what the conditions of a query say about them."""
    limit = settings.SCORED_ROWS if whole else settings.MATCHES
    keys = list(objects.order_by("pk").values_list("pk", flat=True)[:limit])
    beyond = {UNDERSTOOD: 1.0} if len(keys) == limit else {}
    likely = set(keys[: settings.MATCHES]) if whole else ()
    found = _score(wanted, objects.db, Candidates(keys, {})) if wanted.leanings else Evidence(keys)
    return replace(found, beyond=beyond, likely=likely)


def _score_all(
    wanted: Wanted, objects: Objects, plan: Plan, limit: int, floors: Mapping[str, float]
) -> Evidence | None:
    """Score every row of ``objects`` that reaches one of the ``floors``; None if more than ``limit`` of them do."""
    table, read = EvidenceTable(wanted.columns), list(tables(wanted))
    if len(read) > 1 and plan.rows < _WORTH_ANOTHER_LOOK:
        floors = NO_FLOORS
    for store, columns in read:
        if floors and not floors.keys() & columns:
            continue
        rows = list(scored(rows_of(store, objects), store.object_key, columns, floors)[: limit + 1])
        if len(rows) > limit:
            return None
        table.add(list(columns), rows)
    if floors and len(read) > 1:  # what reaches a floor in one table only is to be scored by the others too
        return _score(wanted, objects.db, Candidates(table.keys, {}))
    return table.evidence()


def _score(wanted: Wanted, using: str, candidates: Candidates) -> Evidence:
    table = EvidenceTable(wanted.columns)
    table.add(wanted.columns, candidates.scored)
    left = sorted(set(candidates.keys).difference(table.keys))
    for store, columns in tables(wanted) if left else ():
        rows = store.model._base_manager.using(using).filter(IsAnyOf(store.object_key, left))
        table.add(list(columns), scored(rows, store.object_key, columns))
    beyond = {name: table.least(name, keys) for name, keys in candidates.with_more.items()}
    return replace(table.evidence(), beyond=beyond, is_approximate=candidates.is_approximate)
