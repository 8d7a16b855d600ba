"""Maintenance of tables: what only their owner may do, and what takes longer than a statement of the shop may take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from xsearch.encoders import EncoderAway
from xsearch.indexing.database import atomic, execute, fetch_one, index_connection

OWNERS_CURE = "Run with the owner's rights: python manage.py xsearch_index --indexes-only --database ALIAS"

_NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0"}


class TableBusyError(EncoderAway):
    """Other transactions hold a table all the time; the change that needs an exclusive lock must be retried."""


class NotOwnerError(TableBusyError):
    """Only the owner of a table may change it; the message names the command for the owner."""


def is_owner(table: str, using: str | None = None) -> bool:
    """Return True if the database user may do what only the owner of ``table`` may."""
    sql = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)"
    found = fetch_one(sql, [f'"{table}"'], using)
    return found is None or bool(found[0])


def missing_ownership(tables: Sequence[str]) -> str:
    """Return which of ``tables`` the database user does not own, and what follows from it; "" if it owns all."""
    foreign = [table for table in tables if not is_owner(table)]
    if not foreign:
        return ""
    [user] = fetch_one("SELECT current_user")
    names = ", ".join(foreign)
    return f"The database user {user!r} does not own {names}, so it cannot build vector indexes or add columns there."


def owners_work(tables: Sequence[str]) -> str:
    """Return ``missing_ownership`` with the cure."""
    problem = missing_ownership(tables)
    return f"{problem} {OWNERS_CURE}" if problem else ""


def require_owner(tables: Sequence[str]) -> None:
    """Raise ``NotOwnerError`` unless the database user owns ``tables``."""
    if text := owners_work(tables):
        raise NotOwnerError(text)


def is_pooled() -> bool:
    """Return True if a pooler stands between: then the session is not the one that the connection began with."""
    [session] = fetch_one("SELECT pg_backend_pid()")
    return bool(index_connection().connection.info.backend_pid != session)


@contextmanager
def dedicated_connection(**parameters: str) -> Iterator[BaseDatabaseWrapper]:
    """Yield another connection, without time limits and with ``parameters``; it is closed at the end.

    They are set as it starts, so that no session keeps them. A pooler refuses that: then the server's own values hold.
    """
    own = index_connection().copy()
    own.settings_dict |= {"AUTOCOMMIT": True, "CONN_MAX_AGE": 0}
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    shops = options.get("options", "")
    options["options"] = " ".join([shops, *(f"-c {name}={value}" for name, value in (_NO_LIMITS | parameters).items())])
    try:
        try:
            own.ensure_connection()
        except OperationalError as error:
            if "startup parameter" not in str(error):
                raise
            options["options"] = shops
            own.ensure_connection()
        yield own
    finally:
        own.close()


@contextmanager
def unhurried() -> Iterator[None]:
    """Open a transaction without a time limit for its statements; a context manager or a decorator."""
    with atomic():
        [before] = fetch_one("SELECT current_setting('statement_timeout')")
        execute("SELECT set_config('statement_timeout', '0', true)")
        yield
        execute("SELECT set_config('statement_timeout', %s, true)", [before])
