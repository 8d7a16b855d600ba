"""Indexing of the demo's products, done by the worker and watched from here."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable

from django.core.management import call_command
from django.db.models import Count

from shop.demo.progress import Progress
from xsearch.models import IndexRecord

_POLL_S = 0.5
_STALLED_S = 90.0


def index_by_worker(check: Callable[[], None]) -> Counter[str]:
    """Send what is stale to the worker and show its progress to the end; returns how many are in which state.

    ``check`` is called all the time and raises when there is no point in waiting any longer.
    """
    call_command("xsearch_index", queue=True, stdout=io.StringIO())
    progress = Progress("  indexing")
    state = _count()
    moved_at = time.monotonic()
    try:
        while state[IndexRecord.Status.PENDING] and time.monotonic() - moved_at < _STALLED_S:
            progress.show(state.total() - state[IndexRecord.Status.PENDING], state.total())
            time.sleep(_POLL_S)
            check()
            state, previous = _count(), state
            moved_at = moved_at if state == previous else time.monotonic()
        progress.show(state.total() - state[IndexRecord.Status.PENDING], state.total())
    finally:
        progress.close()
    return state


def _count() -> Counter[str]:
    rows = IndexRecord.objects.values_list("status").annotate(count=Count("id"))
    return Counter(dict(rows))
