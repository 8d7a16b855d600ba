"""Encoder services for tests: real servers in this process and in one of their own, and some that misbehave."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import deque
from contextlib import contextmanager

from tests.support import ROOT
from xsearch.serving.app import EncoderApp, Limits, batcher_of
from xsearch.serving.server import Server, listen


class Faults:
    """Answers with what ``script`` says, request by request, and lets the app answer when it says nothing more."""

    HANG = object()

    def __init__(self, app):
        self.app = app
        self.limits = app.limits
        self.script = deque()
        self.seen = []  # method, path and headers of every request
        self.go_on = threading.Event()

    def __call__(self, environ, start_response):
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], dict(environ)))
        if not self.script:
            return self.app(environ, start_response)
        fault = self.script.popleft()
        if fault is self.HANG:
            self.go_on.wait(60)
            return self.app(environ, start_response)
        status, headers, body = fault
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        length = {"Content-Length": str(len(body))} | headers
        start_response(f"{status} Scripted", list(length.items()))
        return [body]


class LocalService:
    """A real server in a thread of this process; stopped and started again it keeps its port."""

    def __init__(self, encoder, limits=None, **options):
        self.encoder, self._limits, self._options = encoder, limits or Limits(), options
        self.port = 0
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        listening = listen("127.0.0.1", self.port)
        self.port = listening.getsockname()[1]
        self.batcher = batcher_of(self.encoder)
        self.app = EncoderApp("test", self.encoder, self.batcher, self._limits, **self._options)
        self.faults = Faults(self.app)
        self._server = Server(self.faults, listening)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def stop(self):
        self.faults.go_on.set()
        self._server.stop()
        self._thread.join()
        self.batcher.close()


@contextmanager
def local_service(encoder, **options):
    """Serve ``encoder`` from this process."""
    service = LocalService(encoder, **options)
    try:
        yield service
    finally:
        service.stop()


class ServedProcess:
    """``manage.py xsearch_serve_encoder`` with the encoders of ``specs``, ready when this is made."""

    def __init__(self, alias, specs, *arguments, environment=None):
        settings = {"XSEARCH": {"ENCODERS": specs}}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "xsearch_serve_encoder", alias, "--port", "0", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "XSEARCH_TEST_SETTINGS": json.dumps(settings),
                "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",  # there is none
                **(environment or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = ""
        for line in self.process.stdout:
            said += line
            if found := re.search(r"Ready at (\S+)\. ", line):
                self.url = found.group(1)
                self.said = said
                return
        raise AssertionError(said)

    def stop(self, number=signal.SIGTERM):
        """End it and return its exit status and its last words."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest


@contextmanager
def served_process(alias, specs, *arguments, **options):
    """Serve an encoder from a process of its own."""
    served = ServedProcess(alias, specs, *arguments, **options)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)
        served.process.stdout.close()


def ask(url, content=None, headers=None):
    """Return status, decoded JSON and headers of what a plain HTTP client gets."""
    body = content if content is None or isinstance(content, bytes) else json.dumps(content).encode()
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers
