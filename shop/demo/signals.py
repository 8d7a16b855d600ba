"""Ctrl-C, SIGTERM and a closed terminal: each stops the demo in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from shop.demo.errors import Stopped

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object] | signal.Handlers


def on_stop_signals(handler: Handler) -> None:
    """Call ``handler`` for each of the signals that stop the demo, even where the shell had them ignored."""
    for number in _STOP_SIGNALS:
        signal.signal(number, handler)


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn the first such signal inside into ``Stopped``."""
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    on_stop_signals(_raise_stopped)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def signals_deferred() -> Iterator[None]:
    """Let what runs inside end before ``Stopped`` is raised."""
    received: list[int] = []
    on_stop_signals(lambda number, _frame: received.append(number))
    try:
        yield
    finally:
        on_stop_signals(_raise_stopped)
        if received:
            _raise_stopped(received[0], None)


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    on_stop_signals(signal.SIG_IGN)  # until the children are being stopped
    raise Stopped
