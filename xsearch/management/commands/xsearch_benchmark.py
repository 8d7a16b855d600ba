"""Print how fast search and indexing are on the catalogue in the database."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.benchmark import catalogue as benchmark
from xsearch.registry import Index, get_index


class Command(BaseCommand):
    """``xsearch_benchmark [--model app.Model] [--repeats N] [--recording FILE] [--json]``."""

    help = "Measure queries, encoders, indexing and memory on the catalogue in the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", metavar="app.Model", help="Which index, where there are several.")
        parser.add_argument("--repeats", type=int, default=100, help="Queries of each kind.")
        parser.add_argument("--recording", type=Path, help="A spoken query, to time voice queries too.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        index = get_index(options["model"])
        if not index.get_queryset().exists():
            raise CommandError(f"{index.label} is empty: load a catalogue first.")
        figures = self._measure(index, max(options["repeats"], 1), options["recording"])
        if options["json"]:
            self.stdout.write(json.dumps(figures, indent=2))
            return
        for part, values in figures.items():
            self.stdout.write(f"{part}:")
            for name, value in values.items():
                self.stdout.write(f"  {name:22} {value}")

    def _measure(self, index: Index, repeats: int, recording: Path | None) -> dict[str, Any]:
        try:
            spoken = recording.read_bytes() if recording else None
        except OSError as error:
            raise CommandError(f"The recording {recording} cannot be read: {error.strerror}.") from error
        figures: dict[str, Any] = {
            "indexing": benchmark.measure_indexing(index),
            "encoder": benchmark.measure_encoders(index, repeats),
            "queries": benchmark.measure_queries(index, repeats, spoken),
        }
        if photo := benchmark.first_photo(index):
            with tempfile.TemporaryDirectory() as folder:
                figures["memory"] = benchmark.measure_memory(index, photo, folder)
        return figures
