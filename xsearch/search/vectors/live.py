"""Live vectors: a column may be swapped for another encoder's while a search runs."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Func

from xsearch.index.stores import Store
from xsearch.indexing.columns import COMMENT
from xsearch.models import EncoderSpace


class SpaceSwapped(Exception):  # noqa: N818 - no error: the search starts again
    """The vectors that a query was encoded for are no longer the live ones."""


class IsLive(Func):
    """SQL condition: the column that this statement reads holds the vectors of ``space``.

    A statement locks its tables when it is parsed, and sees what was committed until then. A swap renames the columns
    and updates the row of the space in one transaction, so the statement sees both from the same side of it. With
    REPEATABLE READ it sees older rows than names; there the comment on the column is read as well (a column without
    one was never swapped). Written as SQL, because every search uses it several times and Django would build a query
    each time.
    """

    output_field = BooleanField()

    def __init__(self, space: EncoderSpace, store: Store) -> None:
        super().__init__()
        self._path = [*store.table.split('"."'), store.column]  # with its schema, if the name has one
        self._space = space

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        noted = f"substring(col_description(a.objid, a.objsubid) FROM '^{COMMENT}(.*)$')"
        column = "pg_get_object_address('table column', %s::text[], '{}') AS a"
        is_same = f"(SELECT coalesce({noted} = %s, true) FROM {column})"  # noqa: S608 - no name, no value
        is_now = f"(current_setting('transaction_isolation') = 'read committed' OR {is_same})"
        table, fingerprint = EncoderSpace._meta.db_table, self._space.fingerprint
        sql = f'EXISTS(SELECT 1 FROM "{table}" s WHERE s.id = %s AND s.fingerprint = %s AND {is_now})'  # noqa: S608
        return sql, [self._space.pk, fingerprint, fingerprint, self._path]


def holds_vectors_of(using: str, space: EncoderSpace, store: Store) -> bool:
    """Return True if the column of ``store`` holds the vectors of ``space`` now; one statement."""
    return EncoderSpace.objects.using(using).filter(IsLive(space, store)).exists()
