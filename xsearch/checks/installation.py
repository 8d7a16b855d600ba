"""Checks of the steps of an installation: addresses of the API, tables and columns, the first indexing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, models, router
from django.urls import NoReverseMatch, reverse

from xsearch.index.registry import Index, registered
from xsearch.indexing.database import has_column
from xsearch.indexing.outbox import in_work, index_records
from xsearch.models import EncoderSpace, IndexRecord, Suggestion, Term

_TABLES: tuple[type[models.Model], ...] = (IndexRecord, EncoderSpace, Term, Suggestion)
_COLUMNS = ("text_embedding", "image_embedding", "audio_embedding", "search_document")
_MIGRATE = "python manage.py migrate"


@checks.register("xsearch")
def check_api(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W024 the API is not mounted."""
    if not registered():
        return []
    try:
        reverse("xsearch:search")
    except NoReverseMatch:
        text = "The API of xsearch has no address: the search bar suggests nothing and has no microphone."
        hint = 'Add to your urlpatterns: path("api/xsearch/", include("xsearch.api.urls")).'
        return [CheckWarning(text, hint=hint, id="xsearch.W024")]
    except Exception:  # noqa: BLE001 - Django's own checks report addresses that cannot be read
        return []
    return []


@checks.register("xsearch", checks.Tags.database)
def check_installation(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W025 tables or columns are missing, W026 nothing is indexed yet."""
    if sys.argv[1:2] == ["migrate"]:  # it checks before it makes what is missing
        return []
    found: list[CheckMessage] = []
    for alias in databases or []:
        if connections[alias].vendor != "postgresql":
            continue
        try:
            missing = [*_missing_tables(alias), *_missing_columns(alias)]
            found += missing or _check_contents(alias)
        except DatabaseError:
            continue  # check_database reports it
    return found


def _is_kept_in(model: type[models.Model], alias: str) -> bool:
    return router.db_for_write(model) == alias and router.allow_migrate_model(alias, model)


def _missing_tables(alias: str) -> Iterator[CheckMessage]:
    here = set(connections[alias].introspection.table_names())
    missing = [model._meta.db_table for model in _TABLES if _is_kept_in(model, alias)]
    if missing := [table for table in missing if table not in here]:
        text = f"The database {alias!r} has no table {', '.join(missing)}."
        yield CheckWarning(text, hint=f"{_MIGRATE} --database {alias}", id="xsearch.W025")


def _missing_columns(alias: str) -> Iterator[CheckMessage]:
    for model in {store.owner for index in registered() for store in _stores(index)}:
        if not _is_kept_in(model, alias):
            continue
        if lacking := [name for name in _COLUMNS if not has_column(model._meta.db_table, name, alias)]:
            text = f"The table of {model._meta.label} has no {', '.join(lacking)}: no product can be saved."
            hint = f"python manage.py makemigrations {model._meta.app_label} && {_MIGRATE} --database {alias}"
            yield CheckWarning(text, hint=hint, id="xsearch.W025")


def _stores(index: Index) -> list[Any]:
    try:
        return list(index.stores())
    except ImproperlyConfigured:  # reported by the checks of declarations
        return []


def _check_contents(alias: str) -> Iterator[CheckMessage]:
    if not _is_kept_in(IndexRecord, alias):
        return
    for index in registered():
        begun = index_records(index).exclude(indexed_at=None).exists() or in_work(index).exists()
        if not begun and index.get_queryset().exists():
            text = f"Nothing of {index.label} is indexed yet: searches find nothing."
            yield CheckWarning(text, hint=f"python manage.py xsearch_index {index.label}", id="xsearch.W026")
