"""The extension pgvector: created before the first migration, or the statement that an administrator must execute."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connections, models, router

from xsearch.indexing.database import execute, fetch_one
from xsearch.models import EmbeddedModel, IndexRecord

CREATE_EXTENSION = "CREATE EXTENSION vector;"

# A trusted extension may be created by whoever may create schemas in the database; any other one by a superuser.
_RIGHTS = """
SELECT rolsuper OR (coalesce(bool_or(trusted OR NOT superuser), false)
                    AND has_database_privilege(current_database(), 'CREATE')), current_user, current_database()
FROM pg_roles LEFT JOIN pg_available_extension_versions ON name = 'vector'
WHERE rolname = current_user GROUP BY rolsuper
"""


def create_extension(*, using: str, **kwargs: Any) -> None:  # noqa: ARG001
    """Create pgvector before the first migration needs its types; a signal receiver."""
    if connections[using].vendor != "postgresql" or not is_needed(using) or has_extension(using):
        return
    if text := missing_right(using):
        raise CommandError(text)
    # Where every schema of a tenant finds it.
    row = fetch_one("SELECT 'public' = ANY(current_schemas(false))", using=using)
    execute(f"CREATE EXTENSION IF NOT EXISTS vector {'SCHEMA public' if row[0] else ''}", using=using)


def is_needed(using: str) -> bool:
    """Return True if the router lets any table with vectors, or xsearch's own, be in the database."""
    found: list[type[models.Model]] = [IndexRecord]
    found += [model for model in apps.get_models() if issubclass(model, EmbeddedModel)]
    return any(router.allow_migrate_model(using, model) for model in found)


def has_extension(using: str) -> bool:
    """Return True if the database has pgvector."""
    # Asked first: IF NOT EXISTS needs the right to create extensions even where it exists.
    return fetch_one("SELECT 1 FROM pg_extension WHERE extname = 'vector'", using=using) is not None


def missing_right(using: str) -> str:
    """Return what an administrator must do where the database user may not create pgvector; "" where it may."""
    may_create, user, database = fetch_one(_RIGHTS, using=using)
    if may_create:
        return ""
    return (
        f"The database {database!r} has no pgvector, and the user {user!r} may not create it. "
        f"Let an administrator connect to {database!r} and execute: {CREATE_EXTENSION}"
    )
