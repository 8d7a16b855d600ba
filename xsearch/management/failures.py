"""Failed objects in the output of commands: which and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_ERROR_CHARACTERS = 300


def failure_lines(label: str, failures: Sequence[dict[str, Any]], total: int) -> Iterator[str]:
    """Yield a line for each of ``failures`` (see ``indexing.status.failures``), and one that counts the others."""
    for failure in failures:
        error = "; ".join(failure["error"].splitlines())
        if len(error) > _ERROR_CHARACTERS:
            error = error[:_ERROR_CHARACTERS] + " …"
        name = " ".join(failure["object"].split())
        yield f"  ! {label} {failure['key']}{f' ({name})' if name else ''}: {error or 'no error was recorded'}"
    if total > len(failures):
        yield f"  ! {total - len(failures)} more failed; the admin lists all of them under Index records."
