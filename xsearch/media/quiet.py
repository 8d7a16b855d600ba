"""Pillow's warnings about odd files are expected here and must not reach the shop's logs or tests."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_users = 0
_caught: warnings.catch_warnings[None] | None = None


@contextmanager
def pillow_warnings_silenced() -> Iterator[None]:
    """Ignore warnings raised in Pillow's modules, in any number of threads at once.

    ``warnings.catch_warnings`` swaps a global list, and threads that overlap would restore each other's:
    the first one in swaps, the last one out restores.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _caught
    with _lock:
        _users += 1
        if _users == 1:
            _caught = warnings.catch_warnings()
            _caught.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")


def _leave() -> None:
    global _users, _caught
    with _lock:
        _users -= 1
        if _users == 0 and _caught is not None:
            _caught.__exit__(None, None, None)
            _caught = None
