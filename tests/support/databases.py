"""Further aliases and routers, as shops have them, on the server of the tests."""

import copy
import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from shop.models import Product
from tests.support.indexing import wait_until
from tests.support.processes import free_port
from xsearch.index.registry import get_index
from xsearch.indexing.database import execute
from xsearch.indexing.worker import columns_without_index
from xsearch.models import EncoderSpace

#: Debian keeps it where only root looks for programs.
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def alias(name, *, options=None, **changed):
    """Let ``name`` be another way to the test database, with other parameters of the connection."""
    connections["default"].ensure_connection()  # the address of the embedded server is known from then on
    settings = copy.deepcopy(connections["default"].settings_dict)
    settings |= {"ENGINE": "django.db.backends.postgresql"} | changed
    settings["OPTIONS"] = {**settings.get("OPTIONS", {}), **(options or {})}
    connections.settings[name] = settings
    # Django's test case refuses connections that were not announced before the test.
    [case] = [
        cell.cell_contents
        for cell in BaseDatabaseWrapper.ensure_connection.__closure__
        if isinstance(cell.cell_contents, type)
    ]
    before, case.databases = case.databases, {*case.databases, name}
    try:
        yield name
    finally:
        case.databases = before
        connections[name].close()
        del connections[name]
        del connections.settings[name]


class ReplicaRouter:
    """Reads come from a replica, whatever is read: the example of Django's documentation."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"


@contextmanager
def through(**changed):
    """Let the connections to the default database, of all threads, be made with other parameters."""
    own = connections["default"]
    settings, before = own.settings_dict, copy.deepcopy(own.settings_dict)
    own.ensure_connection()  # the address of the embedded server is known from then on
    settings.update({"ENGINE": "django.db.backends.postgresql"} | changed)
    own.close()
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = own
        settings.clear()
        settings.update(before)


@contextmanager
def role(name, *grants):
    """Create a database user that reads and writes rows, and owns nothing."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN")
        for grant in ("ALL ON ALL TABLES IN SCHEMA public", "ALL ON ALL SEQUENCES IN SCHEMA public", *grants):
            cursor.execute(f"GRANT {grant} TO {name}")
    try:
        yield name
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {name}")
            cursor.execute(f"DROP ROLE {name}")


@contextmanager
def pgbouncer(folder, *, pool_size=2, query="", more=""):
    """Run a PgBouncer in transaction mode in front of the server of the tests; yields its port."""
    server = connections["default"].get_connection_params()
    port = free_port()
    (folder / "users.txt").write_text(f'"{server["user"]}" "{server.get("password") or ""}"\n')
    lines = [
        "[databases]",
        f"* = host={server['host']} port={server.get('port') or 5432}{query}",
        "[pgbouncer]",
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =",
        f"auth_type = trust\nauth_file = {folder / 'users.txt'}",
        f"pool_mode = transaction\ndefault_pool_size = {pool_size}",
        more,
    ]
    if os.getuid() == 0:  # which it refuses; whoever runs the server may enter the folder of its socket
        lines.append(f"user = {Path(server['host']).owner()}")
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    process = subprocess.Popen([PGBOUNCER, "-q", str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(30)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def are_indexed():
    """Return True if all columns of the products have their vector index."""
    return not columns_without_index(get_index(Product)) and EncoderSpace.objects.exists()


@contextmanager
def time_limit(using, milliseconds=1500):
    """Let no statement of the database take longer; of connections that begin inside."""
    name = connections["default"].settings_dict["NAME"]
    execute(f'ALTER DATABASE "{name}" SET statement_timeout = {milliseconds}', using=using)
    try:
        yield
    finally:
        execute(f'ALTER DATABASE "{name}" RESET statement_timeout', using=using)


@contextmanager
def long_transaction(using):
    """Hold a lock for which concurrent builds wait, until one of them has waited for two seconds."""
    known = connections[using].get_connection_params()
    address = {name: known[name] for name in ("dbname", "user", "host", "port") if known.get(name)}
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'"
        " AND now() - query_start > interval '2 s'"
    )
    is_over = threading.Event()

    def release():
        with psycopg.connect(**address, autocommit=True) as watcher:
            while not is_over.wait(0.1) and not watcher.execute(waiting).fetchone():
                pass
        holder.rollback()

    with psycopg.connect(**address) as holder:
        holder.execute("LOCK TABLE shop_product, shop_productphoto IN ROW EXCLUSIVE MODE")
        thread = threading.Thread(target=release)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
