"""How far a command is with indexing."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper

from xsearch.index.registry import Index
from xsearch.indexing import outbox
from xsearch.indexing.progress import Pace, duration


class ProgressLine:
    """How far indexing is: one line on a terminal, a line now and then elsewhere."""

    def __init__(self, index: Index, stdout: OutputWrapper) -> None:
        self._index = index
        self._stdout = stdout
        self._pace = Pace()
        self._total = outbox.remaining(index)
        self._every_s = 0.5 if stdout.isatty() else 10.0
        self._shown_at = time.monotonic()
        self._pace.note(self._total)

    def show(self) -> None:
        """Show what really remains, for other workers may share the work."""
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
