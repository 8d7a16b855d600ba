"""English words: stems, irregular plurals, British and American spelling, and stop words."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock

# The pure Python class, not ``snowballstemmer.stemmer``: that one prefers PyStemmer where it happens to be
# installed, whose other version would give other stems than those in the database.
from snowballstemmer.english_stemmer import EnglishStemmer

from xsearch.text.word_lists import word_forms, word_list

STOP_WORDS = word_list("english stop words")
#: Words after which a single letter belongs: "USB C", "size M".
BEFORE_LETTER = word_list("before a letter")
_IRREGULAR = word_forms("english irregular forms")
_SPELLINGS = word_forms("british spellings")
_STEMS = word_forms("english stems")
# Snowmen and policemen, but neither specimen nor regimen.
_MEN = re.compile(r"(?<=[a-z]{3})(?<!speci)(?<!regi)(?<!abdo)men$")
# No English word ends like this, but many stems do.
_LACKS_E = re.compile(r"([^aeioul]l|[^aeiou]c|[vz]|ur|at|is|uc|[rn]g)$")

_stemmer = EnglishStemmer()
_lock = Lock()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a folded English word; other words, and mixtures with digits, are returned unchanged."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    if word in _STEMS:
        return _STEMS[word]
    word = _MEN.sub("man", _IRREGULAR.get(word, word))
    word = _SPELLINGS.get(word, word)
    with _lock:  # the stemmer keeps its state in itself
        return str(_stemmer.stemWord(word))


def written(stem_: str) -> str:
    """Return a word with this stem, for a stem that was never seen as a word: "durabl" → "durable"."""
    endings = (f"{stem_[:-1]}y",) if stem_.endswith("i") else (f"{stem_}e",) if _LACKS_E.search(stem_) else ()
    return next((word for word in endings if stem(word) == stem_), stem_)
