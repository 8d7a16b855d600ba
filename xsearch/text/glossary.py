"""Glossary files: lines of Chinese and English terms with the same meaning."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from xsearch.text.chinese import has_chinese

logger = logging.getLogger("xsearch.text")

_ONE_WAY = "~"


class GlossaryError(ValueError):
    """Raised for a file that is no glossary."""


class GlossaryLine(NamedTuple):
    """Terms with the same meaning; those in ``one_way`` are found by the others, but do not find them."""

    domain: str
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    one_way: frozenset[str] = frozenset()


def read_glossary(path: Path) -> list[GlossaryLine]:
    """Return the lines of a glossary file; the bundled file describes the format at its top."""
    lines, domain = [], ""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = text.strip()
        if text.startswith("[") and text.endswith("]"):
            domain = text[1:-1]
        elif text and not text.startswith("#"):
            try:
                lines.append(_line(domain, text))
            except GlossaryError as error:
                raise GlossaryError(f"{path.name}, line {number}: {error}") from error
    return lines


@lru_cache(maxsize=4)
def glossary_lines(path: str | None) -> Sequence[GlossaryLine]:
    """Return the lines of the glossary that the settings name; none for None, or if the file cannot be read."""
    try:
        return read_glossary(Path(path)) if path else ()
    except (OSError, ValueError):
        # A search goes on without translations; `manage.py check` says what is wrong.
        logger.exception("The glossary cannot be read")
        return ()


def _line(domain: str, text: str) -> GlossaryLine:
    sides = [[term.strip() for term in side.split(",")] for side in text.split("=")]
    if len(sides) != 2 or not all(term.strip(_ONE_WAY) for side in sides for term in side):
        raise GlossaryError(f"{text!r} is not like: 背包, 双肩包 = backpack, rucksack")
    chinese, english = (tuple(term.removeprefix(_ONE_WAY) for term in side) for side in sides)
    one_way = frozenset(term[1:] for side in sides for term in side if term.startswith(_ONE_WAY))
    line = GlossaryLine(domain, chinese, english, one_way)
    wrong = [term for term in line.chinese if not has_chinese(term)] + [
        term for term in line.english if has_chinese(term)
    ]
    if wrong:
        raise GlossaryError(f"{wrong[0]!r} is on the wrong side; Chinese terms come first, then = and English ones.")
    return line


def variants(sides: Sequence[Collection[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of terms that are in the same ``sides`` of lines, and in no others: they are synonyms."""
    lines_of: dict[str, list[int]] = {}
    for number, side in enumerate(sides):
        for term in side:
            lines_of.setdefault(term, []).append(number)
    for side in sides:
        for term in side:
            for other in side:
                if other != term and lines_of[other] == lines_of[term]:
                    yield term, other
