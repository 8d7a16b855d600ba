"""Search by photo, voice and text for Django shops, with the vectors in the shop's own PostgreSQL."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import xsearch.search as _search_package  # noqa: F401 - imported later, it would replace the function of its name

if TYPE_CHECKING:
    from xsearch.index.registry import Index, register
    from xsearch.indexing import mark, pause_indexing
    from xsearch.search import (
        asearch,
        asearch_all,
        asimilar,
        asuggest,
        search,
        search_all,
        similar,
        suggest,
        suggestions_for,
        transcribe,
    )
    from xsearch.warming import warm_up
else:

    def search(queryset, **asked):
        """Find objects of ``queryset``: see ``xsearch.search.engine.search``."""
        return import_module("xsearch.search.engine").search(queryset, **asked)

    # Documented before xsearch.suggestions_for was.
    search.suggestions_for = lambda *args, **options: __getattr__("suggestions_for")(*args, **options)


__version__ = "0.1.0"
__all__ = [
    "Index",
    "asearch",
    "asearch_all",
    "asimilar",
    "asuggest",
    "mark",
    "pause_indexing",
    "register",
    "search",
    "search_all",
    "similar",
    "suggest",
    "suggestions_for",
    "transcribe",
    "warm_up",
]

_MODULES = {
    "Index": "xsearch.index.registry",
    "asearch": "xsearch.search",
    "asearch_all": "xsearch.search",
    "asimilar": "xsearch.search",
    "asuggest": "xsearch.search",
    "mark": "xsearch.indexing",
    "pause_indexing": "xsearch.indexing",
    "register": "xsearch.index.registry",
    "search_all": "xsearch.search",
    "similar": "xsearch.search",
    "suggest": "xsearch.search",
    "suggestions_for": "xsearch.search",
    "transcribe": "xsearch.search",
    "warm_up": "xsearch.warming",
}


def __getattr__(name: str) -> Any:
    # These modules import database models, which is not possible before the apps are loaded.
    if name not in _MODULES:
        raise AttributeError(f"module 'xsearch' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
