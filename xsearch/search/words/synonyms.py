"""The shop's synonyms, read from its table as soon as they change, and applied to the words of a query."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

from cachetools import LRUCache, cached
from django.db import connections

from xsearch.models import Synonym
from xsearch.search.words.terms import SYNONYM_WORTH, Phrase, QueryWord, Reading, words_of
from xsearch.text import analyse, detect_language
from xsearch.text.glossary import TermKey, TermMatcher

#: Words of a term at most.
MAX_WORDS = 6
_SEPARATORS = re.compile(r"[,，、;；\n]+")
# Of everything that matters, so that also another process, QuerySet.update() and raw SQL are noticed.
_VERSION = """
SELECT count(*), coalesce(sum(hashtextextended(synonym::text, 0)::numeric), 0)
FROM {table} AS synonym
"""

#: Language ("" for any) → lexemes of a term → the terms that stand for it.
Expansions = dict[str, dict[TermKey, list[TermKey]]]


def terms_in(text: str) -> list[str]:
    """Return the words and phrases that a field of a ``Synonym`` holds, each once."""
    return list(dict.fromkeys(term for part in _SEPARATORS.split(text) if (term := " ".join(part.split()))))


def key_of(term: str) -> TermKey:
    """Return the lexemes of a term, one for each of its words."""
    return tuple(word.lexeme for word in words_of(analyse(term)))


def pairs_of(synonym: Synonym) -> Iterator[tuple[str, str]]:
    """Yield every term with every other that is searched for as well."""
    terms, replacements = terms_in(synonym.terms), terms_in(synonym.replacements)
    if synonym.direction == Synonym.Direction.BOTH:
        terms = replacements = list(dict.fromkeys([*terms, *replacements]))
    for term in terms:
        for other in replacements:
            if key_of(term) != key_of(other):
                yield term, other


def version(using: str) -> object:
    """Return a value that changes whenever a synonym does."""
    with connections[using].cursor() as cursor:
        cursor.execute(_VERSION.format(table=Synonym._meta.db_table))
        return cursor.fetchone()


@cached(LRUCache(16), lock=Lock())
def expansions(using: str, current: object) -> Expansions:  # noqa: ARG001
    """Return the synonyms of ``version`` ``current``; tenants with the same synonyms have the same version."""
    return compiled(Synonym.objects.using(using))


def compiled(synonyms: Iterable[Synonym]) -> Expansions:
    """Return the synonyms by language and term."""
    found: Expansions = {}
    for synonym in synonyms:
        of_language = found.setdefault(synonym.language, {})
        for term, other in pairs_of(synonym):
            if key_of(term) and key_of(other):
                of_language.setdefault(key_of(term), []).append(key_of(other))
    return found


def expand(words: Sequence[QueryWord], text: str, found: Expansions) -> list[Phrase]:
    """Return the words of ``text`` as phrases, with the readings of the shop's synonyms; the longest terms win."""
    applying = [found[language] for language in ("", detect_language(text)) if language in found]
    matcher = TermMatcher(ChainMap(*applying), max_words=MAX_WORDS)
    return [
        Phrase(tuple(words[place]), tuple(_readings(key, applying)))
        for key, place in matcher.split([word.lexeme for word in words])
    ]


def _readings(key: TermKey, applying: Sequence[dict[TermKey, list[TermKey]]]) -> Iterator[Reading]:
    for other in dict.fromkeys(other for of_language in applying for other in of_language.get(key, ())):
        yield Reading.of(other, SYNONYM_WORTH, "synonym")


def familiar_lexemes(found: Expansions) -> set[str]:
    """Return the lexemes of all synonyms, which are no typing errors."""
    keys = (key for of_language in found.values() for term, others in of_language.items() for key in (term, *others))
    return {lexeme for key in keys for lexeme in key}
