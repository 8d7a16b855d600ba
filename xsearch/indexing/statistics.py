"""Term statistics of the indexed documents, and the phrases by which customers name the products."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from cachetools import LRUCache, TLRUCache, cached

from xsearch.conf import settings
from xsearch.index.registry import Index
from xsearch.index.stores import main_store
from xsearch.indexing import suggestions
from xsearch.indexing.database import catalogue_key, execute, fetch_one, index_connection, paged
from xsearch.indexing.maintenance import unhurried
from xsearch.indexing.outbox import index_records
from xsearch.models import IndexRecord, Term
from xsearch.models.routing import primary_reads
from xsearch.text import english
from xsearch.text.chinese import is_chinese, sound_of
from xsearch.text.folding import fold

_LATIN = re.compile(r"[a-z]+")
_MAX_FORMS = 4  # of one word: "jacket", "jackets"
_MAX_FORM = 60  # letters

_COUNT_TERMS = """
INSERT INTO {terms} (content_type_id, lexeme, objects_with, written, sound)
SELECT %s, left(word, 255), max(ndoc), '', ''
FROM ts_stat('SELECT search_document FROM "{table}" WHERE search_document IS NOT NULL')
GROUP BY 2
UNION ALL
SELECT %s, '', count(search_document), '', '' FROM "{table}"
"""

_WORDS = """
SELECT word, count(*)
FROM {records}, jsonb_array_elements_text(phrases) AS phrase, string_to_table(phrase, ' ') AS word
WHERE content_type_id = %s
GROUP BY word
"""

_STORE_FORMS = """
UPDATE {terms} SET written = form.written, sound = form.sound
FROM unnest(%s::text[], %s::text[], %s::text[]) AS form(lexeme, written, sound)
WHERE content_type_id = %s AND {terms}.lexeme = form.lexeme
"""

# Texts, not times: saving a price must not make the speech recogniser learn its words anew.
_VERSION = """
SELECT count(*) || ':' || coalesce(sum(hashtextextended(phrases::text, 0)::numeric), 0)
FROM {records} WHERE content_type_id = %s
"""

_MAX_CATALOGUES = 1_000  # that one process remembers
#: Catalogue → the version that this process counted last, and when.
_counted: LRUCache[tuple[str, ...], tuple[str, float]] = LRUCache(_MAX_CATALOGUES)


def refresh_if_due(index: Index) -> None:
    """Count the terms of ``index`` again if it changed, at most once in ``VOCABULARY_MAX_AGE_S`` seconds."""
    key, now = catalogue_key(index), time.monotonic()
    counted, counted_at = _counted.get(key, ("", float("-inf")))
    if not index.text or now - counted_at < settings.VOCABULARY_MAX_AGE_S:
        return
    current = version(index)
    if current != counted:
        refresh(index)
        _counted[key] = (current, now)


@primary_reads()
@unhurried()
def refresh(index: Index) -> None:
    """Count in how many documents of ``index`` each term occurs, and bring its suggestions up to date."""
    if not index.text:
        return
    content_type, table = index.content_type, main_store(index).table
    # Two workers that count at the same time would both insert their counts.
    execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"xsearch.terms.{index.label}"])
    Term.objects.filter(content_type=content_type).delete()
    execute(_COUNT_TERMS.format(terms=Term._meta.db_table, table=table), [content_type.pk] * 2)
    _store_forms(content_type.pk)
    suggestions.refresh(index)
    recent_version.cache.pop(recent_version.cache_key(index), None)


def _store_forms(content_type_id: int) -> None:
    """Store the spellings of each word, and the sound of Chinese ones, for the correction of typing errors."""
    written = _written_forms(content_type_id)
    terms = Term.objects.filter(content_type_id=content_type_id).values_list("lexeme", flat=True)
    words = [lexeme for lexeme in terms.iterator(chunk_size=10_000) if lexeme in written or is_chinese(lexeme)]
    forms = [" ".join(written.get(lexeme, [lexeme]))[:255] for lexeme in words]
    sounds = [sound_of(lexeme)[:255] if is_chinese(lexeme) else "" for lexeme in words]
    execute(_STORE_FORMS.format(terms=Term._meta.db_table), [words, forms, sounds, content_type_id])


def _written_forms(content_type_id: int) -> dict[str, list[str]]:
    """Return the forms of each English lexeme in the phrases, the most frequent first."""
    counts: Counter[str] = Counter()
    with index_connection().cursor() as cursor:
        cursor.execute(_WORDS.format(records=IndexRecord._meta.db_table), [content_type_id])
        for text, count in cursor.fetchall():
            for word in _LATIN.findall(fold(text)[0]):
                counts[word] += count
    forms: dict[str, list[str]] = defaultdict(list)
    for word, _count in counts.most_common():
        if len(word) <= _MAX_FORM:
            forms[english.stem(word)].append(word)
    return {lexeme: found[:_MAX_FORMS] for lexeme, found in forms.items()}


def version(index: Index) -> str:
    """Return a text that changes whenever the indexed phrases do."""
    return str(fetch_one(_VERSION.format(records=IndexRecord._meta.db_table), [index.content_type.pk])[0])


@cached(
    TLRUCache(_MAX_CATALOGUES, lambda _key, _version, now: now + float(settings.VOCABULARY_MAX_AGE_S)),
    key=catalogue_key,
    lock=threading.Lock(),
)
def recent_version(index: Index) -> str:
    """Return the version as it was at most ``VOCABULARY_MAX_AGE_S`` ago."""
    return version(index)


def phrases(index: Index) -> Iterator[str]:
    """Yield the titles, brands, categories and colours of everything indexed."""
    records = index_records(index).exclude(phrases=[])
    for (found,) in paged(records, "phrases"):
        yield from found
