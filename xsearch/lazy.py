"""Models loaded when they are first used, once per process, and never carried over a fork."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Something heavy that ``load`` makes on first use; shared between threads.

    With ``idle_s`` it is let go after that many seconds without use, and made again when it is needed.
    A process forked from one that had it loaded makes its own: threads and CUDA contexts of a model do
    not survive a fork.
    """

    def __init__(self, load: Callable[[], T], *, idle_s: float | None = None) -> None:
        self._load = load
        self._idle_s = idle_s
        self._reset()
        _all.add(self)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._value: T | None = None
        self._users = 0
        self._used_at = 0.0
        self._watcher: threading.Thread | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._value is not None

    @contextmanager
    def use(self) -> Iterator[T]:
        """Yield the loaded thing, which is not let go meanwhile; what ``load`` raises is raised by every try."""
        with self._lock:
            if self._value is None:
                self._value = self._load()
            value = self._value
            self._users += 1
        try:
            yield value
        finally:
            with self._lock:
                self._users -= 1
                self._used_at = time.monotonic()
                self._watch()

    def unload(self) -> None:
        """Let it go, unless somebody uses it at this moment."""
        with self._lock:
            if self._users == 0:
                self._value = None

    def _watch(self) -> None:
        if self._idle_s is None or self._watcher is not None:
            return
        self._watcher = threading.Thread(target=self._unload_when_idle, name="xsearch-idle", daemon=True)
        self._watcher.start()

    def _unload_when_idle(self) -> None:
        idle_s = self._idle_s or 0.0
        wait_s = idle_s
        while True:
            time.sleep(wait_s)
            with self._lock:
                wait_s = self._used_at + idle_s - time.monotonic()
                if self._users:
                    wait_s = idle_s
                elif wait_s <= 0:
                    self._value = None
                    self._watcher = None
                    return


_all: weakref.WeakSet[Lazy[Any]] = weakref.WeakSet()
_abandoned: list[Any] = []


def _forget_after_fork() -> None:
    """Start anew in a forked child; what the parent had is kept unused, for it could not be taken down here."""
    for lazy in list(_all):
        _abandoned.append(lazy._value)
        lazy._reset()


os.register_at_fork(after_in_child=_forget_after_fork)
