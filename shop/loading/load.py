"""Loads a catalogue file: checks every line, saves what is new or changed, and says what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.db import DataError, IntegrityError, transaction

import xsearch
from shop.loading.entry import Entry, parse_entry
from shop.loading.lines import BadLine, read_objects
from shop.loading.rows import Rows, remove_everything, remove_unused

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_SIZE = 100  # products a transaction

Outcome = Literal["created", "changed", "unchanged"]
Progress = Callable[[int, int], None]


class CatalogueError(Exception):
    """The file cannot be loaded at all."""


@dataclass(frozen=True)
class Notice:
    """Something worth telling about a line; ``skipped`` if it did not become a product."""

    line: int
    text: str
    skipped: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {'skipped: ' if self.skipped else ''}{self.text}"


@dataclass
class Report:
    """What a load did."""

    outcomes: dict[Outcome, int] = field(default_factory=lambda: {"created": 0, "changed": 0, "unchanged": 0})
    notices: list[Notice] = field(default_factory=list)

    @property
    def loaded(self) -> int:
        """Products of the file that are in the shop now."""
        return sum(self.outcomes.values())

    @property
    def skipped(self) -> int:
        """Lines that did not become products."""
        return sum(notice.skipped for notice in self.notices)


def load_catalogue(
    path: Path,
    *,
    products: int | None = None,
    clear: bool = False, notify: Callable[[Notice], None] = lambda _: None,
    progress: Progress = lambda _done, _total: None,
) -> Report:  # fmt: skip
    """Load the catalogue at ``path``, or only so many of its ``products``, spread evenly over the file.

    ``clear`` empties the shop first, unless nothing in the file is good.
    Every notice goes to ``notify`` as it arises. Raises ``CatalogueError`` where nothing could be loaded.
    """
    report = Report()

    def tell(notice: Notice) -> None:
        report.notices.append(notice)
        notify(notice)

    entries = _spread(_read_entries(path, tell), products)
    if not entries:
        raise CatalogueError(f"{path} holds no line that could be loaded; the shop was left as it is.")
    with xsearch.pause_indexing():
        if clear:
            remove_everything()
        _save_all(entries, Rows(path.parent), report, tell, progress)
        if clear:
            remove_unused()
    if not report.loaded:
        raise CatalogueError(f"The database took none of the {len(entries)} products of {path}.")
    return report


def _read_entries(path: Path, tell: Callable[[Notice], None]) -> list[Entry]:
    """Return the good entries in order; of those with the same id the last."""
    entries: dict[str, Entry] = {}
    try:
        with path.open("rb") as file:
            for number, raw in read_objects(file):
                _take(number, raw, entries, tell)
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror}.") from error
    return list(entries.values())


def _spread(entries: list[Entry], count: int | None) -> list[Entry]:
    """Return ``count`` entries at equal distances, so that neighbours of one kind leave room for other kinds."""
    if count is None or count >= len(entries):
        return entries
    return [entries[number * len(entries) // count] for number in range(count)]


def _take(
    number: int, raw: dict[str, Any] | BadLine, entries: dict[str, Entry], tell: Callable[[Notice], None]
) -> None:
    try:
        if isinstance(raw, BadLine):
            raise raw
        entry = parse_entry(number, raw)
    except BadLine as reason:
        tell(Notice(number, str(reason), skipped=True))
        return
    for note in entry.notes:
        tell(Notice(number, note))
    if earlier := entries.pop(entry.sku, None):
        tell(Notice(earlier.line, f"id {entry.sku!r} comes again in line {number}, which wins", skipped=True))
    entries[entry.sku] = entry


def _save_all(
    entries: list[Entry], rows: Rows, report: Report, tell: Callable[[Notice], None], progress: Progress
) -> None:
    for start in range(0, len(entries), CHUNK_SIZE):
        chunk = entries[start : start + CHUNK_SIZE]
        with transaction.atomic():
            rows.look_up(chunk)
            for entry in chunk:
                _save(entry, rows, report, tell)
        progress(start + len(chunk), len(entries))


def _save(entry: Entry, rows: Rows, report: Report, tell: Callable[[Notice], None]) -> None:
    try:
        with transaction.atomic():
            outcome, warnings = rows.save(entry)
    except (DataError, IntegrityError) as error:
        rows.read_shelves()
        tell(Notice(entry.line, f"the database refused it: {str(error).splitlines()[0]}", skipped=True))
        return
    report.outcomes[outcome] += 1
    for warning in warnings:
        tell(Notice(entry.line, f"loaded without {warning}"))
