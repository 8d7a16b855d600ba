"""Commands that are told to stop leave nothing half done."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leaving_orderly() -> Iterator[None]:
    """Let SIGTERM end a command like Ctrl-C, so that it gives back what it holds and clears up what it began."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:  # whoever called the command has handlers of its own
        signal.signal(signal.SIGTERM, before)
