"""Load every model that the registered indexes use, and say what each took."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.warming import WarmedUp, memory_mb, warm_up


class Command(BaseCommand):
    """``xsearch_warm_up [--json]``."""

    help = "Load every encoder and recogniser in use, let each do its work once, and print what it took."
    requires_system_checks = []  # it says itself what cannot work

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = warm_up()
        if options["json"]:
            rows = [asdict(one) for one in found]
            self.stdout.write(json.dumps({"models": rows, "memory_mb": round(memory_mb(), 1)}, indent=2))
        else:
            for one in found:
                self.stdout.write(_line(one))
            self.stdout.write(f"Memory of this process: {memory_mb():.0f} MB")
        failed = sorted({one.name for one in found if one.error})
        if failed:
            raise CommandError(f"These cannot work, see above: {', '.join(failed)}.")


def _line(one: WarmedUp) -> str:
    name = f"{one.name:24} {one.kind:8}"
    if one.error:
        return f"{name} FAILED: {one.error}"
    return f"{name} {one.seconds:6.2f} s {one.memory_mb:7.1f} MB   {one.facts}"
