"""Print what is indexed, what waits and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from xsearch.indexing.queues import task_queue
from xsearch.indexing.status import status
from xsearch.management.failures import failure_lines


class Command(BaseCommand):
    """``xsearch_status [--json]``."""

    help = "Show what is indexed, by which encoders, what waits and what is wrong."
    requires_system_checks = []  # most useful when something is wrong

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print JSON for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = status()
        except DatabaseError as error:
            reason = str(error).splitlines()[0]
            raise CommandError(f"The database cannot be read ({reason}). Is it there, and migrated?") from error
        text = json.dumps(found, ensure_ascii=False, indent=2) if options["json"] else "\n".join(_lines(found))
        self.stdout.write(text)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for label, model in found["models"].items():
        yield f"{label}: " + ", ".join(f"{count} {name}" for name, count in model["counts"].items())
        yield from failure_lines(label, model["failures"], model["counts"]["failed"])
        for column in model["columns"]:
            yield f"  {column['key']:<16} {_column(column)}"
    queue = found["queue"]
    age = "" if queue["oldest_s"] is None else f", the oldest for {queue['oldest_s']} s"
    yield f"Queue: {queue['waiting']} waiting, {queue['in_work']} in work{age}"
    if queue["stuck"]:
        yield f"  ! Nobody takes what waits: start a worker ({task_queue().worker_command})."
    yield f"Broker: {'answers' if queue['broker'] else '! cannot be reached; the sweep sends what waits later'}"
    used = {alias: encoder for alias, encoder in found["encoders"].items() if encoder["used_for"]}
    for alias, encoder in used.items():
        yield f"Encoder {alias}: {encoder['fingerprint'] or '! ' + encoder['error']}"
    for recogniser in found["speech"]:
        yield f"Speech: {recogniser['backend']}: {recogniser['error'] or ', '.join(recogniser['languages'])}"
    yield f"pgvector: {found['pgvector'] or '! missing'}"


def _column(column: dict[str, Any]) -> str:
    parts = [column["state"], f"{column['filled']} filled"]
    if column["filled"] and not column["index"]["present"]:
        parts.append("! no database index: every row is scanned")
    if column.get("fingerprint"):
        parts.append(f"{column['fingerprint']} ({column['dimension']})")
    if column["state"] == "rebuilding":
        parts.append(f"→ {column['configured_fingerprint']}")
    if staged := column.get("beside"):
        parts.append(_staged(staged))
    return ", ".join(parts)


def _staged(staged: dict[str, Any]) -> str:
    if staged["state"] != "next":
        return f"kept beside: {staged['fingerprint']} ({staged['filled']})"
    step = "" if staged["lacking"] else ", vector index built" if staged["index"]["present"] else ", index to be built"
    return f"{staged['filled']} made, {staged['lacking']} to come{step}"
