"""The widget shop behind servers as shops have them: collected static files only, another origin, a prefix."""

import json
from contextlib import contextmanager
from secrets import token_urlsafe
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from django.test.testcases import LiveServerThread
from django.urls import set_script_prefix
from whitenoise import WhiteNoise


@contextmanager
def served(static_handler=lambda app: app):
    """Serve the shop under the settings of now, without Django's own server of static files; yields its address."""
    thread = LiveServerThread("localhost", static_handler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://localhost:{thread.port}"
    finally:
        thread.terminate()
        connections.close_all()


def below(prefix):
    """Return the handler of a front server that serves the shop below ``prefix``, as FORCE_SCRIPT_NAME expects."""

    def handler(_app):
        set_script_prefix(f"{prefix}/")  # as django.setup does with FORCE_SCRIPT_NAME
        app = WSGIHandler()

        def serve(environ, start_response):
            if not environ["PATH_INFO"].startswith(f"{prefix}/"):
                start_response("404 Not Found", [("Content-Type", "text/plain")])
                return [b"outside"]
            return app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix(prefix)}, start_response)

        return serve

    return handler


def nonce_policy(get_response):
    """Allow scripts and style sheets with the nonce of the page only, as a middleware."""

    def answer(request):
        request.nonce = token_urlsafe(16)
        response = get_response(request)
        allowed = f"'nonce-{request.nonce}'"
        response["Content-Security-Policy"] = (
            f"default-src 'none'; script-src {allowed} 'strict-dynamic'; style-src {allowed};"
            " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    return answer


def nonce(request):
    """Give the nonce to templates, as a context processor."""
    return {"csp_nonce": request.nonce}


class _Silent(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def origin_of(folder):
    """Serve a folder from an origin of its own, without headers that allow others to read it; yields its address."""

    def refuse(_environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not here"]

    files = WhiteNoise(refuse, root=folder, allow_all_origins=False)
    with make_server("127.0.0.1", 0, files, handler_class=_Silent) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def collect(settings, folder, storage):
    """Collect the static files into ``folder`` and keep only those with a hash in their names."""
    settings.STATIC_ROOT = str(folder)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}
    settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = True
    call_command("collectstatic", interactive=False, verbosity=0)
    hashed = set(_names(folder))
    for file in folder.rglob("*"):
        if file.is_file() and not file.name.startswith("staticfiles.json") and file.name not in hashed:
            file.unlink()


def _names(folder):
    for path in json.loads((folder / "staticfiles.json").read_text())["paths"].values():
        name = path.rpartition("/")[2]
        yield from (name, f"{name}.gz", f"{name}.br")
