"""Reader of query files: each line is a judged query, or is skipped with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MAX_GRADE = 1000
_MAX_KIND = 40  # characters
PARTS = ("text", "image", "audio")


@dataclass(frozen=True)
class JudgedQuery:
    """A query and the grade of each relevant object (0: not relevant); media are paths of existing files.

    An empty ``relevant`` means that no object is relevant; then the best answer has no hits.
    """

    line: int
    id: str
    relevant: Mapping[str, int]
    text: str | None = None
    image: Path | None = None
    audio: Path | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None

    @property
    def inputs(self) -> list[str]:
        """Parts of the query: text, image, audio."""
        return sorted(part for part in PARTS if getattr(self, part) is not None)

    @property
    def kind(self) -> str:
        """Kind of query: the label of the line ("typo"), or its parts ("image+text")."""
        return self.label or "+".join(self.inputs)


@dataclass(frozen=True, order=True)
class Skipped:
    """A line that was skipped, and the reason."""

    line: int
    reason: str


class _BadLineError(ValueError):
    """A line is not a judged query; the message is the reason."""


def read_judgements(lines: Iterable[bytes], folder: Path) -> Iterator[JudgedQuery | Skipped]:
    """Yield a query or a ``Skipped`` for each line that is not blank; paths are relative to ``folder``."""
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            query = _query(number, _object(line.removeprefix(b"\xef\xbb\xbf")), folder)
            if query.id in seen:
                raise _BadLineError(f"the id {query.id!r} is that of line {seen[query.id]}; every id counts once")
        except _BadLineError as error:
            yield Skipped(number, str(error))
            continue
        seen[query.id] = number
        yield query


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except UnicodeDecodeError as error:
        raise _BadLineError(f"byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _BadLineError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _BadLineError('a line must be a JSON object such as {"id": "q1", "text": "…", "relevant": {"a1": 1}}')
    return found


def _query(number: int, fields: dict[str, Any], folder: Path) -> JudgedQuery:
    kind = fields.get("kind")
    if kind is not None and not (isinstance(kind, str) and 0 < len(kind.strip()) <= _MAX_KIND):
        raise _BadLineError(f"kind must be a short name such as typo, of at most {_MAX_KIND} characters")
    text = fields.get("text")
    if text is not None and not (isinstance(text, str) and text.strip()):
        raise _BadLineError("text must be a text that is not blank")
    filters = fields.get("filters")
    if filters is not None and not isinstance(filters, dict):
        raise _BadLineError('filters must be an object, such as {"category": "Shoes", "price_max": 50}')
    query = JudgedQuery(
        number,
        _id(fields.get("id")),
        _relevant(fields.get("relevant")),
        text,
        _file(fields, "image", folder),
        _file(fields, "audio", folder),
        filters or {},
        kind and kind.strip(),
    )
    if not query.inputs:
        raise _BadLineError("nothing to search for: give at least one of text, image and audio")
    return query


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _BadLineError("id is missing or neither a text nor a whole number")
    return str(value)


def _relevant(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise _BadLineError('relevant must be an object of grades by key, such as {"a1": 2, "b7": 1}')
    for key, grade in value.items():
        is_number = isinstance(grade, int | float) and not isinstance(grade, bool)
        if not is_number or not 0 <= grade <= _MAX_GRADE or not float(grade).is_integer():
            raise _BadLineError(f"the grade of {key!r} must be a whole number from 0 to {_MAX_GRADE}, not {grade!r}")
    grades = {key: int(grade) for key, grade in value.items()}
    if grades and not any(grades.values()):
        raise _BadLineError("relevant needs a grade above 0; where nothing suits, leave it empty: {}")
    return grades


def _file(fields: dict[str, Any], part: str, folder: Path) -> Path | None:
    value = fields.get(part)
    if value is None:
        return None
    if not isinstance(value, str) or not value or "\x00" in value:
        raise _BadLineError(f"{part} must be the path of a file")
    path = folder / value
    if not path.is_file():
        raise _BadLineError(f"{part}: there is no file {value}; paths are relative to the query file")
    return path
