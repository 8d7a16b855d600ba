"""What background tasks do, and the Celery tasks that do it."""

from __future__ import annotations

from celery import shared_task

from xsearch.index.registry import get_index, registered
from xsearch.indexing import marking, outbox, statistics
from xsearch.indexing.attempts import Attempts
from xsearch.indexing.dispatch import send_task
from xsearch.indexing.queues import INDEX_TASK
from xsearch.indexing.worker import index_pending, settle

_TASK_LIMIT_S = 60.0


def run_index_task(label: str) -> None:
    """Index what waits of one model; a long queue is split into tasks of a minute."""
    index = get_index(label)
    report = index_pending(index, limit_s=_TASK_LIMIT_S)
    if report.handled and outbox.claimable(index).exists():
        send_task(label)
    statistics.refresh_if_due(index)


def run_sweep() -> dict[str, int]:
    """Find what was missed, and bring the vocabulary up to date; returns what waits, by label.

    Each part runs, whatever becomes of the others; their errors are raised at the end.
    """
    attempts, waiting = Attempts(), {}
    for index in registered():
        with attempts.part(f"Looking for missed objects of {index.label}"):
            waiting[index.label] = marking.find_missed(index)
    for index in registered():
        with attempts.part(f"Counting the terms of {index.label}"):
            statistics.refresh_if_due(index)
    for index in registered():
        with attempts.part(f"Swapping and indexing the vectors of {index.label}"):
            settle(index)
    attempts.finish()
    return waiting


@shared_task(name=INDEX_TASK, ignore_result=True, acks_late=True)  # type: ignore[no-untyped-call,untyped-decorator]
def index_pending_task(label: str) -> None:
    """Run ``run_index_task`` in a worker."""
    run_index_task(label)


@shared_task(name="xsearch.sweep", ignore_result=True)  # type: ignore[no-untyped-call,untyped-decorator]
def sweep_task() -> None:
    """Run ``run_sweep`` in a worker; schedule it every minute."""
    run_sweep()
