"""Routers of shops with several databases."""

from typing import Any


class ReadsFromReplica:
    """Sends every read to the replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Read what was replicated."""
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Write to the primary."""
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Both have the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Migrate the primary."""
        return db == "default"


class ProductsInSecondDatabase:
    """Keeps products and the search in the database ``products``, everything else in ``default``."""

    APPS = {"catalogue", "xsearch"}

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Read where it is written."""
        return "products" if model._meta.app_label in self.APPS else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Make each table in its database."""
        return (db == "products") == (app_label in self.APPS)
