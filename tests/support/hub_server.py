"""A small real server that speaks what huggingface_hub asks of the hub: model info, tree, files with ranges."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Serves ``models`` ({name: folder}); breaks off the first ``broken_answers`` answers with weights half-way."""

    daemon_threads = True

    def __init__(self, models: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.models = models
        self.gated: set[str] = set()
        self.broken_answers = 0
        self.served: list[tuple[str, str | None]] = []  # file and range of each answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers for ``Hub``."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        if name in self.server.gated:
            return self._refuse(403, "GatedRepo")
        if name not in self.server.models:
            return self._refuse(404, "RepoNotFound")
        kind, revision, *path = parts[4:] if parts[0] == "api" else parts[2:]
        if revision not in ("main", COMMIT):
            return self._refuse(404, "RevisionNotFound")
        folder = self.server.models[name]
        if kind == "revision":
            files = [{"rfilename": file} for file in _files(folder)]
            return self._answer_json({"id": name, "sha": COMMIT, "siblings": files})
        if kind == "tree":
            entries = [
                {"type": "file", "path": file, "size": (folder / file).stat().st_size, "oid": _digest(folder / file)}
                for file in _files(folder)
            ]
            return self._answer_json(entries)
        return self._answer_file(folder / "/".join(path))

    def _answer_json(self, content):
        body = json.dumps(content).encode()
        self._begin(200, {"Content-Type": "application/json"}, len(body))
        self.wfile.write(body)

    def _answer_file(self, file: Path):
        if not file.is_file():
            return self._refuse(404, "EntryNotFound")
        body, wanted = file.read_bytes(), self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        headers = {"ETag": f'"{_digest(file)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self._begin(206 if wanted else 200, headers, len(body) - start)
        if self.command == "HEAD":
            return None
        self.server.served.append((file.name, wanted))
        if file.suffix == ".safetensors" and self.server.broken_answers > 0:
            self.server.broken_answers -= 1
            self.wfile.write(body[start : start + (len(body) - start) // 2])
            self.close_connection = True
            return None
        self.wfile.write(body[start:])
        return None

    def _refuse(self, status, code):
        self._begin(status, {"X-Error-Code": code, "X-Error-Message": code}, 0)

    def _begin(self, status, headers, length):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


def _files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def _digest(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()


@contextmanager
def serving(models: dict[str, Path]):
    """Serve ``models`` on a free port of loopback."""
    hub = Hub(models)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
