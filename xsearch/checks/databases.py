"""Checks of the databases: PostgreSQL, pgvector, live spaces, vector indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, router
from django.db.models import Model

from xsearch.checks.indexes import check_index
from xsearch.index.registry import Index, registered
from xsearch.indexing import spaces, vector_indexes
from xsearch.indexing.database import database_alias, fetch_one
from xsearch.indexing.extension import CREATE_EXTENSION, has_extension, is_needed, missing_right
from xsearch.indexing.maintenance import OWNERS_CURE, is_owner, is_pooled, missing_ownership
from xsearch.models import EncoderSpace, IndexRecord

MIN_PGVECTOR = (0, 8)


@checks.register("xsearch")
def check_layout(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E040 objects and the tables of xsearch in different databases."""
    own = router.db_for_write(IndexRecord)
    models = [model for index in registered() for model in _tables_of(index)]
    models += apps.get_app_config("xsearch").get_models()
    elsewhere = {model: alias for model in models if (alias := router.db_for_write(model)) != own}
    return [_layout_error(model, alias, own) for model, alias in elsewhere.items()]


def _tables_of(index: Index) -> set[type[Model]]:
    try:
        return {index.model, *(store.owner for store in index.stores())}
    except ImproperlyConfigured:  # reported elsewhere
        return {index.model}


def _layout_error(model: type[Model], alias: str, own: str) -> CheckMessage:
    label = model._meta.app_label
    wanted = own if label == "xsearch" else alias
    text = (
        f"{model._meta.label} is written to the database {alias!r}, and {IndexRecord._meta.label} to {own!r}. Saves"
        " cannot be recorded, and searches cannot join the two."
    )
    hint = (
        f"Let your router answer alike for both apps, in db_for_read, db_for_write and allow_migrate:"
        f' if model._meta.app_label in {{"{label}", "xsearch"}}: return {wanted!r}. Then run:'
        f" python manage.py migrate --database {wanted}"
    )
    return Error(text, hint=hint, obj=model, id="xsearch.E040")


@checks.register("xsearch", checks.Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E030 not PostgreSQL, E031 pgvector missing or too old, W032 another encoder's vectors, W033 missing indexes,
    E041 no right to create pgvector, W042 only the owner can build indexes, E043 pgvector out of reach, W044 cursors
    behind a pooler, W045 a time limit behind a pooler.
    """
    found: list[CheckMessage] = []
    for alias in databases or []:
        try:
            found += _check_pgvector(alias)
            found += [] if found else [*_check_pooler(alias), *_check_spaces(alias)]
        except DatabaseError as error:
            text = f"xsearch cannot read the database {alias!r}: {error}"
            found.append(CheckWarning(text, hint="python manage.py migrate", id="xsearch.W031"))
    return found


def _check_pgvector(alias: str) -> Iterator[CheckMessage]:
    if connections[alias].vendor != "postgresql":
        yield Error("xsearch needs PostgreSQL with pgvector.", hint="Use the postgresql engine.", id="xsearch.E030")
        return
    row = fetch_one(
        "SELECT coalesce(x.extversion, a.default_version) FROM pg_available_extensions a"
        " LEFT JOIN pg_extension x ON x.extname = a.name WHERE a.name = 'vector'",
        using=alias,
    )
    if row is None:
        hint = "Install pgvector ≥ 0.8 on the database server, then run: python manage.py migrate"
        yield Error("The database server has no pgvector.", hint=hint, id="xsearch.E031")
    elif tuple(int(part) for part in row[0].split(".")[:2]) < MIN_PGVECTOR:
        hint = "Update the package on the server, then run: ALTER EXTENSION vector UPDATE;"
        yield Error(f"pgvector {row[0]} is older than 0.8.", hint=hint, id="xsearch.E031")
    else:
        yield from _check_extension(alias)


def _check_extension(alias: str) -> Iterator[CheckMessage]:
    if not has_extension(alias):  # migrate creates it, if it may
        if is_needed(alias) and (text := missing_right(alias)):
            yield Error(text, hint=CREATE_EXTENSION, id="xsearch.E041")
    elif fetch_one("SELECT to_regtype('halfvec')", using=alias) == (None,):
        text = f"pgvector is in a schema of the database {alias!r} that is not on the search path."
        yield Error(text, hint="ALTER EXTENSION vector SET SCHEMA public;", id="xsearch.E043")


def _check_pooler(alias: str) -> Iterator[CheckMessage]:
    if alias != database_alias() or not is_pooled():
        return
    behind = f"The database {alias!r} is behind a connection pooler"
    if not connections[alias].settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        hint = f"DATABASES[{alias!r}]['DISABLE_SERVER_SIDE_CURSORS'] = True"
        text = f"{behind}: in transaction mode, querysets that are read with iterator() fail."
        yield CheckWarning(text, hint=hint, id="xsearch.W044")
    [limit] = fetch_one("SHOW statement_timeout", using=alias)
    if limit != "0":
        hint = f"Build them past the pooler. {OWNERS_CURE.partition(': ')[2]}"
        text = f"{behind} and cancels statements after {limit}: it allows no vector indexes of large tables."
        yield CheckWarning(text, hint=hint, id="xsearch.W045")


def _check_spaces(alias: str) -> Iterator[CheckMessage]:
    if alias != database_alias() or EncoderSpace._meta.db_table not in connections[alias].introspection.table_names():
        return
    without_index: list[str] = []
    for index in registered():
        if any(message.level >= checks.ERROR for message in check_index(index)):  # reported elsewhere
            continue
        targets = spaces.target_fingerprints(index)
        for modality, space in spaces.live_spaces(index).items():
            if targets.get(modality, space.fingerprint) != space.fingerprint:
                text = f"The {modality} vectors of {index.label} are not those of the configured encoder."
                yield CheckWarning(text, hint=f"python manage.py xsearch_rebuild {index.label}", id="xsearch.W032")
            for store in index.stores_for(modality):
                if vector_indexes.has_index(store, store.column, space.dimension):
                    continue
                without_index.append(store.table)
                if is_owner(store.table):
                    text = f"{store.model._meta.label}.{store.column} has no vector index; searches scan every row."
                    yield CheckWarning(text, hint=f"python manage.py xsearch_index {index.label}", id="xsearch.W033")
    if text := missing_ownership(sorted({*without_index})):
        yield CheckWarning(text, hint=OWNERS_CURE, id="xsearch.W042")
