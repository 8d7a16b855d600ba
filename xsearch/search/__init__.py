"""Query → candidates → fused, filtered, explained results: the only reader of embeddings.

The room is called like its main function, so that ``xsearch.search(queryset, text=…)`` reads well;
calling the module calls the function.
"""

import sys
from types import ModuleType
from typing import Any

from xsearch.errors import BadQuery
from xsearch.search.engine import search, similar
from xsearch.search.multi_index import search_all
from xsearch.search.results import Counts, FacetValue, Hit, SearchResults
from xsearch.search.suggest.suggestions import Suggestions, suggest, suggestions_for
from xsearch.search.voice import transcribe

__all__ = [
    "BadQuery",
    "Counts",
    "FacetValue",
    "Hit",
    "SearchResults",
    "Suggestions",
    "search",
    "search_all",
    "similar",
    "suggest",
    "suggestions_for",
    "transcribe",
]


class _CallableRoom(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> SearchResults:
        return search(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableRoom
