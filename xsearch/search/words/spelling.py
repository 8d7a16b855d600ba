"""Spelling: typing errors of a query are corrected with the catalogue's own words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from django.db import DatabaseError
from django.db.models import Q

from xsearch.conf import settings
from xsearch.encoders.builtin import known_words
from xsearch.index.registry import Index
from xsearch.indexing.database import paged
from xsearch.lazy import VersionedCache
from xsearch.models import Term
from xsearch.search.context import SearchContext
from xsearch.search.words import synonyms
from xsearch.search.words.glossary import translations
from xsearch.search.words.lexical import synonyms_of, synonyms_version
from xsearch.text import english
from xsearch.text.chinese import HAN
from xsearch.text.spelling import Entry, Speller
from xsearch.text.word_lists import word_list

logger = logging.getLogger("xsearch.search")

FoundT = TypeVar("FoundT")

#: Spellers by database, schema and labels.
_spellers: VersionedCache[Speller] = VersionedCache(16)


class Version(NamedTuple):
    """A value that changes whenever the words change that queries are read with."""

    scope: tuple[str, str]
    counted: tuple[int | None, ...]
    synonyms: object
    glossary: str | None


def words_version(context: SearchContext) -> Version:
    """Return the version of the words as they are now, read once for a search."""

    def read() -> Version:
        # All terms are written again whenever they are counted, so the newest key of an index changes.
        keys = Term.objects.using(context.using).order_by("-pk").values_list("pk", flat=True)
        newest = tuple(keys.filter(content_type=index.content_type).first() for index in context.indexes)
        return Version(context.scope, newest, synonyms_version(context), settings.GLOSSARY)

    return context.once("words version", read)


def corrected(context: SearchContext, text: str) -> str | None:
    """Return what ``text`` probably means in the catalogues that are searched; None if it needs no correction."""
    return _ask(context, text, lambda speller: speller.correct(text))


def completed(context: SearchContext, text: str) -> str | None:
    """Return what ``text``, whose last word is still being typed, probably means; None if that is unknown."""
    return _ask(context, text, lambda speller: speller.completed(text))


def nearest_words(context: SearchContext, text: str) -> dict[str, float]:
    """Return the words of the catalogues that are nearest in letters to unknown words of ``text``, and how near."""
    return _ask(context, text, lambda speller: speller.nearest(text)) or {}


def _ask(context: SearchContext, text: str, ask: Callable[[Speller], FoundT | None]) -> FoundT | None:
    """Return what the speller says of ``text``; None where there are no words, or whatever a library throws."""
    if not text or not any(index.text for index in context.indexes):
        return None
    try:
        return ask(speller(context))
    except DatabaseError:
        raise
    except Exception:
        logger.exception("Correcting a query failed")
        context.degrade("spelling")
        return None


def speller(context: SearchContext) -> Speller:
    """Return the speller of the current vocabulary; it is made when it is first needed and when words changed."""
    indexes = [index for index in context.indexes if index.text]
    key = (context.scope, tuple(index.label for index in indexes))

    def make() -> Speller:
        entries, glossary = _entries_of(context, indexes), translations()
        familiar = familiar_lexemes() | synonyms.familiar_lexemes(synonyms_of(context))
        if glossary is None:
            return Speller(entries, familiar)
        translated = glossary.reaching({entry.lexeme: entry.objects_with for entry in entries})
        return Speller(entries, familiar | glossary.familiar_lexemes(), translated)

    return _spellers.get(key, words_version(context), make)


def _entries_of(context: SearchContext, indexes: Sequence[Index]) -> Sequence[Entry]:
    """Return the words of all ``indexes``; the counts of a word in several of them are added up."""
    if len(indexes) == 1:
        return _entries(context, indexes[0])
    entries: dict[str, Entry] = {}
    for entry in (entry for index in indexes for entry in _entries(context, index)):
        known = entries.get(entry.lexeme, Entry(entry.lexeme, "", 0))
        count = known.objects_with + entry.objects_with
        entries[entry.lexeme] = Entry(entry.lexeme, known.written or entry.written, count, known.sound or entry.sound)
    return list(entries.values())


def _entries(context: SearchContext, index: Index) -> Sequence[Entry]:
    # Numbers and model numbers, of which there are many, are never corrected.
    words = Q(lexeme__regex=r"^[a-z]+$") | Q(lexeme__regex=rf"^[{HAN}]+$")
    rows = Term.objects.using(context.using).filter(words, content_type=index.content_type)
    return [Entry(*row) for row in paged(rows, "lexeme", "written", "objects_with", "sound", size=10_000)]


@cache
def familiar_lexemes() -> frozenset[str]:
    """Return English words that mean themselves: a customer of a shop without sofas does not mean something else."""
    return frozenset(english.stem(word) for word in known_words() | word_list("everyday words"))
