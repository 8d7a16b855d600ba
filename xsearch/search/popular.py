"""What several customers have asked, where the shop remembers it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from xsearch.registry import Index


def popular_queries(index: Index, prefix: str, limit: int) -> list[str]:
    """Return the most frequent queries that begin with ``prefix`` and were asked by several people."""
    if find_spec("xsearch.behaviour") is None:
        return []
    found: list[str] = import_module("xsearch.behaviour").popular_queries(index, prefix, limit)
    return found
