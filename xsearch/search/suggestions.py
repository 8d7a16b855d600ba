"""Completions while the customer types."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from xsearch.indexing.outbox import content_type_of
from xsearch.models import IndexRecord
from xsearch.registry import Index, get_index

_SQL = """
SELECT phrase, count(*) AS times
FROM {records}, jsonb_array_elements_text(phrases) AS phrase
WHERE content_type_id = %s AND status = 'indexed' AND (phrase ILIKE %s OR phrase ILIKE %s)
GROUP BY phrase
ORDER BY phrase ILIKE %s DESC, times DESC, length(phrase), phrase
LIMIT %s
"""


def suggest(source: Index | models.QuerySet[Any], prefix: str, *, limit: int = 8) -> list[str]:
    """Return names in the catalogue that start with ``prefix``, or have a word that does; common ones first."""
    index = source if isinstance(source, Index) else get_index(source.model)
    words = " ".join(prefix.replace("\x00", "").split())[:100]
    if not words:
        return []
    pattern = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    inner = f"%{pattern}%" if not words.isascii() else f"% {pattern}%"
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL.format(records=IndexRecord._meta.db_table),
            [content_type_of(index).pk, f"{pattern}%", inner, f"{pattern}%", limit],
        )
        return [row[0] for row in cursor.fetchall()]
