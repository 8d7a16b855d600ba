"""The tokenizer and the analyser.

``tokenize`` cuts a query into its words as they are written, each with its part of speech, for query understanding.
``analyse`` gives the lexemes that documents and queries are compared by, in all readings of a word: "t-shirt" is tshirt
and shirt, 运动鞋 is also 鞋. ``tsvector_literal`` and ``tsquery_literal`` write them for PostgreSQL's full-text search.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from xsearch.text import chinese, english
from xsearch.text.chinese import HAN
from xsearch.text.folding import CHINESE_UNITS, UNITS, fold, measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: A part of each document's source hash: raise it with every change that gives other lexemes.
ANALYSIS_VERSION = 3
MAX_TOKENS = 5_000
MAX_CHARACTERS = 200_000
MAX_LEXEME_CHARACTERS = 100
_WEIGHTS = "ABCD"
# PostgreSQL's limits: positions to 16383, 255 of them a lexeme, one megabyte in all.
_MAX_POSITION = 16_383
_MAX_POSITIONS_A_LEXEME = 255
_MAX_LEXEME_BYTES = 700_000

# Words of a query: Chinese runs, and words with the apostrophes inside of them.
_WORD = re.compile(rf"(?P<han>[{HAN}]+)|[^\W_{HAN}]+(?:'[^\W_{HAN}]+)*")
# Words to index. After folding, any character but Chinese ones, spaces and connectors belongs to a word.
_LETTER = rf"[^\s'\-.,&{HAN}]"
_ATOM = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+\.\d+){_LETTER}*|{_LETTER}+"
_RUN = re.compile(rf"(?P<han>[{HAN}]+)|(?:{_ATOM})(?:[-'.&](?:{_ATOM}))*")
_ATOMS = re.compile(_ATOM)
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Where a model number can be cut: between letters and digits.
_CUT = re.compile(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)")
_MIN_CODE_PART = 3  # characters
_MAX_CODE_PARTS = 3


@dataclass(frozen=True)
class Token:
    """A part of a text and its lexeme; tokens that overlap are ways to read one word.

    ``tag`` is the part of speech of a Chinese word (ICTCLAS), as far as it was looked up.
    """

    surface: str
    lexeme: str
    start: int
    end: int
    tag: str = ""


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Atom(NamedTuple):
    """The shortest part of a text that stands alone, and the ways to read it (none for the "t" of "t-shirt")."""

    word: _Word
    readings: list[_Word]
    inner: bool = False  # continues a compound, as the "m" of "I'm"


def analyse(text: str) -> list[Token]:
    """Return the lexemes of a text in English, Chinese or both; stop words only if there is nothing else."""
    text = text[:MAX_CHARACTERS]
    folded, origins = fold(text)
    words = list(islice(_words(folded), MAX_TOKENS))
    meaningful = [word for word in words if not is_stop_word(word.text)]
    return [_token(text, word, origins) for word in meaningful or words]


def tokenize(text: str) -> list[Token]:
    """Return the words of a text that ``fold_in_place`` has made, in their order, none of which overlap."""
    tokens: list[Token] = []
    for match in _WORD.finditer(text):
        words = [(match[0], "")] if match["han"] is None else chinese.tagged(match[0])
        start = match.start()
        for word, tag in words:
            tokens.append(Token(word, _lexeme(fold(word)[0].replace("'", "")), start, start + len(word), tag))
            start += len(word)
    return tokens


def detect_language(text: str) -> str:
    """Return "zh" for a text that is mainly Chinese, otherwise "en"."""
    chinese_characters = len(re.findall(rf"[{HAN}]", text))
    latin_words = len(re.findall(r"[A-Za-z]+", text))
    return "zh" if chinese_characters and chinese_characters >= latin_words else "en"


def _token(text: str, word: _Word, origins: Sequence[int]) -> Token:
    start, end = origins[word.start], origins[word.end - 1] + 1
    return Token(text[start:end], _lexeme(word.text), start, end)


def _lexeme(word: str) -> str:
    if word.isascii():
        return english.stem(word)[:MAX_LEXEME_CHARACTERS]
    return unicodedata.normalize("NFC", word)[:MAX_LEXEME_CHARACTERS]


def is_stop_word(word: str) -> bool:
    """Return True if a word in lower case is never searched for, unless there is nothing else."""
    return word in english.STOP_WORDS or word in chinese.STOP_WORDS


def _words(folded: str) -> Iterator[_Word]:
    """Yield every reading of every atom, and the words that neighbours make together, each once."""
    runs = (_chinese_atoms(run) if run["han"] else _latin_atoms(run) for run in _RUN.finditer(folded))
    atoms = list(islice(chain.from_iterable(runs), MAX_TOKENS))
    seen: set[_Word] = set()
    joined: _Word | None = None
    for atom, following in zip_longest(atoms, atoms[1:]):
        # A letter belongs to one side only: no "ccable" from "USB C cable".
        joined = _joined(atom, following.word) if following and not joined else None
        together = [joined, *_measures(joined)] if joined else []
        readings = together if joined and _is_letter(atom.word) else [*atom.readings, *together]
        for reading in readings:
            if reading not in seen:
                seen.add(reading)
                yield reading


def _joined(atom: _Atom, following: _Word) -> _Word | None:
    """Return "t shirt", "500 ml", "USB C" and "T恤" as the one word that they are also written as."""
    word, gap = atom.word, following.start - atom.word.end
    if gap > 1 or (atom.inner and _is_letter(word)) or not _belong_together(word, following, gap):
        return None
    return _Word(word.text + CHINESE_UNITS.get(following.text, following.text), word.start, following.end)


def _belong_together(word: _Word, following: _Word, gap: int) -> bool:
    if not following.text.isascii():
        return gap == 0 and (_is_letter(word) or _is_measure(word, following))
    if _is_letter(word):
        return word.text not in "ais" and following.text[0].isalpha()
    return (_is_letter(following) and word.text in english.BEFORE_LETTER) or _is_measure(word, following)


def _is_letter(word: _Word) -> bool:
    return len(word.text) == 1 and word.text.isascii() and word.text.isalpha()


def _is_measure(word: _Word, following: _Word) -> bool:
    is_unit = following.text in UNITS or following.text in CHINESE_UNITS
    return is_unit and _NUMBER.fullmatch(word.text) is not None


def _chinese_atoms(match: re.Match[str]) -> Iterator[_Atom]:
    offset, covered = match.start(), 0
    for text, start, end in chinese.segment(match[0]):
        readings = [(text, start, end)]
        if start >= covered:
            readings += chinese.kinds(text, start)
            covered = end
        words = [_Word(part, offset + first, offset + last) for part, first, last in readings]
        yield _Atom(words[0], words)


def _latin_atoms(match: re.Match[str]) -> Iterator[_Atom]:
    offset, compound = match.start(), match[0]
    words = [
        _Word(part[0].replace(",", ""), offset + part.start(), offset + part.end())
        for part in _ATOMS.finditer(compound)
        if not (part[0] == "s" and compound[: part.start()].endswith("'"))
    ]
    whole = _Word("".join(word.text for word in words), words[0].start, words[-1].end)
    for word in words:
        readings = [] if len(words) > 1 and _is_letter(word) else [word, *_measures(word), *_code_ends(word)]
        inner = word is not words[0]
        yield _Atom(word, readings if inner or whole == word else [whole, *readings], inner)


def _measures(word: _Word) -> list[_Word]:
    """Return the other ways to write "0.5l": in the unit that all share, and as number and unit."""
    match = _MEASURE.fullmatch(word.text)
    if match is None or match[2] not in UNITS:
        return []
    others = [_Word(measure(match[1], match[2]), word.start, word.end)]
    if len(word.text) == word.end - word.start:  # "500 ml" and "500毫升" are two words already
        middle = word.end - len(match[2])
        others += [_Word(match[1], word.start, middle), _Word(match[2], middle, word.end)]
    return [other for other in others if other.text != word.text]


def _code_ends(word: _Word) -> list[_Word]:
    """Return the parts of a model number that customers remember: "xm5" of "1000xm5"."""
    if len(word.text) != word.end - word.start or not word.text.isascii():
        return []
    cuts = [] if _MEASURE.fullmatch(word.text) else [cut.start() for cut in _CUT.finditer(word.text)]
    ends = [cut for cut in cuts if len(word.text) - cut >= _MIN_CODE_PART][:_MAX_CODE_PARTS]
    return [_Word(word.text[cut:], word.start + cut, word.end) for cut in ends]


def tsvector_literal(fields: Mapping[str, Sequence[str]]) -> str:
    """Return ``'word':1A,2B …`` for texts by weight, the weightiest first where not all of them fit."""
    unknown = sorted(set(fields) - set(_WEIGHTS))
    if unknown:
        raise ValueError(f"Unknown text weight {unknown[0]!r}; use one of {', '.join(_WEIGHTS)}.")
    positions: dict[str, dict[int, str]] = {}
    size = 0
    for lexeme, position, weight in _placed(fields):
        if lexeme not in positions:
            size += len(lexeme.encode()) + 8
            if size > _MAX_LEXEME_BYTES:
                break
        places = positions.setdefault(lexeme, {})
        if len(places) < _MAX_POSITIONS_A_LEXEME:
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
    for weight in _WEIGHTS:
        for text in fields.get(weight, ()):
            end = 0
            for token in analyse(text)[:left]:
                position += token.start >= end
                end = max(end, token.end)
                left -= 1
                yield token.lexeme, min(position, _MAX_POSITION), weight
            position += 1  # no phrase spans two texts


def _places(places: Mapping[int, str]) -> str:
    return ",".join(f"{position}{'' if weight == 'D' else weight}" for position, weight in places.items())


def quoted(lexeme: str) -> str:
    """Return the lexeme as PostgreSQL's text search literals quote it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
