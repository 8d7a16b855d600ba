"""Texts of the demonstration catalogue, read from the TOML files in this folder."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FILES = ("clothing", "wearing", "home", "playing")


@cache
def texts(name: str) -> dict[str, Any]:
    """Return the tables of one file."""
    with (Path(__file__).parent / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def kind_texts() -> dict[str, dict[str, Any]]:
    """Return what is said about each kind of product."""
    return {kind: table for name in _FILES for kind, table in texts(name).items()}


def with_articles(text: str) -> str:
    """Return an English text in which "a orange cap" has become "an orange cap"."""
    for vowel in "aeiou":
        text = text.replace(f" a {vowel}", f" an {vowel}").replace(f"A {vowel}", f"An {vowel}")
    return text
