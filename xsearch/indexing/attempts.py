"""Attempts: parts of a task that run each for itself, so that one that fails keeps no other from running."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from xsearch.indexing.database import index_connection

logger = logging.getLogger("xsearch.indexing")


class Attempts:
    """Collects the errors of the parts; ``finish`` raises them together."""

    def __init__(self) -> None:
        self._errors: list[Exception] = []

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Run a part; its error is logged and kept for ``finish``."""
        try:
            yield
        except Exception as error:
            logger.exception("%s failed; the other parts go on.", name)
            self._errors.append(error)
            if not index_connection().in_atomic_block:
                index_connection().close_if_unusable_or_obsolete()

    def finish(self) -> None:
        """Raise the errors of all parts, if there are any."""
        if self._errors:
            reasons = "; ".join(str(error).strip() for error in self._errors)
            raise ExceptionGroup(f"{len(self._errors)} parts failed, the others are done: {reasons}", self._errors)
