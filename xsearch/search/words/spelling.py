"""Typing errors of a query, corrected with the catalogue's own words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from django.db import DatabaseError
from django.db.models import Q

from xsearch.conf import settings
from xsearch.encoders.builtin import WEIGHTS
from xsearch.encoders.builtin_text import Vocabulary
from xsearch.index.registry import Index
from xsearch.lazy import VersionedCache
from xsearch.models import Term
from xsearch.search.words import synonyms
from xsearch.search.words.glossary import translations
from xsearch.text import english
from xsearch.text.chinese import HAN
from xsearch.text.spelling import Entry, Speller

logger = logging.getLogger("xsearch.search")

FoundT = TypeVar("FoundT")

_spellers: VersionedCache[Speller] = VersionedCache()


class Version(NamedTuple):
    """What changes whenever the words do that a query is read with."""

    counted: tuple[int | None, ...]
    synonyms: object
    glossary: str | None


def words_version(indexes: Sequence[Index]) -> Version:
    """Return the version of the words as they are now."""
    return Version(tuple(_last_term(index) for index in indexes), synonyms.version(), settings.GLOSSARY)


def corrected(indexes: Sequence[Index], text: str, degraded: list[str], version: Version | None = None) -> str | None:
    """Return what ``text`` probably means in these catalogues together; None where it needs no correction."""
    return _asked(indexes, text, lambda speller: speller.correct(text), degraded, version)


def completed(index: Index, text: str) -> str | None:
    """Return what ``text``, whose last word is still being typed, probably means; None where that is unknown."""
    return _asked([index], text, lambda speller: speller.completed(text), [])


def nearest_words(indexes: Sequence[Index], text: str, degraded: list[str]) -> dict[str, float]:
    """Return the words of these catalogues nearest in letters to those of ``text`` that they lack, and how near."""
    return _asked(indexes, text, lambda speller: speller.nearest(text), degraded) or {}


def _asked(
    indexes: Sequence[Index],
    text: str,
    ask: Callable[[Speller], FoundT | None],
    degraded: list[str],
    version: Version | None = None,
) -> FoundT | None:
    """Return what the speller says of ``text``; None where there is nothing to ask, or whatever a library throws."""
    with_words = [index for index in indexes if index.text]
    if not text or not with_words:
        return None
    try:
        return ask(speller(*with_words, version=version))
    except DatabaseError:
        raise
    except Exception:
        logger.exception("Correcting a query failed")
        degraded.append("spelling")
        return None


def speller(*indexes: Index, version: Version | None = None) -> Speller:
    """Return the speller of the vocabulary as it is now; made when it is first needed and when words changed."""
    labels = tuple(index.label for index in indexes)
    version = version or words_version(indexes)
    return _spellers.get(labels, version, lambda: _new_speller(_entries_of(indexes)))


def _new_speller(entries: Sequence[Entry]) -> Speller:
    familiar = familiar_lexemes() | synonyms.familiar_lexemes()
    glossary = translations()
    if glossary is None:
        return Speller(entries, familiar)
    translated = glossary.reaching({entry.lexeme: entry.objects_with for entry in entries})
    return Speller(entries, familiar | glossary.familiar_lexemes(), translated)


def _last_term(index: Index) -> int | None:
    """Return what changes whenever the terms were counted anew: they are all written again then."""
    terms = Term.objects.filter(content_type=index.content_type)
    return terms.order_by("-pk").values_list("pk", flat=True).first()


def _entries_of(indexes: Sequence[Index]) -> Sequence[Entry]:
    """Return the words of all ``indexes``; one that stands in several counts in each of them."""
    if len(indexes) == 1:
        return _entries(indexes[0])
    entries: dict[str, Entry] = {}
    for entry in (entry for index in indexes for entry in _entries(index)):
        known = entries.get(entry.lexeme, Entry(entry.lexeme, "", 0))
        count = known.objects_with + entry.objects_with
        entries[entry.lexeme] = Entry(entry.lexeme, known.written or entry.written, count, known.sound or entry.sound)
    return list(entries.values())


def _entries(index: Index) -> Sequence[Entry]:
    # Numbers and model numbers, of which there are many, are never corrected.
    words = Q(lexeme__regex=r"^[a-z]+$") | Q(lexeme__regex=rf"^[{HAN}]+$")
    rows = Term.objects.filter(words, content_type=index.content_type)
    return [Entry(*row) for row in rows.values_list("lexeme", "written", "objects_with", "sound").iterator(10_000)]


@cache
def familiar_lexemes() -> frozenset[str]:
    """Return English words that mean themselves: a customer of a shop without sofas does not mean something else."""
    terms = Vocabulary.load(WEIGHTS / "vocabulary.json").terms
    words = {word for term in terms if term.isascii() for word in term.split()}
    return frozenset(english.stem(word) for word in words | english.EVERYDAY)
