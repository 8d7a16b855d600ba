"""Index what is stale, here or through the workers."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.indexing import IndexingReport, index_pending, outbox, vocabulary
from xsearch.registry import Index, get_index, registered


class Command(BaseCommand):
    """``xsearch_index [app.Model ...] [--all] [--batch-size N] [--queue]``."""

    help = "Index what is stale: new, changed, failed, or encoded by another encoder than the settings name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("models", nargs="*", metavar="app.Model", help="Models to index; all if none is named.")
        parser.add_argument("--all", action="store_true", help="Index everything anew.")
        parser.add_argument("--batch-size", type=int, help="Objects encoded at once.")
        parser.add_argument("--queue", action="store_true", help="Let the workers do it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] is not None and options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        with _leaving_orderly():
            failed = sum(self._handle_index(index, options) for index in self._indexes(options["models"]))
        if failed:
            raise CommandError(f"{failed} failed; `manage.py xsearch_status` and the admin say which and why.")

    def _handle_index(self, index: Index, options: dict[str, Any]) -> int:
        waiting = outbox.mark_stale(index, forced=options["all"])
        if options["queue"]:
            self._queue(index, waiting)
            return 0
        return self._index(index, waiting, options["batch_size"])

    def _indexes(self, labels: list[str]) -> list[Index]:
        try:
            return [get_index(label) for label in labels] or registered()
        except LookupError as error:
            raise CommandError(str(error)) from error

    def _queue(self, index: Index, waiting: int) -> None:
        if waiting and not outbox.send_task(index.label):
            raise CommandError("The broker cannot be reached: check CELERY_BROKER_URL, or index without --queue.")
        self.stdout.write(f"{index.label}: {waiting} sent to the workers.")

    def _index(self, index: Index, waiting: int, batch_size: int | None) -> int:
        started = time.monotonic()

        def show(report: IndexingReport) -> None:
            rate = report.handled / max(time.monotonic() - started, 1e-9)
            left_s = max(waiting - report.handled, 0) / max(rate, 1e-9)
            ending = "" if self.stdout.isatty() else "\n"
            self.stdout.write(
                f"\r{index.label}: {report.handled}/{waiting}  {rate:.1f}/s  {left_s:.0f} s left  ", ending=ending
            )
            self.stdout.flush()

        report = index_pending(index, batch_size=batch_size, progress=show)
        vocabulary.refresh(index)
        seconds = time.monotonic() - started
        self.stdout.write(
            f"\n{index.label}: {report.indexed} indexed, {report.failed} failed, "
            f"{report.forgotten} forgotten in {seconds:.1f} s."
        )
        return report.failed


@contextmanager
def _leaving_orderly() -> Iterator[None]:
    """Let SIGTERM end the command like Ctrl-C, so that it gives back what it holds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:  # whoever called this command has handlers of its own
        signal.signal(signal.SIGTERM, before)
