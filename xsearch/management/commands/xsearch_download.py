"""Fetches models ahead of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.checkpoints.hub import CheckpointReference, choose, fetch
from xsearch.checkpoints.local import CheckpointError


class Command(BaseCommand):
    """``xsearch_download [alias|model ...] [--revision R] [--dest FOLDER] [--force]``."""

    help = "Fetch the models that the settings name, and check those that are here."
    requires_system_checks = []  # one of them asks for this command

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="alias|model", help="Default: all models of the settings.")
        parser.add_argument("--revision", help="Commit, tag or branch of the hub, in place of the settings'.")
        parser.add_argument("--dest", type=Path, help="Write plain folders owner/name here, to copy elsewhere.")
        parser.add_argument("--force", action="store_true", help="Fetch again what is here, because it is damaged.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revision"] and not options["names"]:
            raise CommandError("--revision needs the model that it is of: xsearch_download MODEL --revision REVISION")
        chosen = choose(options["names"], options["revision"])
        if not chosen:
            self.stdout.write("The settings name no model: no OPTIONS['model'] in XSEARCH. Nothing to fetch.")
        failed = [wanted.model for wanted in chosen if not self._fetch(wanted, options)]
        if failed:
            raise CommandError(f"Not usable: {', '.join(failed)}.")

    def _fetch(self, wanted: CheckpointReference, options: dict[str, Any]) -> bool:
        self.stdout.write(f"{wanted.model}" + (f" ({wanted.used_by})" if wanted.used_by else ""))
        try:
            checkpoint = fetch(wanted, folder=options["dest"], force=options["force"])
        except CheckpointError as error:
            self.stderr.write(f"  {error.problem}\n  → {error.cure}")
            return False
        size = sum(file.stat().st_size for file in checkpoint.weights) / 1e6
        self.stdout.write(f"  {checkpoint.folder}\n  whole: {checkpoint.model_type}, {size:,.1f} MB of weights")
        if checkpoint.revision and wanted.revision != checkpoint.revision:
            self.stdout.write(f'  pin it: "revision": "{checkpoint.revision}"')
        return True
