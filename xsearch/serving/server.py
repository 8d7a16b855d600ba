"""The HTTP server of the app: waitress, which keeps requests off the disk and finishes them before it stops."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

from xsearch.serving.app import EncoderApp

#: Threads that do not encode: for health checks, and for refusing requests over the limit.
_SPARE_THREADS = 4
_CONNECTIONS = 1000
_GRACE_S = 30.0  # for requests in flight when the server is stopped
_RECEIVE_BYTES = 256 * 1024


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises ``OSError``."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening


class Server:
    """Serves ``app`` on a bound socket from ``run`` until ``stop``."""

    def __init__(self, app: EncoderApp, listening: socket.socket) -> None:
        from waitress import create_server  # type: ignore[import-untyped]

        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # queued requests are normal here
        self._app = app
        self._stopping, self._woken = threading.Event(), threading.Event()
        in_memory = 2 * app.limits.max_bytes  # above every request; from this size on waitress would write to disk
        self._server: Any = create_server(
            app,
            sockets=[listening],
            threads=app.limits.max_requests + _SPARE_THREADS,
            connection_limit=_CONNECTIONS,
            max_request_body_size=app.limits.max_bytes + 1,
            inbuf_overflow=in_memory,
            outbuf_overflow=in_memory,
            recv_bytes=_RECEIVE_BYTES,
            asyncore_use_poll=True,
            ident=None,
        )

    def run(self) -> None:
        """Serve until stopped, then finish the requests in flight."""
        while not self._stopping.is_set():
            self._turn()
        self._app.is_draining = True
        self._server.asyncore.dispatcher.close(self._server)  # stops listening; open connections go on
        end = time.monotonic() + _GRACE_S
        while self._is_busy() and time.monotonic() < end:
            self._turn()
        self._server.task_dispatcher.shutdown()
        self._woken.wait()  # ``stop`` may still use the pipe that wakes the loop
        self._server.asyncore.close_all(self._server._map)

    def stop(self) -> None:
        """Make ``run`` return soon; safe in signal handlers and other threads."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._server.pull_trigger()
            self._woken.set()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and Ctrl-C; a second one ends the process at once."""

        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            self.stop()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, stop)

    def _turn(self) -> None:
        """Run waitress's loop once."""
        server = self._server
        server.asyncore.loop(timeout=server.adj.asyncore_loop_timeout, use_poll=True, map=server._map, count=1)

    def _is_busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.request or channel.total_outbufs_len for channel in channels)
