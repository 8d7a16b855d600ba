"""Searches of one query in several indexes: what they make of it is made once, and so the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from xsearch.index.registry import Index

MadeT = TypeVar("MadeT")


class _Run:
    """The indexes of one search, and what was made of its query so far."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        self.indexes = tuple(indexes)
        self.made: dict[Hashable, Any] = {}


_run: ContextVar[_Run | None] = ContextVar("xsearch_together", default=None)


@contextmanager
def together(indexes: Sequence[Index]) -> Iterator[None]:
    """Let the searches inside, for one and the same query, share its photo, transcript, correction and vectors."""
    token = _run.set(_Run(indexes))
    try:
        yield
    finally:
        _run.reset(token)


def companions(index: Index) -> tuple[Index, ...]:
    """Return the indexes that are searched together with ``index``, itself included."""
    run = _run.get()
    return run.indexes if run else (index,)


def once(key: Hashable, make: Callable[[], MadeT]) -> MadeT:
    """Return what ``make`` makes; of searches together, the first one's.

    A ``key`` may name an object by its ``id`` as long as that is part of the query, and so outlives the search.
    """
    run = _run.get()
    if run is None:
        return make()
    if key not in run.made:
        run.made[key] = make()
    found: MadeT = run.made[key]
    return found
