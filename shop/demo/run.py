"""The demo from start to end."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections

from shop.demo import catalogue, servers
from shop.demo.errors import DemoError, Stopped
from shop.demo.indexing import index_by_worker
from shop.demo.processes import Supervisor
from shop.demo.signals import stopping_on_signals
from xsearch.models import IndexRecord

_READY_S = 60.0
_POLL_S = 0.25
_NAME = _PASSWORD = "demo"  # noqa: S105 — of an account that only this machine can reach


class Demo:
    """The shop with its database, worker, timer and web server."""

    def __init__(self, *, port: int, products: int | None, follow_parent: bool, say: Callable[[str], object]) -> None:
        self.port = port
        self.products = products
        self.say = say
        self.var = Path(settings.VAR_DIR).resolve()
        self.supervisor = Supervisor(self.var / "logs", follow_parent=follow_parent)

    def run(self) -> None:
        """Start everything, serve until somebody stops it, and stop everything."""
        with stopping_on_signals():
            try:
                self._start()
                self._watch()
            except Stopped:
                self.say("\nStopping …")
            finally:
                self.supervisor.stop()
                servers.stop_database()
        self.say("All stopped.")

    def _start(self) -> None:
        servers.require_free_port(self.port)
        servers.require_broker()
        self.say("Starting the database …")
        servers.require_database()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self._start_workers()
        self._load()
        self._index()
        self._start_web()
        connections.close_all()
        self._tell()

    def _load(self) -> None:
        self.say("Loading the catalogue …")
        catalogue.load_once(Path(settings.CATALOGUE_DIR), self.var / "catalogue.loaded", self.products)
        if servers.is_on_this_machine():
            _create_admin()

    def _start_workers(self) -> None:
        options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._celery("worker", "--loglevel=INFO", "--concurrency=2", "--hostname=demo@%h", *options)
        self._celery("beat", "--loglevel=INFO", "--pidfile=")

    def _celery(self, name: str, *options: str) -> None:
        self._child(name, "celery", "--app=shop", f"--workdir={settings.BASE_DIR}", name, *options)

    def _index(self) -> None:
        self.say("Indexing with the worker …")
        state = index_by_worker(self.supervisor.check)
        if state[IndexRecord.Status.PENDING]:
            self.say("  The worker is slow; it goes on in the background. See /admin/ for how far it is.")
        if state[IndexRecord.Status.FAILED]:
            self.say(f"  {state[IndexRecord.Status.FAILED]} products could not be indexed; see /admin/ for why.")

    def _start_web(self) -> None:
        bind = [f"--bind=127.0.0.1:{self.port}", f"--chdir={settings.BASE_DIR}", "--no-control-socket"]
        size = ["--workers=2", "--worker-class=gthread", "--threads=2", "--graceful-timeout=5"]
        self._child("web", "gunicorn", "shop.wsgi", *bind, *size)
        deadline = time.monotonic() + _READY_S
        while not self._answers():
            self.supervisor.check()
            if time.monotonic() > deadline:
                raise DemoError(f"The web server does not answer; see {self.var / 'logs' / 'web.log'}")
            time.sleep(_POLL_S)

    def _child(self, name: str, module: str, *arguments: str) -> None:
        environment = servers.environment(self.var)
        self.supervisor.start(name, sys.executable, "-m", module, *arguments, environment=environment)

    def _answers(self) -> bool:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_READY_S)
        try:
            client.request("GET", "/")
            status = client.getresponse().status
        except OSError:
            return False
        finally:
            client.close()
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DemoError(f"The shop answers {status}; see {self.var / 'logs' / 'web.log'}")
        return True

    def _tell(self) -> None:
        address = f"http://127.0.0.1:{self.port}/"
        account = f"({_NAME} / {_PASSWORD})" if servers.is_on_this_machine() else "(manage.py createsuperuser)"
        self.say(
            f"""
The shop is open:    {address}
  by typing          red dress · striped mug under 20 · 蓝色 背包
  by photo           drop one from {Path(settings.CATALOGUE_DIR) / "customer_photos"}
  photo and text     the same photo, and "but green"
  by voice           the microphone of the search bar: "yellow umbrella"
The owner's pages:   {address}admin/   {account}
The HTTP interface:  {address}api/xsearch/schema/
What it all writes:  {self.var / "logs"}
Ctrl-C stops all of it.
"""
        )

    def _watch(self) -> None:
        while True:
            time.sleep(_POLL_S)
            self.supervisor.check()


def _create_admin() -> None:
    users = get_user_model()._default_manager
    if not users.filter(username=_NAME).exists():
        users.create_superuser(_NAME, "", _PASSWORD)
