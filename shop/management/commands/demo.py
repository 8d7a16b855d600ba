"""``manage.py demo``: the demonstration shop with everything it needs, until Ctrl-C."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.demo.errors import DemoError
from shop.demo.run import Demo


class Command(BaseCommand):
    help = "Start the demonstration shop: database, worker, timer and web server; Ctrl-C stops all of it."
    requires_system_checks: list[str] = []  # the database is not there yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=_number("PORT") or 8000)
        parser.add_argument("--products", type=int, default=_number("DEMO_PRODUCTS"), help="a smaller catalogue")
        parser.add_argument("--follow-parent", action="store_true", help="stop when the calling process is gone")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["products"] is not None and options["products"] < 1:
            raise CommandError(f"--products must be at least 1, not {options['products']}.")
        demo = Demo(
            port=options["port"],
            products=options["products"],
            follow_parent=options["follow_parent"],
            say=self._say,
        )
        try:
            demo.run()
        except DemoError as error:
            raise CommandError(str(error)) from error

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not text.isdecimal():
        raise CommandError(f"{variable}={text} is not a number.")
    return int(text)
