"""Further aliases and routers, as shops have them, on the server of the tests."""

import copy
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def alias(name, *, options=None, **changed):
    """Let ``name`` be another way to the test database, with other parameters of the connection."""
    settings = copy.deepcopy(connections["default"].settings_dict)
    settings |= changed
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
