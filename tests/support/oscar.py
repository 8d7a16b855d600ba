"""The shops of ``examples/oscar``, each in processes of its own: a database, a server, a worker."""

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from tests.support import ROOT
from tests.support.indexing import wait_until
from tests.support.processes import free_port, stop_group

FOLDER = ROOT / "examples" / "oscar"
#: The shop as it was before it got a search.
BEFORE = "oscar_shop"
#: Runs a file of this package in a shop.
RUN = "import runpy, sys, django; django.setup(); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


class OscarShop:
    """One of the packages with settings in ``examples/oscar``, on a database of its own."""

    def __init__(self, name: str, folder: Path, broker: str = "") -> None:
        self.name = name
        self.database = f"oscar_{name}"
        self.url = ""
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": f"{name}.settings",
            "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}",
            "DATABASE_URL": database_url(self.database),
            "SHOP_VAR_DIR": str(folder),
            "CELERY_BROKER_URL": broker,
        }

    def create_database(self, template: str = "template1") -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {self.database} TEMPLATE {template}")

    def drop_database(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    def manage(self, *arguments: str) -> str:
        """Run a management command; its failure is the test's."""
        return self._run("manage.py", *arguments)

    def measure(self, program: str, *arguments: str):
        """Return what a program beside this module prints as JSON on its last line."""
        file = Path(__file__).with_name(program)
        return json.loads(self._run("-c", RUN, str(file), *arguments).strip().splitlines()[-1])

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=FOLDER, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self):
        """Serve the pages, and index what is saved."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        started = [
            self._start("manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"),
            self._start("-m", "celery", "-A", "product_search", "worker", "--pool", "solo"),
        ]
        try:
            wait_until(lambda: self._answers(started[0]))
            yield self
        finally:
            for process in started:
                stop_group(process)

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, *arguments]
        output = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=FOLDER, env=self.environment, stdout=output, stderr=output, start_new_session=True
        )

    def _answers(self, server) -> bool:
        assert server.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(f"{self.url}/catalogue/", timeout=30) as response:
                return response.status == 200
        except OSError:
            return False


def database_url(name: str) -> str:
    """Return the address of a database on the server of the tests."""
    connection.ensure_connection()  # the embedded server says then where it is
    server = connection.settings_dict
    user = quote(server["USER"], safe="") + (f":{quote(server['PASSWORD'], safe='')}" if server["PASSWORD"] else "")
    port = f":{server['PORT']}" if server["PORT"] else ""
    return f"postgres://{user}@{quote(server['HOST'], safe='')}{port}/{name}"
