"""Dispatch of indexing tasks: one per model and transaction, sent on commit; a save never waits for it or fails.

Whose queue takes them is settled in ``queues``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass

from django.db import connections, transaction

from xsearch.conf import settings
from xsearch.indexing.database import database_alias
from xsearch.indexing.queues import task_queue

logger = logging.getLogger("xsearch.indexing")

_paused: ContextVar[set[str] | None] = ContextVar("xsearch_paused", default=None)


class _Broker:
    """State of the broker as this process has seen it."""

    down_until = 0.0  # by the monotonic clock
    unanswered: threading.Thread | None = None


_broker = _Broker()


@contextmanager
def pause_indexing() -> Iterator[None]:
    """Collect the tasks of all changes made inside, and send one per model at the end.

    The changes themselves are recorded at once, so nothing is lost if the process dies.
    """
    labels: set[str] = set()
    token = _paused.set(labels)
    try:
        yield
    finally:
        _paused.reset(token)
        for label in labels:
            dispatch_on_commit(label)


def dispatch_on_commit(label: str) -> None:
    """Send the indexing task of a model when the transaction commits."""
    paused = _paused.get()
    if paused is not None:
        paused.add(label)
        return
    send, using = _Send(label), database_alias()
    # One task per transaction is enough: it takes everything that is pending.
    if not any(hook[1] == send for hook in connections[using].run_on_commit):
        transaction.on_commit(send, using=using, robust=True)


@dataclass(frozen=True)
class _Send:
    """Sends the indexing task of one model; instances for the same model are equal."""

    label: str

    def __call__(self) -> None:
        send_task(self.label)


def send_task(label: str) -> bool:
    """Send the indexing task of a model; returns False if the broker cannot be reached.

    The sweep finds what was not sent. After a failure no task is sent for a while, so that saves stay fast while the
    broker is down.
    """
    still_waiting = _broker.unanswered is not None and _broker.unanswered.is_alive()
    if still_waiting or time.monotonic() < _broker.down_until:
        return False
    error = _send_in_time(label)
    if error is None:
        return True
    _broker.down_until = time.monotonic() + settings.BROKER_PAUSE_S
    logger.warning("The broker cannot be reached (%s); the sweep will index %s later.", error, label)
    return False


def _send_in_time(label: str) -> Exception | None:
    """Send in another thread: some transports retry endlessly when the broker is gone or hangs."""
    outcome: list[Exception | None] = []
    try:
        is_local = task_queue().is_local
    except Exception as error:  # noqa: BLE001 - a queue that is not set up fails no save
        return error
    if is_local:
        _send(label, outcome)
        return outcome[0]
    sender = threading.Thread(target=copy_context().run, args=(_send, label, outcome), daemon=True)
    sender.start()
    sender.join(settings.BROKER_TIMEOUT_S)
    if outcome:
        return outcome[0]
    _broker.unanswered = sender
    return TimeoutError(f"no answer within {settings.BROKER_TIMEOUT_S} s")


def _send(label: str, outcome: list[Exception | None]) -> None:
    try:
        task_queue().send(label)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; none may fail a save
        outcome.append(error)
    else:
        outcome.append(None)
        _broker.down_until = 0.0  # it answered, even if late
