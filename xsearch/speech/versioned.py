"""What is made of the catalogue's phrases: made anew when they change, while others go on with the old one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from xsearch.lazy import PerProcess, abandon
from xsearch.speech.base import Phrases

T = TypeVar("T")


class PerVersion(PerProcess, Generic[T]):
    """Keeps what ``make`` returned for the last version of the phrases; only the very first caller waits for it."""

    def __init__(self, make: Callable[[Phrases], T]) -> None:
        self._make = make
        super().__init__()

    def _start_anew(self) -> None:
        abandon(self.__dict__.get("_made"))
        self._made: tuple[str, T] | None = None
        self._making = threading.Lock()

    def get(self, phrases: Phrases) -> T:
        """Return what belongs to the version of ``phrases``, or to the one before while another thread is making it."""
        made = self._made
        if made is not None and made[0] == phrases.version:
            return made[1]
        if not self._making.acquire(blocking=made is None) and made is not None:
            return made[1]
        try:
            if self._made is None or self._made[0] != phrases.version:
                self._made = (phrases.version, self._make(phrases))
            return self._made[1]
        finally:
            self._making.release()
