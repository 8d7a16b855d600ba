"""Print how fast search, encoders and indexing are."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.benchmark.report import PARTS, BenchmarkRequest, as_table, draw_growth, measure
from xsearch.index.registry import Index, get_index

#: What parts need beyond the base install.
_NEEDS = {"models": ("torch", "transformers", "tokenizers", "onnx", "onnxscript")}


class Command(BaseCommand):
    """``xsearch_benchmark [--part PART …] [--sizes N …] [--plot FILE] [--json]``."""

    help = (
        "Measure queries, indexing and memory on the catalogue in the database (catalogue), the bundled encoder"
        " (bundled), torch against exported models in their real shapes (models), bulk indexing (bulk), and search"
        " (growth), suggestions (suggest) and swaps of vectors during searches and saves (swap) over made-up"
        " catalogues. These live in a database of their own, which is dropped at the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--part", action="append", choices=PARTS, help="Only this part; may be repeated.")
        parser.add_argument("--model", metavar="app.Model", help="Which index, where there are several.")
        parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="Products.")
        parser.add_argument("--repeats", type=int, default=100, help="Queries of each kind.")
        parser.add_argument("--products", type=int, default=256, help="Products that are indexed in bulk.")
        parser.add_argument("--recording", type=Path, help="A spoken query, to time voice queries too.")
        parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="Draw how times grow with the catalogue.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plot"] and find_spec("matplotlib") is None:
            raise CommandError("--plot needs matplotlib: pip install 'django-xsearch[plot]'")
        index = get_index(options["model"])
        request = BenchmarkRequest(
            parts=self._parts(index, options["part"]),
            sizes=options["sizes"],
            repeats=max(options["repeats"], 1),
            products=max(options["products"], 1),
            recording=_content(options["recording"]),
            progress=lambda line: self.stderr.write(f"{time.strftime('%H:%M:%S')} {line} …"),
        )
        figures = measure(index, request)
        if options["plot"]:
            draw_growth(figures, options["plot"])
        self.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) if options["json"] else as_table(figures))

    def _parts(self, index: Index, requested: list[str] | None) -> list[str]:
        """Return the parts that can be measured; report the others, and fail if one of them was asked for."""
        possible = []
        for part in requested or PARTS:
            reason = self._obstacle(index, part)
            if reason and requested:
                raise CommandError(reason)
            if reason:
                self.stderr.write(f"Left out {part}: {reason}")
            else:
                possible.append(part)
        return possible

    def _obstacle(self, index: Index, part: str) -> str:
        if part == "catalogue" and not index.get_queryset().exists():
            return f"{index.label} is empty: load a catalogue first."
        missing = [name for name in _NEEDS.get(part, ()) if find_spec(name) is None]
        if missing:
            return f"{', '.join(missing)} is not installed: pip install 'django-xsearch[export]'"
        return ""


def _content(recording: Path | None) -> bytes | None:
    try:
        return recording.read_bytes() if recording else None
    except OSError as error:
        raise CommandError(f"The recording {recording} cannot be read: {error.strerror}.") from error
