"""The indexing task for django.tasks; imported only where ``XSEARCH["TASKS"]`` is "django"."""

from __future__ import annotations

from xsearch.indexing.queues import DEFAULT_BACKEND, tasks_library
from xsearch.indexing.tasks import run_index_task


@tasks_library().task(backend=DEFAULT_BACKEND)  # type: ignore[untyped-decorator]
def index_pending(label: str) -> None:
    """Index what waits of one model."""
    run_index_task(label)
