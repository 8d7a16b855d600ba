"""Micro-batching: the items of simultaneous requests are encoded in one run."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xsearch.encoders import EncoderError
from xsearch.encoders.base import Vectors

_EncodeBatch = Callable[[str, Sequence[Any]], Vectors]


class Overloaded(Exception):  # noqa: N818 - a state, not a fault
    """The queue is full; a retry may succeed soon."""


@dataclass(eq=False)
class PendingRequest:
    """The items of one request, all of one modality, and the future of their vectors."""

    modality: str
    items: Sequence[Any]
    vectors: Future[Vectors] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


@dataclass
class BatchCounts:
    """Totals since the start."""

    requests: int = 0
    items: int = 0
    runs: int = 0


class MicroBatcher:
    """Collects requests of one modality up to ``max_batch`` items and encodes them with ``run``, one run at a time.

    The first request waits at most ``max_wait_s`` for others, and not at all if none is being read. The queue holds
    up to ``max_waiting`` items. ``run`` returns finite vectors, shape (n, dimension).
    """

    def __init__(
        self,
        run: _EncodeBatch,
        dimension: int,
        *,
        max_batch: int = 32,
        max_wait_s: float = 0.005,
        max_waiting: int = 1024,
    ) -> None:
        self.counts = BatchCounts()
        self._run, self._dimension = run, dimension
        self._max_batch, self._max_wait_s, self._max_waiting = max_batch, max_wait_s, max_waiting
        self._changed = threading.Condition()
        self._waiting: deque[PendingRequest] = deque()
        self._expected = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="xsearch-batching", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Number of queued items."""
        with self._changed:
            return sum(len(waiting.items) for waiting in self._waiting)

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Announce a request while it is read: queued requests wait for its ``submit``."""
        with self._changed:
            self._expected += 1
        try:
            yield
        finally:
            with self._changed:
                self._expected -= 1
                self._changed.notify_all()

    def submit(self, modality: str, items: Sequence[Any]) -> Future[Vectors]:
        """Return the future of the vectors, shape (len(items), dimension); raises ``Overloaded``."""
        waiting = PendingRequest(modality, items)
        with self._changed:
            if self._is_closing or self.waiting + len(items) > self._max_waiting:
                raise Overloaded
            self._waiting.append(waiting)
            self._changed.notify_all()
        return waiting.vectors

    def close(self) -> None:
        """Encode queued requests and accept no more."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            if taken := [waiting for waiting in batch if waiting.vectors.set_running_or_notify_cancel()]:
                self._encode(taken)

    def _next_batch(self) -> list[PendingRequest]:
        """Wait for requests and return the next batch; empty after ``close``."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            if not self._waiting:
                return []
            left_s = self._waiting[0].since + self._max_wait_s - time.monotonic()
            self._changed.wait_for(self._is_ready, timeout=max(left_s, 0))
            batch = self._of_one_modality()
            for waiting in batch:
                self._waiting.remove(waiting)
            return batch

    def _is_ready(self) -> bool:
        is_full = sum(len(waiting.items) for waiting in self._of_one_modality()) >= self._max_batch
        return is_full or not self._expected or self._is_closing

    def _of_one_modality(self) -> list[PendingRequest]:
        """Return the oldest request, and others of its modality that fit into one batch with it."""
        batch = [self._waiting[0]]
        size = len(batch[0].items)
        for waiting in list(self._waiting)[1:]:
            if waiting.modality == batch[0].modality and size + len(waiting.items) <= self._max_batch:
                batch.append(waiting)
                size += len(waiting.items)
        return batch

    def _encode(self, batch: Sequence[PendingRequest]) -> None:
        """Encode all in one run; if that fails, each request by itself, so that only the faulty one fails."""
        try:
            vectors = self._checked_run(batch)
        except Exception as error:  # noqa: BLE001 - a model may raise anything; the waiting request raises it
            if len(batch) == 1 or isinstance(error, EncoderError):
                for waiting in batch:
                    waiting.vectors.set_exception(error)
            else:
                for waiting in batch:
                    self._encode([waiting])
            return
        self.counts.requests += len(batch)
        self.counts.items += len(vectors)
        ends = np.cumsum([len(waiting.items) for waiting in batch])
        for waiting, found in zip(batch, np.split(vectors, ends[:-1]), strict=True):
            waiting.vectors.set_result(found)

    def _checked_run(self, batch: Sequence[PendingRequest]) -> Vectors:
        items = [item for waiting in batch for item in waiting.items]
        self.counts.runs += 1
        vectors = self._run(batch[0].modality, items)
        expected = (len(items), self._dimension)
        if vectors.shape != expected or not np.isfinite(vectors).all():
            raise ValueError(f"The encoder made vectors of shape {vectors.shape}, not finite ones of {expected}.")
        return vectors
