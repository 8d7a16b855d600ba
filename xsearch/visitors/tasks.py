"""Celery tasks; they translate and call."""

from __future__ import annotations

from celery import shared_task

from xsearch.visitors.retention import tidy


@shared_task(name="xsearch.tidy", ignore_result=True)  # type: ignore[no-untyped-call,untyped-decorator]
def tidy_task() -> None:
    """Delete what is too old, and count anew what is popular; run it every hour."""
    tidy()
