"""The manifest of an exported folder: its model, its vectors, and the preprocessing of each modality."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xsearch.encoders.base import EncoderError

#: Version of the format; raise it whenever older folders can no longer be read.
FORMAT = 1
NAME = "manifest.json"
TOKENIZER = "tokenizer.json"
FILTERS = "filters.npy"


@dataclass(frozen=True)
class Manifest:
    """Facts about an export; ``towers`` holds the ``kind`` and the parameters of each modality's front end."""

    model: str
    revision: str | None
    family: str
    precision: str
    fingerprint: str
    dimension: int
    towers: dict[str, dict[str, Any]]

    def files(self) -> list[str]:
        """Return the names of the export's files, without the manifest."""
        extra = {"tokens": TOKENIZER, "log_mel": FILTERS}
        kinds = [facts["kind"] for facts in self.towers.values()]
        return [*map(graph_name, self.towers), *(extra[kind] for kind in kinds if kind in extra)]

    def export_again(self, folder: Path) -> str:
        """Return the command that exports to ``folder`` again."""
        revision = f" --revision {self.revision}" if self.revision else ""
        return f"python manage.py xsearch_export {self.model} {folder}{revision} --precision {self.precision} --force"

    def write(self, folder: Path) -> None:
        """Write the manifest into ``folder``."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=2)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of ``folder`` and check that its files are there; raises ``EncoderError``."""
        path, export = folder / NAME, f"python manage.py xsearch_export MODEL {folder}"
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise EncoderError(f"There is no exported model in {folder} (no {NAME}). Export one: {export}") from error
        except (OSError, ValueError) as error:
            raise EncoderError(f"{path} cannot be read: {error}. Export again: {export} --force") from error
        stored = stored if isinstance(stored, dict) else {}
        export = export.replace("MODEL", str(stored.get("model", "MODEL")))
        if stored.get("format") != FORMAT:
            problem = f"{path} has the format {stored.get('format')!r}, and this django-xsearch reads {FORMAT}."
            raise EncoderError(f"{problem} Upgrade django-xsearch, or export again: {export} --force")
        try:
            manifest = cls(**{name: stored[name] for name in cls.__dataclass_fields__})
            files = manifest.files()
        except (KeyError, TypeError, AttributeError) as error:
            raise EncoderError(f"{path} is not complete ({error}). Export again: {export} --force") from error
        missing = [name for name in files if not (folder / name).is_file()]
        if missing:
            cure = manifest.export_again(folder)
            raise EncoderError(f"{folder} lacks {', '.join(missing)}. Copy the whole folder, or export again: {cure}")
        return manifest


def graph_name(modality: str) -> str:
    """Return the name of the file with the graph of one modality's tower."""
    return f"{modality}.onnx"
