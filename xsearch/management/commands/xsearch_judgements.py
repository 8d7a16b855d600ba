"""``manage.py xsearch_judgements --out QUERIES.jsonl [--pairs PAIRS.jsonl] [--key sku]``"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.conf import settings
from xsearch.evaluation import EvaluationError
from xsearch.evaluation.evaluate import check_key
from xsearch.index.registry import get_index
from xsearch.visitors.judgements import judged_queries, pair_lines, query_lines


class Command(BaseCommand):
    help = (
        "Write what customers opened and bought, corrected for where it stood, as judged queries for xsearch_evaluate "
        "and xsearch_tune, and as pairs of words and objects to train with. Only queries of several people count."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="QUERIES.jsonl", help="for the judged queries")
        parser.add_argument("--pairs", type=Path, metavar="PAIRS.jsonl", help="for the pairs")
        parser.add_argument("--key", default="pk", help="the field to name objects by, unique and of one value")
        parser.add_argument("--model", help="the model, if several are registered: app.Model")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            index = get_index(options["model"])
            check_key(index, options["key"])
        except (LookupError, EvaluationError) as error:
            raise CommandError(str(error.args[0])) from error
        judged = list(judged_queries(index))
        queries = _write(options["out"], query_lines(index, judged, options["key"]))
        self.stdout.write(f"{queries} judged queries: {options['out']}")
        if options["pairs"]:
            pairs = _write(options["pairs"], pair_lines(index, judged, options["key"]))
            self.stdout.write(f"{pairs} pairs: {options['pairs']}")
        if not queries:
            self.stdout.write(f"Nothing yet that {settings.MIN_ASKERS} people searched for and opened something of.")


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Write ``lines`` as JSON, one a line, and return how many there are."""
    written = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
    try:
        path.write_text("".join(written), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    return len(written)
