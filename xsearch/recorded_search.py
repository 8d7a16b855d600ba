"""A search by checked parameters that is written down, for the HTTP interface and the search page alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from xsearch.search import SearchResults, search_all
from xsearch.visitors import record_search, remembered_visitor
from xsearch.web.parameters import EXAMPLES, Parameters

#: Parameters that describe the request and are no arguments of the search.
_NOT_SEARCHED = ("model", "spoken", "again")
#: Parameters that are more than a look through a category.
_SEARCHED = ("q", "image", "audio", *EXAMPLES)


def search_as_asked(
    request: HttpRequest,
    querysets: Sequence[QuerySet[Any]],
    asked: Parameters,
    values: Mapping[str, Any],
    *,
    only: Collection[str] = (),
    browse: bool = False,
) -> SearchResults:
    """Search, and write the search down; ``values`` are those of ``asked`` with objects for examples.

    Looking through a category is no search. With ``browse``, asking for nothing at all is answered with everything.
    """
    options = {name: value for name, value in values.items() if name not in _NOT_SEARCHED}
    is_personal = options.pop("personal", True)
    results = search_all(
        querysets,
        only=only,
        filters=asked.filters,
        text=options.pop("q", None),
        language=options.pop("lang", None),
        correct=not options.pop("literal", False),
        browse=browse,
        user=remembered_visitor(request) if is_personal else None,
        **options,
    )
    is_search = any(asked.values.get(name) for name in _SEARCHED)
    if is_search and not asked.values.get("again"):
        record_search(request, asked.indexes, results, {**asked.values, **asked.filters})
    return results
