"""``manage.py xsearch_export MODEL_OR_ALIAS DEST``"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xsearch.checkpoints.local import Checkpoint, CheckpointError, locate
from xsearch.conf import settings
from xsearch.encoders import EncoderError
from xsearch.export import PRECISIONS, ExportError, ExportReport, export_checkpoint
from xsearch.management.progress import clean_exit

BACKEND = "xsearch.encoders.onnx.OnnxEncoder"


class Command(BaseCommand):
    help = "Export a checkpoint of the hub to ONNX, so that it is served fast and without torch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", metavar="MODEL_OR_ALIAS", help="hub name, folder, or alias in XSEARCH['ENCODERS']")
        parser.add_argument("dest", type=Path, metavar="DEST", help="the folder to write")
        parser.add_argument("--revision", help="commit, tag or branch of the hub")
        parser.add_argument("--precision", choices=PRECISIONS, default="int8", help="default: int8")
        parser.add_argument("--min-cosine", type=float, help="least cosine to torch's vectors; default by precision")
        parser.add_argument("--force", action="store_true", help="replace the export in DEST")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with clean_exit():
                report = export_checkpoint(
                    _checkpoint(options["model"], options["revision"]),
                    options["dest"],
                    options["precision"],
                    min_cosine=options["min_cosine"],
                    force=options["force"],
                )
        except (CheckpointError, EncoderError, ExportError) as error:
            raise CommandError(str(error)) from error
        except ImportError as error:
            cure = "Install: pip install 'django-xsearch[export]'"
            raise CommandError(f"The export needs a package that is missing ({error}). {cure}") from error
        except OSError as error:
            raise CommandError(f"{options['dest']} cannot be written: {error}.") from error
        self._show(report)

    def _show(self, report: ExportReport) -> None:
        for modality, tower in report.towers.items():
            self.stdout.write(
                f"{modality:6} {tower.size_bytes / 1e6:8.1f} MB   cosine to torch: "
                f"mean {tower.cosine_mean:.5f}, least {tower.cosine_min:.5f}"
            )
        self.stdout.write(f"Written to {report.folder}. To use it, name it in the settings and index again:")
        self.stdout.write(
            f'  "ENCODERS": {{"…": {{"BACKEND": "{BACKEND}", "OPTIONS": {{"path": "{report.folder}"}}}}}}'
        )
        self.stdout.write("  python manage.py xsearch_index")


def _checkpoint(model: str, revision: str | None) -> Checkpoint:
    """Find what ``model`` names: an encoder of the settings that has a model, or a model."""
    chosen = settings.ENCODERS.get(model, {}).get("OPTIONS", {})
    if model in settings.ENCODERS and "model" not in chosen:
        raise ExportError(f"The encoder {model!r} of the settings has no OPTIONS['model'] that could be exported.")
    return locate(chosen.get("model", model), revision=revision or chosen.get("revision"))
