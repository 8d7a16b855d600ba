"""Telling the workers: one task per model and transaction, sent on commit, never in the way of a save."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

from celery import current_app
from django.db import connections, router, transaction

from xsearch.conf import settings
from xsearch.models import IndexRecord

logger = logging.getLogger("xsearch.indexing")

#: Looked up by its name: the task itself imports the worker, which imports what marks and dispatches.
INDEX_TASK = "xsearch.index_pending"

_paused: ContextVar[set[str] | None] = ContextVar("xsearch_paused", default=None)


class _Broker:
    """What this process knows about the broker."""

    down_until = 0.0  # by the monotonic clock
    unanswered: threading.Thread | None = None


_broker = _Broker()


@contextmanager
def pause_indexing() -> Iterator[None]:
    """Hold back the tasks of all changes made inside, and send one per model at the end.

    Changes are still recorded as they are made, so nothing is lost if the process dies.
    """
    labels: set[str] = set()
    token = _paused.set(labels)
    try:
        yield
    finally:
        _paused.reset(token)
        for label in labels:
            dispatch_on_commit(label, router.db_for_write(IndexRecord))


def dispatch_on_commit(label: str, using: str) -> None:
    """Send the indexing task of a model when the transaction commits."""
    paused = _paused.get()
    if paused is not None:
        paused.add(label)
        return
    send = _Send(label)
    # One task per transaction is enough: it takes everything that is pending.
    if not any(hook[1] == send for hook in connections[using].run_on_commit):
        transaction.on_commit(send, using=using, robust=True)


class _Send:
    """Sends the indexing task of one model; equal to another that sends the same."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Send) and other.label == self.label

    def __hash__(self) -> int:
        return hash(self.label)

    def __call__(self) -> None:
        send_task(self.label)


def send_task(label: str) -> bool:
    """Ask the workers to index what is pending; says False when the broker cannot be reached.

    The sweep finds what was not sent. After a failure, the broker is left alone for a while, so that
    saving products stays quick while it is down.
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
    """Send beside this thread, for some transports try without end to reach a broker that is gone or hangs."""
    outcome: list[Exception | None] = []
    if current_app.conf.task_always_eager:
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
        current_app.tasks[INDEX_TASK].apply_async(args=[label], queue=settings.TASK_QUEUE, retry=False)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; a save must not fail for any
        outcome.append(error)
    else:
        outcome.append(None)
        _broker.down_until = 0.0  # it works, even if it took long
