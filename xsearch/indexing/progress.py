"""How fast a queue gets shorter, whoever works on it, and how long the rest will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

#: How far the rate looks back: long enough to be steady, short enough to follow a worker that joins or leaves.
WINDOW_S = 30.0


class Pace:
    """Rate over the last ``WINDOW_S`` seconds, and the time to the end at that rate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, left: int) -> None:
        """Note how many are left now."""
        now = self._clock()
        self._seen.append((now, left))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """How many a second; 0 as long as nothing is known."""
        if len(self._seen) < 2:
            return 0.0
        (since, before), (now, left) = self._seen[0], self._seen[-1]
        return max(before - left, 0) / max(now - since, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Seconds to the end, None as long as nothing is known."""
        return self._seen[-1][1] / self.rate if self.rate else None


def duration(seconds: float) -> str:
    """Return a time to read: "45 s", "12 min 05 s", "3 h 20 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
