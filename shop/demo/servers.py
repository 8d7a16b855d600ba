"""The servers that the demo needs but does not write: the database, the broker, the cache, a free port."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, connections

from shop.demo.errors import DemoError
from shop.demo.signals import signals_deferred
from shop.embedded.base import embedded_server, stop_embedded_server

_BROKER_TIMEOUT_S = 5.0


def require_free_port(port: int) -> None:
    """Refuse to start on a port that something else listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoError(
                f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}). Stop what listens there, "
                f"or choose another port: PORT={port + 1} make demo"
            ) from error


def require_database() -> None:
    """Connect to the database of ``DATABASE_URL``, or start the embedded one."""
    try:
        with signals_deferred():  # a server half started would be nobody's
            connection.ensure_connection()
    except OperationalError as error:
        raise DemoError(
            f"DATABASE_URL names a database that does not answer: {str(error).strip()}\n"
            "Start it, correct the address, or unset DATABASE_URL for the embedded PostgreSQL."
        ) from error


def require_broker() -> None:
    """Connect to the broker, and to the cache, where the environment names real ones."""
    from kombu import Connection

    if "CELERY_BROKER_URL" in os.environ:
        try:
            with Connection(settings.CELERY_BROKER_URL, connect_timeout=_BROKER_TIMEOUT_S) as broker:
                broker.ensure_connection(max_retries=1, timeout=_BROKER_TIMEOUT_S)
        except Exception as error:  # every transport has errors of its own
            raise _unreachable("CELERY_BROKER_URL", error) from error
    if "REDIS_URL" in os.environ:
        try:
            cache.get("demo")
        except Exception as error:
            raise _unreachable("REDIS_URL", error) from error


def _unreachable(variable: str, error: Exception) -> DemoError:
    address = without_password(os.environ[variable])
    return DemoError(f"{variable}={address} does not answer ({error}). Start that server, or unset {variable}.")


def without_password(address: str) -> str:
    """Return a server's address fit for a screen."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", address)


def is_embedded() -> bool:
    """Whether the shop runs on its own PostgreSQL."""
    return str(connection.settings_dict["ENGINE"]) == "shop.embedded"


def is_on_this_machine() -> bool:
    """Whether the database is nobody else's: embedded, or at a loopback address or socket."""
    host = str(connection.settings_dict.get("HOST") or "")
    return is_embedded() or host in {"", "127.0.0.1", "::1", "localhost"} or host.startswith("/")


def environment(var_folder: Path) -> dict[str, str]:
    """Return the environment of the demo's processes; they share the database that this process holds."""
    own = {
        "SHOP_VAR_DIR": str(var_folder),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "PYTHONUNBUFFERED": "1",
    }
    if is_embedded():
        own["DATABASE_URL"] = embedded_server(_server_folder())
    return {**os.environ, **own}


def stop_database() -> None:
    """Stop the embedded PostgreSQL, unless some other living process still uses it."""
    connections.close_all()
    if is_embedded():
        stop_embedded_server(_server_folder())


def _server_folder() -> Path:
    return Path(settings.VAR_DIR) / "postgres"
