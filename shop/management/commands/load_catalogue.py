"""``manage.py load_catalogue FILE.jsonl [--products N] [--clear]``"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.loading import CatalogueError, Report, load_catalogue


class Command(BaseCommand):
    help = "Load a catalogue: one JSON object a line; what the shop has already (by id) is updated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl")
        parser.add_argument("--products", type=int, metavar="N", help="only so many, spread evenly over the file")
        parser.add_argument("--clear", action="store_true", help="remove all products and their files first")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["products"] is not None and options["products"] < 1:
            raise CommandError(f"--products must be at least 1, not {options['products']}.")

        def progress(done: int, total: int) -> None:
            if options["verbosity"] > 1 or (total > 1000 and done % 1000 == 0 and options["verbosity"]):
                self.stdout.write(f"  {done} of {total} products")

        try:
            report = load_catalogue(
                options["file"],
                products=options["products"],
                clear=options["clear"],
                notify=lambda notice: self.stderr.write(str(notice)),
                progress=progress,
            )
        except CatalogueError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(_summary(report))


def _summary(report: Report) -> str:
    outcomes = report.outcomes
    return (
        f"Loaded {report.loaded} products ({outcomes['created']} new, {outcomes['changed']} changed, "
        f"{outcomes['unchanged']} unchanged); skipped {report.skipped} lines."
    )
