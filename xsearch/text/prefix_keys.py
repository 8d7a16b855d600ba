"""Keys for prefix search: a text from each of its words on; Chinese also in pinyin and by its initials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from xsearch.text import chinese
from xsearch.text.chinese import HAN, HAN_WORD, sound_of
from xsearch.text.folding import fold

MAX_KEY = 40  # characters
_MAX_STARTS = 8  # words of a text at which a key begins
_PIECE = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:'s\b)?")
_CODE = re.compile(r"(?=\S*\d)[!-~]+")
_WRITTEN = re.compile(r"[\W_]+")


class _Piece(NamedTuple):
    """A word, its pinyin and its initials, three times the same for Latin letters, and the place of the word."""

    forms: tuple[str, str, str]
    start: int
    end: int


def typed_key(text: str) -> str:
    """Return the folded letters and digits of a typed text, without spaces and signs."""
    return _WRITTEN.sub("", fold(text)[0])[:MAX_KEY]


def sound_key(text: str) -> str:
    """Return the key of a typed text with its Chinese characters as pinyin: "红se" → "hongse"."""
    return typed_key(HAN_WORD.sub(lambda run: sound_of(run[0]), fold(text)[0]))


def keys_of(text: str) -> list[str]:
    """Return the keys by which a typed prefix finds ``text``, each once; the key of the whole text first.

    "Red mug" has the keys "redmug" and "mug"; 红杯子 has 红杯子, 杯子, "hongbeizi", "beizi", "hbz" and "bz".
    """
    pieces = list(_pieces(fold(text)[0]))
    keys: dict[str, None] = {}
    for start in range(min(len(pieces), _MAX_STARTS)):
        forms = zip(*(piece.forms for piece in pieces[start:]), strict=True)
        keys.update(dict.fromkeys("".join(form)[:MAX_KEY] for form in forms))
    return list(keys)


def words_with_prefix(text: str, key: str) -> str | None:
    """Return the folded words of a text that begin with a typed key: "red jeans" of "Red jeans, slim" for "redj".

    Codes, such as "demo-mug-1", have no words.
    """
    if _CODE.fullmatch(text):
        return None
    folded = fold(text)[0]
    pieces = list(_pieces(folded))
    for start in range(min(len(pieces), _MAX_STARTS)):
        for end in range(start + 1, len(pieces) + 1):
            forms = ["".join(form) for form in zip(*(piece.forms for piece in pieces[start:end]), strict=True)]
            if any(form.startswith(key) for form in forms):
                return folded[pieces[start].start : pieces[end - 1].end]
            if not any(key.startswith(form) for form in forms):
                break
    return None


def last_word(text: str) -> str:
    """Return the last word of a text; of Chinese characters, the last that the segmenter cuts off."""
    return next(reversed([piece.forms[0] for piece in _pieces(fold(text)[0])]), "")


def _pieces(folded: str) -> Iterator[_Piece]:
    for match in islice(_PIECE.finditer(folded), 2 * MAX_KEY):
        if HAN_WORD.fullmatch(match[0]):
            yield from _chinese_pieces(match[0], match.start())
        else:
            word = typed_key(match[0])
            yield _Piece((word, word, word), *match.span())


def _chinese_pieces(run: str, offset: int) -> Iterator[_Piece]:
    """Yield the words of a run of Chinese characters without the overlapping parts that the segmenter returns too."""
    done = 0
    for word, start, end in chinese.segment(run):
        if start == done:
            done = end
            syllables = sound_of(word).split()
            forms = (word, "".join(syllables), "".join(syllable[0] for syllable in syllables))
            yield _Piece(forms, offset + start, offset + end)
