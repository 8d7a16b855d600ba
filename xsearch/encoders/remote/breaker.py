"""A service that is down is left alone for a while, so that not every caller waits for it in vain."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from xsearch.encoders.base import EncoderAway


class Breaker:
    """Refuses calls for ``pause_s`` after one failed; then a single one tries, and the others wait for its luck."""

    def __init__(self, pause_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._clock = clock
        self._down_until = -math.inf
        self._reason = ""

    def check(self) -> None:
        """Let a call pass, or raise ``EncoderAway`` with the reason of the last failure."""
        with self._lock:
            now = self._clock()
            if now < self._down_until:
                wait_s = self._down_until - now
                raise EncoderAway(f"{self._reason} It is not tried again for {wait_s:.1f} s.")
            if self._reason:
                self._down_until = now + self._pause_s

    def fail(self, reason: str, pause_s: float = 0.0) -> None:
        """Note a failure; the pause is at least ``pause_s`` seconds long."""
        with self._lock:
            self._reason = reason
            self._down_until = self._clock() + max(self._pause_s, pause_s)

    def succeed(self) -> None:
        """Note that the service answers."""
        with self._lock:
            self._reason, self._down_until = "", -math.inf
