"""Progress of indexing commands: the rate, the time left, a line on the terminal, and a clean end on SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper

from xsearch.index.registry import Index
from xsearch.indexing import outbox

#: Period of the rate: long enough to be steady, short enough to follow a worker that starts or stops.
WINDOW_S = 30.0


class Pace:
    """Rate over the last ``WINDOW_S`` seconds, and the time to the end at that rate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, left: int) -> None:
        """Record how many are left now."""
        now = self._clock()
        self._seen.append((now, left))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Objects a second; 0 before the second note."""
        if len(self._seen) < 2:
            return 0.0
        (since, before), (now, left) = self._seen[0], self._seen[-1]
        return max(before - left, 0) / max(now - since, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Seconds to the end, None while the rate is unknown."""
        return self._seen[-1][1] / self.rate if self.rate else None


def duration(seconds: float) -> str:
    """Return a readable time: "45 s", "12 min 05 s", "3 h 20 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


class ProgressLine:
    """Progress of indexing: one line on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, index: Index, stdout: OutputWrapper) -> None:
        self._index = index
        self._stdout = stdout
        self._pace = Pace()
        self._total = outbox.remaining(index)
        self._every_s = 0.5 if stdout.isatty() else 10.0
        self._shown_at = time.monotonic()
        self._pace.note(self._total)

    def show(self) -> None:
        """Show how many objects remain; other workers may share the work."""
        now = time.monotonic()
        if now - self._shown_at < self._every_s:
            return
        self._shown_at = now
        left = outbox.remaining(self._index)
        self._total = max(self._total, left)  # the shop goes on changing products
        self._pace.note(left)
        left_s = self._pace.left_s
        text = f"{self._index.label}: {self._total - left}/{self._total}  {self._pace.rate:.1f}/s"
        text += "" if left_s is None else f"  {duration(left_s)} left"
        is_terminal = self._stdout.isatty()
        self._stdout.write(f"\r\033[K{text}" if is_terminal else text, ending="" if is_terminal else "\n")
        self._stdout.flush()

    def close(self) -> None:
        """Go to the next line."""
        if self._stdout.isatty():
            self._stdout.write("")


@contextmanager
def clean_exit() -> Iterator[None]:
    """Let SIGTERM end a command like Ctrl-C does, so that it releases its claims and cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:  # the caller of the command may have a handler of its own
        signal.signal(signal.SIGTERM, before)
