"""Term statistics of the indexed documents, and the phrases that name the products."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import connection, transaction

from xsearch.conf import settings
from xsearch.indexing.outbox import content_type_of
from xsearch.models import IndexRecord, Term
from xsearch.registry import Index, registered
from xsearch.stores import main_store

_COUNT_TERMS = """
INSERT INTO {terms} (content_type_id, lexeme, objects_with)
SELECT %s, left(word, 255), max(ndoc)
FROM ts_stat('SELECT search_document FROM "{table}" WHERE search_document IS NOT NULL')
GROUP BY 2
"""

# Texts, not times: saving a price must not make the speech recogniser learn its words anew.
_VERSION = """
SELECT count(*) || ':' || coalesce(sum(hashtextextended(phrases::text, 0)::numeric), 0)
FROM {records} WHERE content_type_id = %s
"""

_counted: dict[str, tuple[str, float]] = {}  # label → version counted by this process, and when
_spoken: dict[str, tuple[str, float]] = {}  # label → version last seen by the recogniser, and when


def refresh_all() -> None:
    """Count the terms of every index anew where something was indexed since."""
    for index in registered():
        refresh_if_due(index)


def refresh_if_due(index: Index) -> None:
    """Count the terms of ``index`` anew if it changed, and not more often than the setting says."""
    current, now = version(index), time.monotonic()
    counted, when = _counted.get(index.label, ("", 0.0))
    if index.text and counted != current and (not counted or now - when >= settings.VOCABULARY_MAX_AGE_S):
        refresh(index)
        _counted[index.label] = (current, now)


@transaction.atomic
def refresh(index: Index) -> None:
    """Count in how many documents of ``index`` each term occurs."""
    if not index.text:
        return
    content_type = content_type_of(index)
    table = main_store(index).table
    with connection.cursor() as cursor:
        # Two workers that count at once would both insert what they counted.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"xsearch.terms.{index.label}"])
        Term.objects.filter(content_type=content_type).delete()
        cursor.execute(_COUNT_TERMS.format(terms=Term._meta.db_table, table=table), [content_type.pk])
    _spoken.pop(index.label, None)


def version(index: Index) -> str:
    """Return a text that changes whenever the indexed phrases do."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION.format(records=IndexRecord._meta.db_table), [content_type_of(index).pk])
        found: str = cursor.fetchone()[0]
    return found


def recent_version(index: Index) -> str:
    """Return the version as it was at most ``VOCABULARY_MAX_AGE_S`` ago."""
    known, when = _spoken.get(index.label, ("", 0.0))
    if known and time.monotonic() - when < settings.VOCABULARY_MAX_AGE_S:
        return known
    _spoken[index.label] = (version(index), time.monotonic())
    return _spoken[index.label][0]


def phrases(index: Index) -> Iterator[str]:
    """Yield the titles, brands, categories and colours of everything indexed."""
    records = IndexRecord.objects.filter(content_type=content_type_of(index)).exclude(phrases=[])
    for found in records.values_list("phrases", flat=True).iterator(chunk_size=2000):
        yield from found
