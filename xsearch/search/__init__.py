"""Search: from a request to ranked, filtered and explained results; the only package that reads embeddings.

The names below are loaded when they are first used, so that importing the package needs no database models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xsearch.errors import BadQuery as BadQuery
    from xsearch.search.asynchronous import asearch as asearch
    from xsearch.search.asynchronous import asearch_all as asearch_all
    from xsearch.search.asynchronous import asimilar as asimilar
    from xsearch.search.asynchronous import asuggest as asuggest
    from xsearch.search.engine import search as search
    from xsearch.search.engine import similar as similar
    from xsearch.search.multi_index import search_all as search_all
    from xsearch.search.request import SearchOptions as SearchOptions
    from xsearch.search.request import SearchRequest as SearchRequest
    from xsearch.search.results import Counts as Counts
    from xsearch.search.results import Coverage as Coverage
    from xsearch.search.results import FacetValue as FacetValue
    from xsearch.search.results import Hit as Hit
    from xsearch.search.results import SearchResults as SearchResults
    from xsearch.search.suggestions import Suggestions as Suggestions
    from xsearch.search.suggestions import suggest as suggest
    from xsearch.search.suggestions import suggestions_for as suggestions_for
    from xsearch.search.voice import transcribe as transcribe

_NAMES = {
    "xsearch.errors": ["BadQuery"],
    "xsearch.search.asynchronous": ["asearch", "asearch_all", "asimilar", "asuggest"],
    "xsearch.search.engine": ["search", "similar"],
    "xsearch.search.multi_index": ["search_all"],
    "xsearch.search.request": ["SearchOptions", "SearchRequest"],
    "xsearch.search.results": ["Counts", "Coverage", "FacetValue", "Hit", "SearchResults"],
    "xsearch.search.suggestions": ["Suggestions", "suggest", "suggestions_for"],
    "xsearch.search.voice": ["transcribe"],
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
