"""Candidates of a large catalogue: the nearest rows of every column, and those that have the words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, models
from django.db.models import FloatField, Value
from django.db.models.functions import Coalesce

from xsearch.conf import settings
from xsearch.index.stores import Store, main_store, rows_of
from xsearch.search.comparison import Wanted
from xsearch.search.expressions import CosineDistance
from xsearch.search.retrieval.planning import Plan, has_empty_rows
from xsearch.search.retrieval.scoring import aliased, tables
from xsearch.search.vectors.live import IsLive
from xsearch.search.vectors.parts import LEXICAL, STAND_INS, VectorPart

Objects = models.QuerySet[Any]


@dataclass(frozen=True)
class Walk:
    """A walk through the vector index of one column, and what else it reads of each row that it finds."""

    part: VectorPart
    store: Store
    objects: Objects
    columns: Mapping[str, Any]

    def nearest(self, count: int, *, exact: bool = False) -> Branch:
        """Return the query for the nearest; ``exact`` sorts all rows, whatever indexes there are, and reads no more."""
        live = rows_of(self.store, self.objects).filter(IsLive(self.part.space, self.store))
        rows = live.exclude(**{self.store.column: None})
        distance: Any = CosineDistance(self.store.column, self.part.vector)
        if exact:  # no index is made for such an expression
            distance = Coalesce(distance, Value(2.0), output_field=FloatField())
        return Branch(rows.order_by(distance), self.store.object_key, count, {} if exact else self.columns)


@dataclass(frozen=True)
class Branch:
    """The first ``count`` of ``rows``: the keys of their objects, and ``columns``."""

    rows: Objects
    object_key: str
    count: int
    columns: Mapping[str, Any]

    def numbered(self, number: int) -> Objects:
        """Return a query for (number, key, each of the columns)."""
        named = aliased(self.columns)
        rows: Objects = self.rows.annotate(xs_branch=Value(number), **named)
        return rows.values_list("xs_branch", self.object_key, *named)[: self.count]


@dataclass(frozen=True)
class Candidates:
    """``keys`` of objects, and by part those that were found as the nearest where there are more than these.

    ``scored`` are the rows (key, value of each column of what is wanted) that were read on the way. What walks through
    an index find is approximate: some rows are met by none.
    """

    keys: Sequence[Any]
    with_more: Mapping[str, list[Any]]
    scored: Sequence[Sequence[Any]] = ()
    is_approximate: bool = False


def find_candidates(wanted: Wanted, objects: Objects, plan: Plan) -> Candidates:
    """Return the nearest in every column, found in one statement, and the best matches of the words.

    A walk has given up when it found less than half of what it was to find; then all that pass the filters are looked
    at, as they are at once where the plan says so.
    """
    walks = list(_walks(objects, wanted))
    if plan.ef_search:
        _prepare_walks(objects.db, plan)
    rows = _run([walk.nearest(plan.nearest, exact=not plan.ef_search) for walk in walks])
    scored = [row for each in rows for row in each if len(row) > 1]
    found, enough = [[key for key, *_ in each] for each in rows], plan.nearest
    if plan.ef_search and objects.query.where:
        enough = (min(plan.nearest, plan.rows) + 1) // 2
        short = [place for place, keys in enumerate(found) if len(keys) < enough]
        again = _run([walks[place].nearest(plan.nearest, exact=True) for place in short])
        for place, keys in zip(short, again, strict=True):
            found[place] = [key for (key,) in keys]
    with_more: dict[str, list[Any]] = defaultdict(list)
    is_certain = True
    for walk, keys in zip(walks, found, strict=True):
        if len(keys) >= enough:
            with_more[walk.part.name] += keys
    if wanted.words:
        store = main_store(wanted.index)
        best, is_certain = wanted.words.best(rows_of(store, objects), store.object_key)
        found.append(best)
        if len(best) == settings.MATCHES:
            with_more[LEXICAL] = best
    is_approximate = bool(walks and plan.ef_search) or not is_certain
    return Candidates(sorted({key for keys in found for key in keys}), with_more, scored, is_approximate)


def _walks(objects: Objects, wanted: Wanted) -> Iterator[Walk]:
    (store, columns), *others = tables(wanted)
    # All that there is to know of an object stands in one row.
    columns = {} if others or store.many else columns
    for part in wanted.parts:
        if part.seeks and not stands_in_for_none(part, wanted.parts):
            for store in {store.key: store for store in part.stores}.values():
                yield Walk(part, store, objects, columns)


def stands_in_for_none(part: VectorPart, parts: Sequence[VectorPart]) -> bool:
    """Whether every object has what the part would stand in for."""
    better = [store for other in parts if other.name == STAND_INS.get(part.name) for store in other.stores]
    return len({store.key for store in better}) == 1 and not has_empty_rows(better[0])


def _prepare_walks(using: str, plan: Plan) -> None:
    """Let HNSW give out all that it has met, nearest first, until enough of these pass the filters.

    It could go on from there in rounds as large as the first one; to look at all that pass takes no longer.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true),"
            " set_config('hnsw.max_scan_tuples', '1', true)",
            [str(plan.ef_search)],
        )


def _run(branches: Sequence[Branch]) -> list[list[Sequence[Any]]]:
    """Run all ``branches`` as one statement; returns the rows of each."""
    found: list[list[Sequence[Any]]] = [[] for _ in branches]
    queries = [branch.numbered(number) for number, branch in enumerate(branches)]
    if queries:  # a union of one would be written twice
        for number, *row in queries[0].union(*queries[1:], all=True) if queries[1:] else queries[0]:
            found[number].append(row)
    return found
