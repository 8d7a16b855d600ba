"""What a search knows about swaps: whose vectors a statement sees."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Func

from xsearch.index.stores import Store
from xsearch.indexing.columns import COMMENT
from xsearch.models import EncoderSpace


class SpaceSwapped(Exception):  # noqa: N818 - no error: the search begins anew
    """The vectors that a query was made for are not the live ones any more."""


class IsLive(Func):
    """Whether a vector of ``space`` may be compared with those that this very statement sees; a swap may come any time.

    A statement locks its tables when it is parsed, and sees what was committed until then: columns by their names and
    the row of their space come from the same side of a swap, which renames and notes in one transaction. With
    REPEATABLE READ it sees older rows than names, so that the comment on the column is asked as well; a column without
    such a comment was never swapped. Written as SQL, because every search asks several times and Django would build
    a query each time.
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


def holds_vectors_of(space: EncoderSpace, store: Store) -> bool:
    """Ask whether the column of ``store`` holds the vectors of ``space`` now."""
    return EncoderSpace.objects.filter(IsLive(space, store)).exists()
