"""Typing errors of a query, corrected with the catalogue's own words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import cache

from django.db import DatabaseError
from django.db.models import Q

from xsearch.conf import settings
from xsearch.encoders.builtin import WEIGHTS
from xsearch.encoders.builtin_text import Vocabulary
from xsearch.indexing.outbox import content_type_of
from xsearch.models import Term
from xsearch.registry import Index
from xsearch.search import synonyms
from xsearch.search.translations import translations
from xsearch.text import english
from xsearch.text.chinese import HAN
from xsearch.text.everyday import EVERYDAY
from xsearch.text.spelling import Entry, Speller

logger = logging.getLogger("xsearch.search")

_lock = threading.Lock()
_spellers: dict[str, tuple[object, Speller]] = {}  # label → version of the words, and what was made of them


def corrected(index: Index, text: str, degraded: list[str]) -> str | None:
    """Return what ``text`` probably means in this catalogue; None where it needs no correction."""
    if not text or not index.text:
        return None
    try:
        return speller(index).correct(text)
    except DatabaseError:
        raise
    except Exception:
        # A query is answered as it was typed, whatever a library throws.
        logger.exception("Correcting a query failed")
        degraded.append("spelling")
        return None


def completed(index: Index, text: str) -> str | None:
    """Return what ``text``, whose last word is still being typed, probably means; None where that is unknown."""
    return speller(index).completed(text) if index.text else None


def speller(index: Index) -> Speller:
    """Return the speller of the vocabulary as it is now; made when it is first needed and when words changed."""
    version = (_last_term(index), synonyms.version(), settings.GLOSSARY)
    known, found = _spellers.get(index.label, (None, None))
    if found is not None and (known == version or _lock.locked()):
        return found  # be it a little old, while another thread makes the new one
    with _lock:
        known, found = _spellers.get(index.label, (None, None))
        if found is None or known != version:
            found = _new_speller(index)
            _spellers[index.label] = (version, found)
    return found


def _new_speller(index: Index) -> Speller:
    entries = _entries(index)
    familiar = familiar_lexemes() | synonyms.familiar_lexemes()
    glossary = translations()
    if glossary is None:
        return Speller(entries, familiar)
    translated = glossary.reaching({entry.lexeme: entry.objects_with for entry in entries})
    return Speller(entries, familiar | glossary.familiar_lexemes(), translated)


def _last_term(index: Index) -> int | None:
    """Return what changes whenever the terms were counted anew: they are all written again then."""
    terms = Term.objects.filter(content_type=content_type_of(index))
    return terms.order_by("-pk").values_list("pk", flat=True).first()


def _entries(index: Index) -> Sequence[Entry]:
    # Numbers and model numbers, of which there are many, are never corrected.
    words = Q(lexeme__regex=r"^[a-z]+$") | Q(lexeme__regex=rf"^[{HAN}]+$")
    rows = Term.objects.filter(words, content_type=content_type_of(index))
    return [Entry(*row) for row in rows.values_list("lexeme", "written", "objects_with", "sound").iterator(10_000)]


@cache
def familiar_lexemes() -> frozenset[str]:
    """Return English words that mean themselves: a customer of a shop without sofas does not mean something else."""
    terms = Vocabulary.load(WEIGHTS / "vocabulary.json").terms
    words = {word for term in terms if term.isascii() for word in term.split()}
    return frozenset(english.stem(word) for word in words | EVERYDAY)
