"""Tokens as literals of PostgreSQL's ``tsvector`` and ``tsquery``, quoted for any text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xsearch.text.analysis import MAX_TOKENS, Token, analyse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WEIGHTS = "ABCD"
# PostgreSQL's limits: positions to 16383, 255 of them a lexeme, one megabyte in all.
MAX_POSITION = 16_383
MAX_POSITIONS_A_LEXEME = 255
MAX_LEXEME_BYTES = 700_000


def tsvector_literal(fields: Mapping[str, Sequence[str]]) -> str:
    """Return ``'word':1A,2B …`` for texts by weight, the weightiest first where not all of them fit."""
    unknown = sorted(set(fields) - set(WEIGHTS))
    if unknown:
        raise ValueError(f"Unknown text weight {unknown[0]!r}; use one of {', '.join(WEIGHTS)}.")
    positions: dict[str, dict[int, str]] = {}
    size = 0
    for lexeme, position, weight in _placed(fields):
        if lexeme not in positions:
            size += len(lexeme.encode()) + 8
            if size > MAX_LEXEME_BYTES:
                break
        places = positions.setdefault(lexeme, {})
        if len(places) < MAX_POSITIONS_A_LEXEME:
            places.setdefault(position, weight)
    return " ".join(f"{quoted(lexeme)}:{_places(places)}" for lexeme, places in positions.items())


def tsquery_literal(tokens: Iterable[Token], *, prefix_last: bool = False) -> str | None:
    """Return ``'a' | 'b'`` for tokens, with ``prefix_last`` the last word as a prefix; None for no tokens."""
    tokens = [token for token in tokens if token.lexeme]
    end = max((token.end for token in tokens), default=0)
    terms = (quoted(token.lexeme) + (":*" if prefix_last and token.end == end else "") for token in tokens)
    return " | ".join(dict.fromkeys(terms)) or None


def _placed(fields: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int, str]]:
    """Yield lexeme, position and weight; readings of one word share its position."""
    position, left = 0, MAX_TOKENS
    for weight in WEIGHTS:
        for text in fields.get(weight, ()):
            end = 0
            for token in analyse(text)[:left]:
                position += token.start >= end
                end = max(end, token.end)
                left -= 1
                yield token.lexeme, min(position, MAX_POSITION), weight
            position += 1  # no phrase spans two texts


def _places(places: Mapping[int, str]) -> str:
    return ",".join(f"{position}{'' if weight == 'D' else weight}" for position, weight in places.items())


def quoted(lexeme: str) -> str:
    """Return the lexeme as PostgreSQL's text search literals quote it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
