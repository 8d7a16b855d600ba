"""``manage.py xsearch_evaluate QUERIES.jsonl --key sku``"""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from xsearch.evaluation import (
    Configuration,
    Evaluation,
    EvaluationError,
    JudgedQuery,
    Skipped,
    compare,
    evaluate,
    parse_configuration,
    read_judgements,
)
from xsearch.evaluation.table import as_comparison, as_table
from xsearch.index.registry import Index, get_index
from xsearch.web.problems import first_message
from xsearch.web.requests import WeightsField


class Command(BaseCommand):
    help = "Measure the search on judged queries: recall, MRR, nDCG and latency, overall and per kind of query."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="QUERIES.jsonl", help="one judged query a line")
        parser.add_argument("--key", default="pk", help="the field that `relevant` names objects by")
        parser.add_argument("--model", help="the model to search, if several are registered: app.Model")
        parser.add_argument(
            "--weights", type=_weights, help="how much each part counts: text=1,image=0.5 or a JSON object"
        )
        parser.add_argument(
            "--compare",
            type=_configuration,
            action="append",
            metavar="CONFIGURATION",
            help='another way to search: text=0 (weights), \'NAME={"FUSION": "rrf"}\' (settings); may be repeated',
        )
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            index = get_index(options["model"])
            with options["file"].open("rb") as lines:
                judgements = list(read_judgements(lines, options["file"].parent))
            if options["compare"]:
                self._compare(index, judgements, options)
            else:
                self._evaluate(index, judgements, options)
        except (EvaluationError, LookupError) as error:
            raise CommandError(str(error.args[0])) from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error

    def _evaluate(self, index: Index, judgements: list[JudgedQuery | Skipped], options: dict[str, Any]) -> None:
        evaluation = evaluate(
            index, judgements, key=options["key"], weights=options["weights"], progress=self._progress(options)
        )
        self._check(evaluation, options)
        self._print(evaluation.as_dict() if options["json"] else as_table(evaluation))

    def _compare(self, index: Index, judgements: list[JudgedQuery | Skipped], options: dict[str, Any]) -> None:
        base = Configuration("present", weights=options["weights"] or {})
        compared = compare(
            index, judgements, [base, *options["compare"]], key=options["key"], progress=self._progress(options)
        )
        for comparison in compared:
            self._check(comparison.evaluation, options)
        first, *others = compared
        as_dict = {**first.evaluation.as_dict(), "compared": [other.as_dict() for other in others]}
        self._print(as_dict if options["json"] else as_comparison(compared))

    def _progress(self, options: dict[str, Any]) -> Callable[[int], None]:
        def progress(done: int) -> None:
            if options["verbosity"] > 1 and done % 100 == 0:
                self.stderr.write(f"{done} queries")

        return progress

    def _check(self, evaluation: Evaluation, options: dict[str, Any]) -> None:
        if not evaluation.overall["queries"]:
            self.stderr.write(as_table(evaluation))
            raise CommandError(f"{options['file']} holds no query that could be run.")

    def _print(self, answer: dict[str, Any] | str) -> None:
        self.stdout.write(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=2))


def _configuration(text: str) -> Configuration:
    try:
        return parse_configuration(text)
    except EvaluationError as error:
        raise ArgumentTypeError(str(error)) from error


def _weights(text: str) -> dict[str, float]:
    try:
        return WeightsField().to_internal_value(text)
    except ValidationError as error:
        raise ArgumentTypeError(first_message(error.detail)) from error
