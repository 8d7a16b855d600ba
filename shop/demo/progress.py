"""How far indexing is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 32
_LINE_EVERY_S = 5.0


class Progress:
    """Shows ``done`` of ``total`` with rate and remaining time."""

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self.label = label
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self._first: tuple[float, int] | None = None
        self._shown_at = float("-inf")

    def show(self, done: int, total: int) -> None:
        """Show the state, if there is something new to show."""
        now = time.monotonic()
        self._first = self._first or (now, done)
        if not self.is_terminal and done < total and now - self._shown_at < _LINE_EVERY_S:
            return
        self._shown_at = now
        self._write(f"{self.label} {_bar(done, total)} {done}/{total}{self._pace(now, done, total)}")

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self.is_terminal and self._first:
            self.stream.write("\n")

    def _pace(self, now: float, done: int, total: int) -> str:
        since, already = self._first or (now, done)
        if done <= already or now <= since:
            return ""
        rate = (done - already) / (now - since)
        left = f", {(total - done) / rate:.0f} s left" if done < total else ""
        return f"  {rate:.0f}/s{left}"

    def _write(self, text: str) -> None:
        self.stream.write(f"\r\033[K{text}" if self.is_terminal else f"{text}\n")
        self.stream.flush()


def _bar(done: int, total: int) -> str:
    full = _WIDTH * done // max(total, 1)
    return "[" + "#" * full + "." * (_WIDTH - full) + "]"
