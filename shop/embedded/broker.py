"""Kombu's filesystem transport, with messages that appear whole.

Kombu creates a message's file under its final name and writes it afterwards; a worker that looks in between
reads an empty message, loses it and dies.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

_LONGEST_WAIT_S = 0.4


class Channel(filesystem.Channel):
    """Writes each message beside the queue and moves it in."""

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]  # Kombu has two names
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_text(dumps(payload))
        unfinished.rename(folder / name)


class Transport(filesystem.Transport):
    """What ``filesystem://`` means to the demonstration shop."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **_kwargs: Any) -> None:
        """Look up often, so that a worker that is asked to end does so soon."""
        super().drain_events(connection, timeout=timeout and min(timeout, _LONGEST_WAIT_S))


def use_for_filesystem_urls() -> None:
    """Let Kombu find this transport under the name of its own."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
