"""Search: from a request to ranked, filtered and explained results; the only package that reads embeddings.

The names below are loaded when they are first used, so that importing the package needs no database models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xsearch.errors import BadQuery
    from xsearch.search.engine import search, similar
    from xsearch.search.multi_index import search_all
    from xsearch.search.request import SearchOptions, SearchRequest
    from xsearch.search.results import Counts, Coverage, FacetValue, Hit, SearchResults
    from xsearch.search.suggestions.suggest import Suggestions, suggest, suggestions_for
    from xsearch.search.voice import transcribe

_MODULES = {
    "BadQuery": "xsearch.errors",
    "Counts": "xsearch.search.results",
    "Coverage": "xsearch.search.results",
    "FacetValue": "xsearch.search.results",
    "Hit": "xsearch.search.results",
    "SearchOptions": "xsearch.search.request",
    "SearchRequest": "xsearch.search.request",
    "SearchResults": "xsearch.search.results",
    "Suggestions": "xsearch.search.suggestions.suggest",
    "search": "xsearch.search.engine",
    "search_all": "xsearch.search.multi_index",
    "similar": "xsearch.search.engine",
    "suggest": "xsearch.search.suggestions.suggest",
    "suggestions_for": "xsearch.search.suggestions.suggest",
    "transcribe": "xsearch.search.voice",
}

__all__ = [
    "BadQuery",
    "Counts",
    "Coverage",
    "FacetValue",
    "Hit",
    "SearchOptions",
    "SearchRequest",
    "SearchResults",
    "Suggestions",
    "search",
    "search_all",
    "similar",
    "suggest",
    "suggestions_for",
    "transcribe",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
