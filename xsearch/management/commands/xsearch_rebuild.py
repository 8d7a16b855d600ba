"""Change to the configured encoders without downtime, and back."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.encoders import EncoderError
from xsearch.index.registry import Index, get_index, registered
from xsearch.index.stores import MODALITIES
from xsearch.indexing import marking, outbox, rebuild
from xsearch.indexing.maintenance import NotOwnerError, TableBusyError
from xsearch.indexing.spaces import bound_modalities, live_spaces, target_encoder
from xsearch.indexing.worker import index_pending, settle
from xsearch.management.progress import ProgressLine, clean_exit, duration
from xsearch.models import EncoderSpace

_FORMER = EncoderSpace.StagedState.FORMER
_SLICE_S = 30.0
_PAUSE_S = 1.0
_REMIND_S = 10.0


class Command(BaseCommand):
    """``xsearch_rebuild [app.Model ...] [--batch-size N] [--rollback | --forget] [--column COLUMN …]``."""

    help = (
        "Build the vectors of the configured encoders, and their indexes, beside the live ones, and swap them in a"
        " moment. Searches and saves go on meanwhile. It may be stopped or killed at any time: start it again, and it"
        " goes on where it was."
    )

    _reminded_at = float("-inf")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("models", nargs="*", metavar="app.Model", help="Models to rebuild; all if none is named.")
        parser.add_argument("--batch-size", type=int, help="Objects encoded at once.")
        parser.add_argument("--column", action="append", choices=MODALITIES, help="What to roll back or forget only.")
        action = parser.add_mutually_exclusive_group()
        action.add_argument(
            "--rollback", action="store_true", help="Let the vectors before the last swap be live again."
        )
        action.add_argument("--forget", action="store_true", help="Drop the vectors that are kept to go back to.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch_size"] is not None and options["batch_size"] < 1:
            raise CommandError("--batch-size must be at least 1.")
        if options["column"] and not (options["rollback"] or options["forget"]):
            raise CommandError("--column goes with --rollback or --forget: a rebuild makes all that the settings name.")
        columns = options["column"] or MODALITIES
        try:
            indexes = [get_index(label) for label in options["models"]] or registered()
            if options["rollback"]:
                self._roll_back(indexes, columns)
            elif options["forget"]:
                self._forget(indexes, columns)
            else:
                with clean_exit():
                    for index in indexes:
                        self._rebuild(index, options["batch_size"])
        except (LookupError, rebuild.RebuildError, EncoderError) as error:
            raise CommandError(str(error)) from error

    def _roll_back(self, indexes: list[Index], columns: Any) -> None:
        spaces = [(index, column, live_spaces(index).get(column)) for index in indexes for column in columns]
        former = [(index, column) for index, column, space in spaces if space and space.staged_state == _FORMER]
        if not former:
            raise CommandError("There are no former vectors to go back to: nothing was swapped, or they were dropped.")
        for index, column in former:
            rebuild.roll_back(index, column)
            space = live_spaces(index)[column]
            self.stdout.write(
                f"{index.label}: the {column} vectors of {space.fingerprint} are live again. Set XSEARCH back to their"
                f" encoder; as long as it names {space.staged_fingerprint}, only xsearch_rebuild swaps again."
            )

    def _forget(self, indexes: list[Index], columns: Any) -> None:
        for index in indexes:
            dropped = [column for column in columns if rebuild.drop_staged(index, column)]
            self.stdout.write(f"{index.label}: dropped {', '.join(dropped) or 'nothing'}.")

    def _rebuild(self, index: Index, batch_size: int | None) -> None:
        started = time.monotonic()
        for modality in bound_modalities(index):
            target_encoder(modality).fingerprint  # noqa: B018 - says why it cannot be had, before anything begins
        before = rebuild.unfinished(index)
        if not before:
            self.stdout.write(f"{index.label}: all vectors are those of the configured encoders; nothing to rebuild.")
            return
        rebuild.allow_again(index)
        marking.mark_stale(index)
        failed = self._encode_and_swap(index, batch_size)
        for modality, space in live_spaces(index).items():
            if modality in before:
                change = f"{before[modality].fingerprint} → {space.fingerprint}"
                self.stdout.write(f"{index.label}: {modality} vectors swapped: {change}")
        self.stdout.write(f"{index.label}: rebuilt in {duration(time.monotonic() - started)}, {failed} failed.")

    def _encode_and_swap(self, index: Index, batch_size: int | None) -> int:
        """Work until all is swapped; returns how many objects failed, and raises ``CommandError`` if too many did."""
        failed, line = 0, ProgressLine(index, self.stdout)
        while rebuild.unfinished(index):
            self._stage_columns(index)
            marking.mark_outdated(index)  # workers with other settings may be about
            # Not until nothing waits any more: a shop that changes all the time would never get there.
            report = index_pending(
                index, batch_size=batch_size, limit_s=_SLICE_S, progress=lambda _report: line.show(), settled=False
            )
            failed += report.failed
            self._swap(index, line)
            if rebuild.unfinished(index):
                self._wait(index)
        return failed

    def _swap(self, index: Index, line: ProgressLine) -> None:
        spaces = rebuild.unfinished(index).values()
        reasons = [reason for space in spaces for reason in rebuild.obstacles(index, space)]
        if reasons and not outbox.remaining(index):
            line.close()
            raise CommandError(
                f"{index.label}: {'; '.join(reasons)}. Nothing was swapped; customers go on searching the vectors"
                " before. `manage.py xsearch_status` and the admin say what failed and why; then run this again."
            )
        if not reasons:
            line.close()
            self.stdout.write(f"{index.label}: building the vector indexes that are missing, then swapping …")
            settle(index)

    def _stage_columns(self, index: Index) -> None:
        while True:
            try:
                return rebuild.stage_columns(index)
            except NotOwnerError:
                raise
            except TableBusyError:
                self._wait(index)

    def _wait(self, index: Index) -> None:
        if time.monotonic() - self._reminded_at > _REMIND_S:
            self._reminded_at = time.monotonic()
            self.stdout.write(f"{index.label}: waiting until no long transaction or index build holds its tables …")
        time.sleep(_PAUSE_S)
