"""``manage.py xsearch_tune QUERIES.jsonl --key sku``"""

from __future__ import annotations

import json
from pathlib import Path
from pprint import pformat
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.evaluation import EvaluationError, read_judgements
from xsearch.evaluation.tune import BESIDE_PHOTO, Half, Tuning, tune
from xsearch.index.registry import get_index


class Command(BaseCommand):
    help = "Find better fusion weights on one half of the judged queries, and test them on the other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="QUERIES.jsonl", help="one judged query a line")
        parser.add_argument("--key", default="pk", help="the field that `relevant` names objects by")
        parser.add_argument("--model", help="the model to search, if several are registered: app.Model")
        parser.add_argument("--seed", type=int, default=0, help="how the queries are split into halves")
        parser.add_argument("--cut-off", action="store_true", help="tune CUT_OFF too; needs queries that nothing suits")
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        tuning = self._tune(options)
        if options["json"]:
            figures = {"seed": options["seed"], **tuning.as_dict()}
            self.stdout.write(json.dumps(figures, ensure_ascii=False, indent=2))
            return
        self.stdout.write("\n".join([*_table(tuning), "", *_advice(tuning)]))

    def _tune(self, options: dict[str, Any]) -> Tuning:
        more = (*BESIDE_PHOTO, "CUT_OFF") if options["cut_off"] else BESIDE_PHOTO
        path: Path = options["file"]
        try:
            with path.open("rb") as lines:
                judgements = list(read_judgements(lines, path.parent))
            return tune(
                get_index(options["model"]),
                judgements,
                key=options["key"],
                seed=options["seed"],
                more=more,
                progress=self.stderr.write if options["verbosity"] else lambda _line: None,
            )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except (EvaluationError, LookupError) as error:
            raise CommandError(str(error.args[0])) from error


def _table(tuning: Tuning) -> list[str]:
    lines = [f"{'nDCG@10':12} queries   present  95 % interval     found  95 % interval    difference       p"]
    lines += [_line("fitted to", tuning.fitted), _line("held out", tuning.held_out)]
    for kind, difference in tuning.held_out.by_kind.items():
        if difference.mean:
            lines.append(f"  {kind:70}{difference.mean:>+12.3f}{difference.p_value:>8.4f}")
    return lines + [f"skipped line {each.line}: {each.reason}" for each in tuning.skipped]


def _line(name: str, half: Half) -> str:
    before = f"{half.before:>10.3f}  [{half.before_interval.low:.3f}, {half.before_interval.high:.3f}]"
    after = f"{half.after:>10.3f}  [{half.after_interval.low:.3f}, {half.after_interval.high:.3f}]"
    return f"{name:12}{half.queries:>8}{before}{after}{half.difference.mean:>+12.3f}{half.difference.p_value:>8.4f}"


def _advice(tuning: Tuning) -> list[str]:
    if not tuning.found:
        return ["Nothing better was found: keep the present settings."]
    name = "XSEARCH = "
    snippet = name + pformat(tuning.found, sort_dicts=False).replace("\n", "\n" + " " * len(name))
    if not tuning.is_better:
        return [
            "What was found is not better, beyond chance, on queries that it was not fitted to: keep the present",
            "settings, or judge more queries. It was:",
            snippet,
        ]
    return ["Better on queries that it was not fitted to. To take it over:", snippet]
