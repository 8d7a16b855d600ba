"""Why the demo ends."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on; the text says what was wrong and what to do."""


class Stopped(BaseException):
    """Somebody asked the demo to stop: Ctrl-C, SIGTERM, a closed terminal, or ``make`` is gone."""
