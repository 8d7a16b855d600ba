"""Word lists in text files with sections; those of the analysis are in ``words.txt`` and read once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path


def lines_by_section(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number, the section and the text of each line that is neither empty nor a comment."""
    section = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
        elif text and not text.startswith("#"):
            yield number, section, text


def word_list(section: str) -> frozenset[str]:
    """Return the words of a section."""
    return frozenset(word for line in _sections()[section] if "=" not in line for word in line.split())


def word_forms(section: str) -> dict[str, str]:
    """Return which word each other form of a section is read as: "color" as "colour"."""
    pairs = (line.split("=") for line in _sections()[section] if "=" in line)
    return {other: word.strip() for word, others in pairs for other in others.split()}


@cache
def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for _number, section, text in lines_by_section(Path(__file__).with_name("words.txt")):
        sections.setdefault(section, []).append(text)
    return sections
