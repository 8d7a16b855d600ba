"""``manage.py xsearch_evaluate QUERIES.jsonl --key sku``"""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from xsearch.api.fields import WeightsField
from xsearch.api.problems import first_message
from xsearch.evaluation import Evaluation, EvaluationError, evaluate, read_judgements
from xsearch.evaluation.table import as_table
from xsearch.registry import Index, get_index


class Command(BaseCommand):
    help = "Measure the search on judged queries: recall, MRR, nDCG and latency, overall and per kind of query."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="QUERIES.jsonl", help="one judged query a line")
        parser.add_argument("--key", default="pk", help="the field that `relevant` names objects by")
        parser.add_argument("--model", help="the model to search, if several are registered: app.Model")
        parser.add_argument(
            "--weights", type=_weights, help="how much each part counts: text=1,image=0.5 or a JSON object"
        )
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            evaluation = self._evaluate(_index(options["model"]), options)
        except EvaluationError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        if not evaluation.overall["queries"]:
            self.stderr.write(as_table(evaluation))
            raise CommandError(f"{options['file']} holds no query that could be run.")
        self.stdout.write(
            json.dumps(evaluation.as_dict(), ensure_ascii=False, indent=2) if options["json"] else as_table(evaluation)
        )

    def _evaluate(self, index: Index, options: dict[str, Any]) -> Evaluation:
        def progress(done: int) -> None:
            if options["verbosity"] > 1 and done % 100 == 0:
                self.stderr.write(f"{done} queries")

        path: Path = options["file"]
        with path.open("rb") as lines:
            return evaluate(
                index,
                read_judgements(lines, path.parent),
                key=options["key"],
                weights=options["weights"],
                progress=progress,
            )


def _index(label: str | None) -> Index:
    try:
        return get_index(label)
    except LookupError as error:
        raise CommandError(str(error.args[0])) from error


def _weights(text: str) -> dict[str, float]:
    try:
        return WeightsField().to_internal_value(text)
    except ValidationError as error:
        raise ArgumentTypeError(first_message(error.detail)) from error
