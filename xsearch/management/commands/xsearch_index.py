"""Index what is stale, here or through the workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from xsearch.encoders import EncoderError
from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing import index_pending, statistics
from xsearch.indexing.database import database_alias
from xsearch.indexing.dispatch import send_task
from xsearch.indexing.maintenance import owners_work
from xsearch.indexing.marking import mark_stale
from xsearch.indexing.queues import task_queue
from xsearch.indexing.rebuild import stage_columns
from xsearch.indexing.status import failures
from xsearch.indexing.vector_indexes import create_text_indexes
from xsearch.indexing.worker import columns_without_index, settle
from xsearch.management.failures import failure_lines
from xsearch.management.progress import ProgressLine, clean_exit, duration
from xsearch.models.routing import through_alias


class Command(BaseCommand):
    """``xsearch_index [app.Model ...] [--all] [--batch-size N] [--queue | --indexes-only] [--database ALIAS]``."""

    help = "Index what is stale: new, changed, failed, or encoded by another encoder than the settings name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("models", nargs="*", metavar="app.Model", help="Models to index; all if none is named.")
        parser.add_argument("--all", action="store_true", help="Index everything anew.")
        parser.add_argument("--batch-size", type=int, help="Objects encoded at once.")
        parser.add_argument("--queue", action="store_true", help="Let the workers do it.")
        parser.add_argument(
            "--indexes-only", action="store_true", help="Only create the missing columns and indexes of the database."
        )
        parser.add_argument(
            "--database", metavar="ALIAS", help="Alias to index through: of the tables' owner, or past a pooler."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] is not None and options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        try:
            indexes = [get_index(label) for label in options["models"]] or registered()
        except LookupError as error:
            raise CommandError(str(error)) from error
        if options["database"] not in (None, *connections):
            raise CommandError(f"DATABASES has no {options['database']!r}. It has: {', '.join(connections)}.")
        with clean_exit(), through_alias(options["database"]):
            if options["indexes_only"]:
                self._create_indexes(indexes)
                return
            failed = sum(self._handle_index(index, options) for index in indexes)
        if failed:
            raise CommandError(f"{failed} failed, see above. Put right what is wrong, then run this command again.")

    def _create_indexes(self, indexes: Sequence[Index]) -> None:
        create_text_indexes(using=database_alias())
        for index in indexes:
            try:
                stage_columns(index)
            except EncoderError as error:
                raise CommandError(str(error)) from error
            settle(index)
        if missing := [
            f"{store.table}.{column}" for index in indexes for store, column, _ in columns_without_index(index)
        ]:
            raise CommandError(f"These have no vector index yet, see above why: {', '.join(missing)}.")
        self.stdout.write("All indexes of the database are there.")

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
        if work := owners_work(sorted({store.table for store, _column, _dimension in columns_without_index(index)})):
            self.stderr.write(work)
        if verbosity > 1:
            self.stdout.write(
                f"{index.label}: {report.photos} photos encoded; the models worked for {report.encoder_busy_s:.1f} s "
                f"and waited for something to encode for {report.encoder_waited_s:.1f} s."
            )
        return report.failed
