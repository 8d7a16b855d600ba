"""Searches for async code: each runs in the thread of the ORM, and what it returns needs no database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import models

from xsearch.errors import BadQuery
from xsearch.index.registry import Index
from xsearch.search import engine, multi_index, suggestions
from xsearch.search.results import SearchResults


async def asearch(queryset: models.QuerySet[Any], **asked: Any) -> SearchResults:
    """Find objects of ``queryset`` like ``search``; total and facets are counted before this returns.

    ``exact=False`` counts the likely objects only, which is faster in a large catalogue.
    """
    return await _in_thread(engine.search, queryset, **asked)


async def asearch_all(querysets: Iterable[models.QuerySet[Any]] | None = None, **asked: Any) -> SearchResults:
    """Find objects of several models like ``search_all``; everything is counted before this returns."""
    return await _in_thread(multi_index.search_all, querysets, **asked)


async def asimilar(queryset: models.QuerySet[Any], obj: models.Model, *, page_size: int = 12) -> SearchResults:
    """Return the objects of ``queryset`` that are most like ``obj``."""
    return await _in_thread(engine.similar, queryset, obj, page_size=page_size)


async def asuggest(source: Index | models.QuerySet[Any], prefix: str, *, limit: int = 8) -> list[str]:
    """Return texts that complete ``prefix``, likeliest first."""
    return await sync_to_async(suggestions.suggest)(source, prefix, limit=limit)


async def _in_thread(find: Any, *args: Any, **asked: Any) -> SearchResults:
    if not asked.get("load", True):
        raise BadQuery("An async search loads its hits: later they would need the database. Leave `load` out.")
    # Thread-sensitive: connections belong to threads, and so does the transaction of ATOMIC_REQUESTS or a test.
    return await sync_to_async(_counted)(find, *args, **asked)


def _counted(find: Any, *args: Any, **asked: Any) -> SearchResults:
    results: SearchResults = find(*args, **asked)
    for part in (results, *results.models.values()):
        part.counts  # noqa: B018 - counts now what was postponed
    return results
