"""The bytes of a catalogue file → one JSON object a line, or the reason why a line is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class BadLine(ValueError):  # noqa: N818 - a line of the file, not a failure of the program
    """A line that cannot become a product; the text says why and what is allowed."""


def read_objects(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | BadLine]]:
    """Yield (line number from 1, object or reason) for every line that is not blank."""
    for number, line in enumerate(_read_lines(file), start=1):
        content = line.removeprefix(_BOM) if number == 1 else line
        if not content.strip():
            continue
        try:
            yield number, _parse(content)
        except BadLine as reason:
            yield number, reason


def _read_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines, of an overlong one only its beginning, so that no line fills the memory."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        yield line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES + 1)


def _parse(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"the line is longer than {MAX_LINE_BYTES // 1024} KiB; shorten the product's texts")
    try:
        parsed = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadLine(f"byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except RecursionError as error:
        raise BadLine("the JSON is nested too deeply") from error
    except BadLine:
        raise
    except ValueError as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise BadLine(f'a line must be a JSON object such as {{"id": "a1", "title": "…"}}, not {_kind(parsed)}')
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise BadLine(f"{name} is not a number that JSON allows")


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
