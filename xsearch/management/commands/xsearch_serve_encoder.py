"""Hold one encoder for many web workers, and answer them over HTTP."""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import closing
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from PIL import Image

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, get_encoder
from xsearch.media import Waveform

_ITEMS = {"text": "warm", "image": Image.new("RGB", (64, 64), "red"), "audio": Waveform(np.full(16_000, 0.1, "f4"))}


class Command(BaseCommand):
    """``xsearch_serve_encoder [ALIAS] [--host] [--port] [--threads] [--max-batch] [--max-wait-ms] [--api-key-env]``."""

    help = "Serve the encoder configured under ALIAS to other processes over HTTP (see docs/howto/remote.md)."
    requires_system_checks = []  # neither the shop's addresses nor its database are of interest here

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("alias", nargs="?", metavar="ALIAS", help="A key of XSEARCH['ENCODERS'].")
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
        parser.add_argument("--port", type=int, default=8600, help="Port; 0 takes a free one.")
        parser.add_argument("--threads", type=int, default=32, help="Requests worked on at once; more get 503.")
        parser.add_argument("--max-batch", type=int, default=32, help="Items encoded in one run.")
        parser.add_argument(
            "--max-wait-ms", type=float, default=5.0, help="How long a request waits for others that are being read."
        )
        parser.add_argument(
            "--api-key-env", metavar="NAME", help="Environment variable with the key that callers must send."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from xsearch.serving.app import EncoderApp, Limits, batcher_of
        from xsearch.serving.server import Server

        if min(options["threads"], options["max_batch"]) < 1 or options["max_wait_ms"] < 0:
            raise CommandError("--threads and --max-batch must be 1 or more, --max-wait-ms 0 or more.")
        if not 0 <= options["port"] <= 65535:
            raise CommandError(f"--port must be from 0 (any free one) to 65535, not {options['port']}.")
        api_key = _api_key(options["api_key_env"])
        alias = options["alias"] or _only_alias()
        with _listen(options["host"], options["port"]) as listening:
            encoder = _loaded(alias)
            gathering = {"max_batch": options["max_batch"], "max_wait_s": options["max_wait_ms"] / 1000}
            with closing(batcher_of(encoder, **gathering)) as batcher:
                app = EncoderApp(alias, encoder, batcher, Limits(max_requests=options["threads"]), api_key=api_key)
                try:
                    server = Server(app, listening)
                except ImportError as error:
                    cure = "Install it: pip install 'django-xsearch[serve]'."
                    raise CommandError(f"Serving needs waitress. {cure}") from error
                server.stop_on_signals()
                self._announce(alias, encoder, listening, is_open=api_key is None)
                server.run()
        self.stdout.write("Stopped.")

    def _announce(self, alias: str, encoder: Encoder, listening: socket.socket, *, is_open: bool) -> None:
        host, port = listening.getsockname()[:2]
        if is_open and not ipaddress.ip_address(host).is_loopback:
            text = f"Whoever reaches {host} may use this encoder: keep it in a private network, or set --api-key-env."
            self.stderr.write(self.style.WARNING(text))
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        kinds = ", ".join(sorted(encoder.modalities))
        self.stdout.write(f"Serving {alias} ({encoder.fingerprint}, {encoder.dimension} dimensions, {kinds}).")
        self.stdout.write(f"Ready at {address}. Ctrl-C stops it.")
        self.stdout.flush()


def _only_alias() -> str:
    used = list(dict.fromkeys(alias for alias in settings.EMBEDDINGS.values() if alias))
    if len(used) != 1:
        raise CommandError(f"Name the encoder to serve. Configured: {', '.join(settings.ENCODERS)}.")
    return str(used[0])


def _api_key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise CommandError(f"The environment variable {name} holds no key. Set it, or leave --api-key-env out.")
    return key


def _listen(host: str, port: int) -> socket.socket:
    from xsearch.serving.server import listen

    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        raise CommandError(f"{host}:{port} cannot be listened on: {error}. Name another --host or --port.") from error


def _loaded(alias: str) -> Encoder:
    """Return the encoder, which has encoded something of every kind, so that the first query does not wait."""
    try:
        encoder = get_encoder(alias)
        for modality in encoder.modalities:
            encoder.encode_batch(modality, [_ITEMS[modality]])
    except EncoderError as error:
        raise CommandError(str(error)) from error
    return encoder
