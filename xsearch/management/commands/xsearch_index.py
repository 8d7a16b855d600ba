"""Index what is stale, here or through the workers."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing import index_pending, statistics
from xsearch.indexing.dispatch import send_task
from xsearch.indexing.marking import mark_stale
from xsearch.indexing.queues import task_queue
from xsearch.indexing.status import failures
from xsearch.management.failures import failure_lines
from xsearch.management.progress import ProgressLine, clean_exit, duration


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
        try:
            indexes = [get_index(label) for label in options["models"]] or registered()
        except LookupError as error:
            raise CommandError(str(error)) from error
        with clean_exit():
            failed = sum(self._handle_index(index, options) for index in indexes)
        if failed:
            raise CommandError(f"{failed} failed, see above. Put right what is wrong, then run this command again.")

    def _handle_index(self, index: Index, options: dict[str, Any]) -> int:
        waiting = mark_stale(index, forced=options["all"])
        if not options["queue"]:
            return self._index(index, options["batch_size"], options["verbosity"])
        if waiting and not send_task(index.label):
            raise CommandError(f"No task can be sent: check {task_queue().setting}, or index without --queue.")
        self.stdout.write(f"{index.label}: {waiting} sent to the workers.")
        return 0

    def _index(self, index: Index, batch_size: int | None, verbosity: int) -> int:
        started = time.monotonic()
        line = ProgressLine(index, self.stdout)
        report = index_pending(index, batch_size=batch_size, progress=lambda _report: line.show(), wait=True)
        line.close()
        statistics.refresh(index)
        self.stdout.write(
            f"{index.label}: {report.indexed} indexed, {report.failed} failed, "
            f"{report.forgotten} forgotten in {duration(time.monotonic() - started)}."
        )
        if report.failed:
            self.stderr.write("\n".join(failure_lines(index.label, failures(index), report.failed)))
        if verbosity > 1:
            self.stdout.write(
                f"{index.label}: {report.photos} photos encoded; the models worked for {report.encoder_busy_s:.1f} s "
                f"and waited for something to encode for {report.encoder_waited_s:.1f} s."
            )
        return report.failed
