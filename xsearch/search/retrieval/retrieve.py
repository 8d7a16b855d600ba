"""Retrieval: candidates from every comparable column and from the words, with their exact scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import DatabaseError, connections, models, transaction

from xsearch.conf import settings
from xsearch.index.stores import rows_of
from xsearch.index.translations import plain
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.context import SearchContext
from xsearch.search.expressions import IsAnyOf
from xsearch.search.preferences import UNDERSTOOD
from xsearch.search.retrieval.candidates import (
    Candidates,
    ScanPlan,
    find_candidates,
    is_needless_fallback,
    plan_index_scan,
    plan_scan,
)
from xsearch.search.retrieval.scores import NO_THRESHOLDS, CandidateScores, ScoreTable, score_columns, scored_rows
from xsearch.search.vectors.live import SpaceSwapped, holds_vectors_of
from xsearch.search.vectors.query_vectors import LEXICAL
from xsearch.search.words.expressions import Matches

#: Rows; fewer are read from several tables at once without thresholds, which saves a second look.
_WORTH_ANOTHER_LOOK = 1_000


def retrieve(
    context: SearchContext,
    compiled: CompiledQuery,
    objects: models.QuerySet[Any],
    *,
    full_scan: bool = False,
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
) -> CandidateScores:
    """Return the exact scores of the candidates among ``objects``; parts that fail are noted in ``context``.

    If few rows pass the filters, all of them are candidates. Otherwise candidates are the nearest rows of each column
    and those that have the words; with ``full_scan`` all rows, up to ``SCORED_ROWS``. Rows that reach none of the
    ``thresholds`` (similarities by part) may be left out. Raises ``SpaceSwapped`` if the vectors of a part were swapped
    meanwhile.
    """
    try:
        return _checked(context, compiled, _retrieve(context, compiled, objects, full_scan, thresholds))
    except DatabaseError:
        if connections[objects.db].needs_rollback or not connections[objects.db].is_usable():
            raise
    working = _working_parts(context, compiled, objects)
    return _checked(context, working, _retrieve(context, working, objects, full_scan))


def _checked(context: SearchContext, compiled: CompiledQuery, scores: CandidateScores) -> CandidateScores:
    """Return ``scores`` unless a part has none because its space is gone.

    It has all or none: the tables that ``_retrieve`` reads first are locked until its transaction ends.
    """
    silent = [part for part in compiled.parts if np.isnan(scores.columns[part.name]).all()]
    for part in silent:
        is_needless = is_needless_fallback(context, part, compiled.parts)
        if not is_needless and not holds_vectors_of(context.using, part.space, part.stores[0]):
            raise SpaceSwapped(part.name)
    return scores


def _working_parts(context: SearchContext, compiled: CompiledQuery, objects: models.QuerySet[Any]) -> CompiledQuery:
    """Try the parts one by one, so that one that fails leaves the others working."""
    alone = [CompiledQuery([part], None) for part in compiled.parts]
    alone += [CompiledQuery([], compiled.words)] if compiled.words else []
    working = set()
    for one in alone:
        try:
            _retrieve(context, one, objects)
            working |= set(one.part_names)
        except DatabaseError:
            context.degrade(*one.part_names)
    parts = [part for part in compiled.parts if part.name in working]
    return replace(compiled, parts=parts, words=compiled.words if LEXICAL in working else None, preferences=())


def _retrieve(
    context: SearchContext,
    compiled: CompiledQuery,
    objects: models.QuerySet[Any],
    full_scan: bool = False,
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
) -> CandidateScores:
    if not compiled.part_names:
        return _all_objects(context, compiled, objects, full_scan) if compiled.everything else CandidateScores()
    with transaction.atomic(using=objects.db):
        plan = plan_scan(context, objects)
        if not plan.exact and (narrower := _having_words(context, compiled, objects)) is not None:
            objects, plan = narrower, plan_scan(context, narrower)
        if plan.exact:
            scores = _score_all(context, compiled, objects, plan, settings.EXACT_ROWS * 2, thresholds)
            if scores is not None:
                return scores
            plan = plan_index_scan(plan)
        candidates = find_candidates(context, compiled, objects, plan)
        if full_scan and plan.rows <= settings.SCORED_ROWS:
            scores = _score_all(context, compiled, objects, plan, settings.SCORED_ROWS, thresholds)
            if scores is not None:
                return replace(scores, first=set(candidates.keys))
        is_limited = plan.rows > settings.SCORED_ROWS
        return replace(_score(context, compiled, objects.db, candidates), is_limited=is_limited)


def _having_words(
    context: SearchContext, compiled: CompiledQuery, objects: models.QuerySet[Any]
) -> models.QuerySet[Any] | None:
    """Return those of ``objects`` that have any of the words; None if vectors are compared too."""
    if compiled.parts or not compiled.words or context.main_store.link:
        return None
    return objects.filter(Matches("search_document", compiled.words.literal))


def _all_objects(
    context: SearchContext, compiled: CompiledQuery, objects: models.QuerySet[Any], full_scan: bool
) -> CandidateScores:
    """Return the first of all objects in their order, with the scores of the preferences only."""
    limit = settings.SCORED_ROWS if full_scan else settings.MATCHES
    ordered = objects if objects.query.order_by else objects.order_by("pk")
    rows = list(ordered.values_list("pk", flat=True)[:limit])
    keys = list(dict.fromkeys(rows))  # an order by related rows repeats an object
    upper_bounds = {UNDERSTOOD: 1.0} if len(rows) == limit else {}
    first = set(keys[: settings.MATCHES]) if full_scan else ()
    scores = CandidateScores(keys)
    if compiled.preferences:
        scores = _score(context, compiled, objects.db, Candidates(keys, {}))
    is_limited = full_scan and bool(upper_bounds)
    return replace(scores, upper_bounds=upper_bounds, first=first, is_limited=is_limited)


def _score_all(
    context: SearchContext,
    compiled: CompiledQuery,
    objects: models.QuerySet[Any],
    plan: ScanPlan,
    limit: int,
    thresholds: Mapping[str, float],
) -> CandidateScores | None:
    """Score every row of ``objects`` that reaches one of the ``thresholds``; None if more than ``limit`` of them do."""
    table, tables = ScoreTable(compiled.column_names), list(score_columns(context, compiled))
    if len(tables) > 1 and plan.rows < _WORTH_ANOTHER_LOOK:
        thresholds = NO_THRESHOLDS
    for store, columns in tables:
        if thresholds and not thresholds.keys() & columns:
            continue
        rows = list(scored_rows(rows_of(store, objects), store.object_key, columns, thresholds)[: limit + 1])
        if len(rows) > limit:
            return None
        table.add(list(columns), rows)
    if thresholds and len(tables) > 1:  # objects that reach a threshold in one table need their scores in the others
        return _score(context, compiled, objects.db, Candidates(table.keys, {}))
    return table.scores()


def _score(context: SearchContext, compiled: CompiledQuery, using: str, candidates: Candidates) -> CandidateScores:
    table = ScoreTable(compiled.column_names)
    table.add(compiled.column_names, candidates.scored)
    left = sorted(set(candidates.keys).difference(table.keys))
    for store, columns in score_columns(context, compiled) if left else ():
        rows = plain(store.model._base_manager.using(using).filter(IsAnyOf(store.object_key, left)))
        table.add(list(columns), scored_rows(rows, store.object_key, columns))
    upper_bounds = {name: table.lowest(name, keys) for name, keys in candidates.with_more.items()}
    return replace(table.scores(), upper_bounds=upper_bounds, is_approximate=candidates.is_approximate)
