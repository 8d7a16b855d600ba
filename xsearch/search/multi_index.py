"""Search over several models: each is ranked by itself, and the rankings are merged by their calibrated scores."""

from __future__ import annotations

import heapq
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from django.db import models

from xsearch.errors import BadQuery
from xsearch.index.registry import Index, Searchable, get_index, queryset_of, registered
from xsearch.index.sorts import require_sort, sort_orders
from xsearch.search.context import SearchContext, read_alias
from xsearch.search.engine import run_search, search
from xsearch.search.request import SearchRequest
from xsearch.search.results import Counts, Hit, SearchResults
from xsearch.search.sorting import queryset_order
from xsearch.understanding import Interpretation


class _Place(NamedTuple):
    """The place of a hit: in which ranking, and where in it; the least ``key`` comes first."""

    key: tuple[Any, ...]
    label: str
    place: int


def search_all(
    querysets: Iterable[Searchable] | None = None,
    *,
    only: Collection[str] = (),
    **asked: Any,
) -> SearchResults:
    """Find objects of several ``querysets``, each of another registered model (default: all there are).

    ``asked`` are the arguments of ``search``. Photo, recording and words are read, understood and encoded once for all
    models that share an encoder. ``results.models`` has the total and facets of each model by its label; ``only``
    (labels) limits hits and total to some of the models, and the others are just counted. A filter limits the models
    that declare it, and no others. Models where nothing is close are left out if another has something that is.
    """
    started = time.perf_counter()
    searched = _by_index([index.get_queryset() for index in registered()] if querysets is None else querysets)
    if len(searched) == 1:
        [queryset] = searched.values()
        return search(queryset, **asked)
    request = replace(SearchRequest(**asked), load=False)
    contexts = SearchContext.open_all(
        {index: read_alias(queryset, request.examples) for index, queryset in searched.items()}
    )
    require_sort([index for index in searched if index.label in only] or list(searched), request.sort)
    found = _rank_each(contexts, searched, replace(request, nearest=False))
    shown = _contributing(found, only)
    if request.nearest and not any(found[label].counted.total for label in shown):
        found = _rank_each(contexts, searched, request)
        shown = _contributing(found, only)
    results = _merged(found, shown, only)
    results.hits = _page({label: found[label] for label in shown}, results, explain=request.explain)
    for part in found.values():
        part.ranked = None
    results.took_ms = round((time.perf_counter() - started) * 1000, 1)
    return results


def _by_index(querysets: Iterable[Searchable]) -> dict[Index, models.QuerySet[Any]]:
    searched: dict[Index, models.QuerySet[Any]] = {}
    for queryset in map(queryset_of, querysets):
        index = get_index(queryset.model)
        if index in searched:
            raise ValueError(f"{index.label} is given twice. Give one queryset a model; combine two with |.")
        searched[index] = queryset
    if not searched:
        raise ValueError("There is nothing to search in: give at least one queryset of a registered model.")
    return searched


def _rank_each(
    contexts: Iterable[SearchContext], searched: Mapping[Index, models.QuerySet[Any]], request: SearchRequest
) -> dict[str, SearchResults]:
    """Search each model with its own filters and facets, without loading hits."""
    filters, facets = request.filters or {}, request.facets
    if request.asks and not request.sort and any(queryset_order(*pair) for pair in searched.items()):
        detail = "Results of several models have one order: give its name in `sort`, and no order_by()."
        raise BadQuery(detail, code="bad_sort")
    _refuse_unknown("filters", filters, [name for index in searched for name in index.filter_names()])
    _refuse_unknown("facets", facets or (), [name for index in searched for name in index.facets])
    found = {}
    for context in contexts:
        index = context.index
        own = {name: filters[name] for name in index.filter_names() if name in filters}
        sort = request.sort if request.sort in sort_orders(index) else None  # one that is not shown may lack it
        asked = replace(request, filters=own, facets=_own_facets(index, facets), sort=sort)
        if request.has_filters and not (asked.has_filters or request.asks):
            # A page of one model's category is none of the others.
            found[index.label] = SearchResults(is_close=False, page=request.page, page_size=request.page_size)
            continue
        found[index.label] = run_search(context.with_own_failures(), searched[index], asked)
    return found


def _refuse_unknown(kind: str, names: Collection[str], declared: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(declared))
    if unknown:
        known = ", ".join(dict.fromkeys(declared)) or "none"
        raise BadQuery(f"Unknown {kind}: {', '.join(unknown)}. Declared by these models: {known}.", code="bad_filter")


def _own_facets(index: Index, facets: Sequence[str] | None) -> Sequence[str] | None:
    """Return those of ``facets`` that the index declares; None, which counts none, if it declares none of them."""
    return [name for name in facets if name in index.facets] or None if facets else facets


def _contributing(found: Mapping[str, SearchResults], only: Collection[str]) -> list[str]:
    """Return the models whose hits are shown."""
    shown = [label for label in found if not only or label in only]
    close = [label for label in shown if found[label].is_close]
    return close or shown


def _merged(found: Mapping[str, SearchResults], shown: Sequence[str], only: Collection[str]) -> SearchResults:
    """Return the results of all models, without hits; how the query was read is the same for all of them."""
    first = next(iter(found.values()))
    parts = [found[label] for label in shown]
    is_uncounted = any(part.count_all for part in parts)

    def numbers(counts: Sequence[Counts]) -> Counts:
        whole = sum(counts, Counts())
        return replace(whole, facets=counts[0].facets, ranges=counts[0].ranges) if len(only) == 1 else whole

    def count_all() -> Counts:
        counts = numbers([part.counts for part in parts])
        results.degraded[:] = dict.fromkeys([*results.degraded, *(name for part in parts for name in part.degraded)])
        return counts

    results = SearchResults(
        counted=numbers([part.counted for part in parts]),
        count_all=count_all if is_uncounted else None,
        is_close=any(part.is_close for part in parts),
        is_personal=any(part.is_personal for part in parts),
        sort=_same([part.sort for part in parts]),
        page=first.page,
        page_size=first.page_size,
        transcript=first.transcript,
        alternatives=first.alternatives,
        query=first.query,
        corrected=first.corrected,
        interpretation=_interpretation(parts),
        like=first.like,
        unlike=first.unlike,
        degraded=list(dict.fromkeys(name for part in found.values() for name in part.degraded)),
        models=dict(found),
    )
    return results


def _same(sorts: Sequence[str]) -> str:
    """Return the order of all models; empty if each has its own."""
    return sorts[0] if len(set(sorts)) == 1 else ""


def _interpretation(parts: Sequence[SearchResults]) -> Interpretation | None:
    """Return the conditions that hold for the hits of all models, or the relaxed ones of any of them."""
    found = [part.interpretation for part in parts if part.interpretation]
    return min(found, key=lambda meant: (not meant.relaxed, len(meant.conditions)), default=None)


def _page(found: Mapping[str, SearchResults], results: SearchResults, *, explain: bool) -> list[Hit]:
    """Load the hits of one page, model by model, and put them in order."""
    first = (results.page - 1) * results.page_size
    page = list(islice(_in_order(found, first + results.page_size), first, first + results.page_size))
    hits: dict[_Place, Hit | None] = {}
    for label, part in found.items():
        own = [place for place in page if place.label == label]
        if own and part.ranked:
            hits |= zip(own, part.ranked.hits([place.place for place in own], explain=explain), strict=True)
    return [hit for place in page if (hit := hits[place])]


def _in_order(found: Mapping[str, SearchResults], count: int) -> Iterator[_Place]:
    """Yield the places of the first ``count`` hits; among equal ones the model that was named first."""
    rankings = [
        [_Place(key, label, place) for place, key in enumerate(part.ranked.merge_keys(count))]
        for label, part in found.items()
        if part.ranked
    ]
    return heapq.merge(*rankings, key=lambda place: place.key)
