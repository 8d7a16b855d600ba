"""``manage.py make_catalogue [FOLDER] [--products N] [--processes N]``"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools.demo_catalogue.write import write_catalogue


class Command(BaseCommand):
    help = "Render the demonstration catalogue: pictures, sounds, texts, and queries to try."
    requires_system_checks: list[str] = []  # needs no database

    def add_arguments(self, parser: CommandParser) -> None:
        folder = Path(settings.CATALOGUE_DIR)
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help=f"default: {folder}")
        parser.add_argument("--out", type=Path, default=folder, help="the same, as an option")
        parser.add_argument("--products", type=int, help="only so many, of as many kinds as possible")
        parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 8))

    def handle(self, *_args: Any, **options: Any) -> None:
        for name in ("products", "processes"):
            if options[name] is not None and options[name] < 1:
                raise CommandError(f"--{name} must be at least 1, not {options[name]}.")
        folder, started = options["folder"] or options["out"], time.monotonic()
        loud = options["verbosity"] > 0
        count = write_catalogue(
            folder,
            products=options["products"],
            processes=options["processes"],
            progress=self._progress if loud else lambda _done, _total: None,
        )
        if loud:
            self.stdout.write(f"{count} products in {folder} after {time.monotonic() - started:.0f} s")

    def _progress(self, done: int, total: int) -> None:
        on_screen = self.stdout.isatty()
        if done % (10 if on_screen else 100) == 0 or done == total:
            ending = "\r" if on_screen and done < total else "\n"
            self.stdout.write(f"  {done} of {total} products drawn", ending=ending)
            self.stdout.flush()
