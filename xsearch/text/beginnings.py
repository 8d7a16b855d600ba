"""The ways to begin to type a text: at any of its words, and Chinese also by its sound or the initials of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from xsearch.text import chinese
from xsearch.text.chinese import HAN, HAN_WORD
from xsearch.text.folding import fold
from xsearch.text.pinyin import sound_of

MAX_KEY = 40  # characters
_MAX_STARTS = 8  # words of a text at which one may begin
_PIECE = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:'s\b)?")
_CODE = re.compile(r"(?=\S*\d)[!-~]+")
_WRITTEN = re.compile(r"[\W_]+")


class _Piece(NamedTuple):
    """A word and where it stands; its forms are the word, its sound and its initials, of Latin ones itself."""

    forms: tuple[str, str, str]
    start: int
    end: int


def typed_key(text: str) -> str:
    """Return what of a typed text counts: its letters and digits, folded, without spaces and signs."""
    return _WRITTEN.sub("", fold(text)[0])[:MAX_KEY]


def sound_key(text: str) -> str:
    """Return the key of a typed text with its Chinese characters as pinyin: "红se" → "hongse"."""
    return typed_key(HAN_WORD.sub(lambda run: sound_of(run[0]), fold(text)[0]))


def keys_of(text: str) -> list[str]:
    """Return the keys that begin with what a customer types to get ``text``, each once, its own beginning first.

    "Red mug" has the keys "redmug" and "mug"; 红杯子 has 红杯子, 杯子, "hongbeizi", "beizi", "hbz" and "bz".
    """
    pieces = list(_pieces(fold(text)[0]))
    keys: dict[str, None] = {}
    for start in range(min(len(pieces), _MAX_STARTS)):
        forms = zip(*(piece.forms for piece in pieces[start:]), strict=True)
        keys.update(dict.fromkeys("".join(form)[:MAX_KEY] for form in forms))
    return list(keys)


def words_begun(text: str, key: str) -> str | None:
    """Return the words of a text that a typed key begins, folded: "redj" begins "red jeans" of "Red jeans, slim".

    What stands in a code, such as "demo-mug-1", is no word.
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
    """Return the last word of a text, the last of the words that a run of Chinese characters is cut into."""
    return next(reversed([piece.forms[0] for piece in _pieces(fold(text)[0])]), "")


def _pieces(folded: str) -> Iterator[_Piece]:
    for match in islice(_PIECE.finditer(folded), 2 * MAX_KEY):
        if HAN_WORD.fullmatch(match[0]):
            yield from _chinese_pieces(match[0], match.start())
        else:
            word = typed_key(match[0])
            yield _Piece((word, word, word), *match.span())


def _chinese_pieces(run: str, offset: int) -> Iterator[_Piece]:
    """Yield the words of a run of Chinese characters, one after the other; the segmenter names parts of them too."""
    done = 0
    for word, start, end in chinese.segment(run):
        if start == done:
            done = end
            syllables = sound_of(word).split()
            forms = (word, "".join(syllables), "".join(syllable[0] for syllable in syllables))
            yield _Piece(forms, offset + start, offset + end)
