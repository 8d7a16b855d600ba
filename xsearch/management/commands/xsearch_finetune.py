"""``manage.py xsearch_finetune [app.Model] --out FOLDER [--install]``"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.conf import settings
from xsearch.encoders import EncoderError, get_encoder
from xsearch.index.registry import get_index
from xsearch.indexing.adapters import install
from xsearch.management.progress import clean_exit

if TYPE_CHECKING:
    from xsearch.training.finetune import FinetuneOptions, Report
    from xsearch.training.trial import RankComparison

_CURE = "Install it: pip install 'django-xsearch[train]'"


class Command(BaseCommand):
    help = (
        "Train an adapter behind an encoder on this shop's catalogue, and print how well products are found with and"
        " without it. A run that was interrupted goes on when the same command is given again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", metavar="app.Model", help="the model to learn from, if several")
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the adapter and the run")
        parser.add_argument("--encoder", metavar="ALIAS", help="default: the encoder of photos in the settings")
        parser.add_argument("--install", action="store_true", help="use the adapter if it is better")
        parser.add_argument("--kind", choices=("low_rank", "projection"), default="low_rank", help="of adapter")
        parser.add_argument("--rank", type=int, default=32, help="of a low_rank adapter; default: 32")
        parser.add_argument("--weighting", choices=("fixed", "uncertainty"), default="fixed", help="of the losses")
        parser.add_argument("--steps", type=int, default=600, help="of training, at most; default: 600")
        parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate; default: 0.001")
        parser.add_argument("--views", type=int, default=6, help="of each photo that training sees; default: 6")
        parser.add_argument("--folds", type=int, default=5, help="of the cross-validation; default: 5")
        parser.add_argument("--limit", type=int, default=5000, help="products to learn from, at most; default: 5000")
        parser.add_argument("--device", default="auto", help="auto, cpu, cuda, … of training; default: auto")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        _check(options)
        with clean_exit():
            report = self._report(options)
        if options["json"]:
            self.stdout.write(json.dumps(report.manifest, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(_table(report)))
        if options["install"]:
            self._install(report)
        elif not options["json"]:
            self.stdout.write("\n".join(_advice(report)))

    def _report(self, options: dict[str, Any]) -> Report:
        try:
            from xsearch.evaluation import EvaluationError
            from xsearch.evaluation.metrics import statistics
            from xsearch.training.catalogue import read_catalogue
            from xsearch.training.finetune import FinetuneError, finetune
            from xsearch.training.loop import TrainingError
        except ImportError as error:
            raise CommandError(f"Fine-tuning needs a package that is missing ({error}). {_CURE}") from error
        plan = _plan(options)
        try:
            statistics()
            catalogue = read_catalogue(get_index(options["model"]), options["limit"], plan.seed)
            return finetune(catalogue, get_encoder(plan.alias), plan, self.stderr.write)
        except (EncoderError, EvaluationError, FinetuneError, TrainingError, LookupError) as error:
            raise CommandError(str(error.args[0])) from error
        except OSError as error:
            cure = f"See that {plan.folder} can be written, and that the storage of the photos answers."
            raise CommandError(f"{error}. {cure}") from error

    def _install(self, report: Report) -> None:
        if report.verdict.reasons:
            raise CommandError("Not installed: " + "; ".join(report.verdict.reasons) + ".")
        adapter = install(report.manifest["encoder"], report.file.read_bytes())
        self.stderr.write(
            f"Installed {adapter}. New vectors are built beside the live ones by the workers, or by xsearch_rebuild."
        )


def _check(options: dict[str, Any]) -> None:
    alias = options["encoder"] or settings.EMBEDDINGS.get("image")
    if alias is None:
        raise CommandError("XSEARCH['EMBEDDINGS']['image'] is None. Name the encoder: --encoder ALIAS")
    if alias not in settings.ENCODERS:
        raise CommandError(f"No encoder {alias!r} in XSEARCH['ENCODERS']. Configured: {', '.join(settings.ENCODERS)}.")
    for name, least in (("rank", 1), ("steps", 1), ("views", 1), ("folds", 2), ("limit", 1)):
        if options[name] < least:
            raise CommandError(f"--{name} must be at least {least}.")
    if not options["rate"] > 0:
        raise CommandError("--rate must be above 0.")


def _plan(options: dict[str, Any]) -> FinetuneOptions:
    from xsearch.training.adapter import Recipe
    from xsearch.training.finetune import FinetuneOptions
    from xsearch.training.material import Amounts

    recipe = Recipe(**{name: options[name] for name in ("kind", "rank", "steps", "rate", "weighting")})
    return FinetuneOptions(
        alias=options["encoder"] or settings.EMBEDDINGS["image"],
        folder=options["out"].expanduser(),
        recipe=recipe,
        amounts=Amounts(views=options["views"]),
        **{name: options[name] for name in ("folds", "seed", "device")},
    )


def _table(report: Report) -> list[str]:
    counts = report.manifest["counts"]
    lines = [
        f"{counts['products']} products with {counts['photos']} photos, {counts['captions']} captions, "
        f"{counts['clicked_together']} pairs clicked together; every product tried by an adapter that never saw it.",
        "",
        f"{'query':12}{'':8}products  recall@1  recall@5  recall@10     MRR  95 % interval    difference       p",
    ]
    for kind, comparison in report.verdict.kinds.items():
        lines += _rows(kind, comparison)
    overall = report.verdict.overall
    return [*lines, f"{'all':75}{'':17}{overall.mean:>+10.3f}{overall.p_value:>8.4f}"]


def _rows(kind: str, comparison: RankComparison) -> list[str]:
    difference = f"{comparison.difference.mean:>+12.3f}{comparison.difference.p_value:>8.4f}"
    before = _row(f"{kind:12}{'before':8}", comparison.products, comparison.before, comparison.before_interval)
    after = _row(f"{'':12}{'after':8}", comparison.products, comparison.after, comparison.after_interval)
    return [before, after + difference]


def _row(start: str, products: int, figures: dict[str, float], interval: tuple[float, float]) -> str:
    recalls = "".join(f"{figures[f'recall@{cut}']:>10.3f}" for cut in (1, 5, 10))
    return f"{start}{products:>8}{recalls}{figures['mrr']:>9.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]"


def _advice(report: Report) -> list[str]:
    if report.verdict.reasons:
        return ["", "Not better: " + "; ".join(report.verdict.reasons) + ". Keep the encoder as it is."]
    return ["", f"Better. It is in {report.file.parent}. To use it, give the same command with --install."]
