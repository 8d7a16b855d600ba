"""Search by photo, voice and text for Django shops, with the vectors in the shop's own PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xsearch.index.registry import Index, register
    from xsearch.indexing import mark, pause_indexing
    from xsearch.search import search, search_all
    from xsearch.warming import warm_up

__version__ = "0.1.0"
__all__ = ["Index", "mark", "pause_indexing", "register", "search", "search_all", "warm_up"]

_LAZY = {
    "Index": "xsearch.index.registry",
    "register": "xsearch.index.registry",
    "search": "xsearch.search",
    "search_all": "xsearch.search",
    "mark": "xsearch.indexing",
    "pause_indexing": "xsearch.indexing",
    "warm_up": "xsearch.warming",
}


def __getattr__(name: str) -> Any:
    # These modules import models, which is not possible before the apps are loaded.
    if name not in _LAZY:
        raise AttributeError(f"module 'xsearch' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
