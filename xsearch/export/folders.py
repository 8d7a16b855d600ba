"""The destination folder of an export: complete or absent, and never another's files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xsearch.encoders.onnx.manifest import NAME


class ExportError(Exception):
    """A checkpoint cannot be exported; the message says why, and what to do."""


@contextmanager
def staged(dest: Path, *, replace: bool) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to ``dest`` at the end, or removed on an error.

    Raises ``ExportError`` if ``dest`` exists, unless it is empty, or an export and ``replace`` is set.
    """
    _refuse(dest, replace)
    dest.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        new, old = work / "new", work / "old"
        new.mkdir()
        yield new
        if dest.exists():
            dest.rename(old)
        new.rename(dest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse(dest: Path, replace: bool) -> None:
    if not dest.exists() or (dest.is_dir() and not any(dest.iterdir())):
        return
    if not (dest / NAME).is_file():
        raise ExportError(f"{dest} is there and is no exported model. Choose a new folder.")
    if not replace:
        raise ExportError(f"{dest} has an exported model already. Choose a new folder, or replace it: --force")
