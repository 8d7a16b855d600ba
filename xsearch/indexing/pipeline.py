"""Threads of a worker: a few read, decode and prepare contents, one runs the models; none uses the database."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from xsearch.conf import settings
from xsearch.indexing.batch import ROLES, EncoderRole, EncodingItem, EncodingPlan, IndexingBatch, IndexingReport
from xsearch.indexing.encoding import PreparedInputs, encode_group, group_size, prepare, size_bytes

#: Memory for prepared contents, the group in the model included.
MAX_BYTES = 256 * 1024 * 1024
#: Wait for threads to end; after that they hold nothing that another thread needs.
_JOIN_S = 2.0


@dataclass(eq=False)
class _Slot:
    """One item in the queue to the models."""

    item: EncodingItem
    prepared: PreparedInputs = field(default_factory=dict)
    bytes: int = 0
    ready: threading.Event = field(default_factory=threading.Event)
    is_awaited: bool = False

    def prepare(self) -> None:
        """Prepare the item; errors are recorded in it."""
        try:
            self.prepared = prepare(self.item)
        except Exception as error:  # noqa: BLE001 - an error here concerns this item only
            self.item.fail(error)
        self.bytes = sum(map(size_bytes, self.prepared.values()))


_QueuedBatch = tuple[IndexingBatch, list[tuple[EncodingPlan, list[_Slot]]]]


@dataclass
class _Group:
    """Contents that go into a model together."""

    plan: EncodingPlan
    role: EncoderRole
    pairs: list[tuple[EncodingItem, Any]] = field(default_factory=list)
    bytes: int = 0

    def add(self, item: EncodingItem, content: Any) -> None:
        """Add a prepared content."""
        self.pairs.append((item, content))
        self.bytes += size_bytes(content)

    @property
    def is_full(self) -> bool:
        """True if the group has the size that the model prefers, or that memory allows."""
        encoder = self.plan.encoders.get(self.role)
        return self.bytes >= MAX_BYTES or encoder is None or len(self.pairs) >= group_size(self.plan.modality, encoder)


class _MemoryBudget:
    """Limits the memory of prepared contents: threads that are ahead of the models wait here."""

    def __init__(self) -> None:
        self._held_bytes = 0
        self._changed = threading.Condition()
        self._is_open = True

    def take(self, slot: _Slot) -> None:
        """Wait until the content of ``slot`` fits, or the models wait for it."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._is_open or slot.is_awaited or self._held_bytes + slot.bytes <= MAX_BYTES
            )
            self._held_bytes += slot.bytes

    def give_back(self, held_bytes: int) -> None:
        """Return memory to the budget."""
        with self._changed:
            self._held_bytes -= held_bytes
            self._changed.notify_all()

    def let_pass(self, slot: _Slot) -> None:
        """Admit the content that the models wait for: no memory is freed before they get it."""
        with self._changed:
            slot.is_awaited = True
            self._changed.notify_all()

    def close(self) -> None:
        """Admit everything from now on."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()


class Pipeline:
    """Encodes batches in the order in which they are submitted; its threads start with the first one."""

    def __init__(self, report: IndexingReport) -> None:
        self._report = report
        self._memory = _MemoryBudget()
        self._to_prepare: SimpleQueue[_Slot | None] = SimpleQueue()
        self._to_encode: SimpleQueue[_QueuedBatch | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._preparers = settings.PREPARE_THREADS or max(cores, 2)
        self._is_closed = False

    def submit(self, batch: IndexingBatch) -> None:
        """Queue ``batch``; its ``encoded`` is set when its jobs have all vectors that could be made."""
        if not self._threads:
            self._start()
        queued = [(plan, [_Slot(item) for item in items]) for plan, items in batch.work]
        for _plan, slots in queued:
            for slot in slots:
                self._to_prepare.put(slot)
        self._to_encode.put((batch, queued))

    def wait(self, batch: IndexingBatch, timeout_s: float) -> bool:
        """Wait until ``batch`` is encoded; returns False if that takes longer."""
        if not all(thread.is_alive() for thread in self._threads):
            raise RuntimeError("A thread of the indexing pipeline ended unexpectedly; its traceback is on stderr.")
        return batch.encoded.wait(timeout_s)

    def close(self) -> None:
        """Drop unfinished work and end the threads; a thread inside a model ends after it."""
        self._is_closed = True
        self._memory.close()
        self._to_encode.put(None)
        for _ in range(self._preparers):
            self._to_prepare.put(None)
        end = time.monotonic() + _JOIN_S
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))

    def _start(self) -> None:
        targets: list[Callable[[], None]] = [self._encode_all, *[self._prepare_all] * self._preparers]
        for target in targets:
            # Daemons: a model that hangs must not keep a stopped process alive. In the caller's language.
            thread = threading.Thread(target=copy_context().run, args=(target,), name="xsearch-indexing", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _prepare_all(self) -> None:
        while slot := self._to_prepare.get():
            try:
                if not self._is_closed:
                    slot.prepare()
                    self._memory.take(slot)
            finally:
                slot.ready.set()

    def _encode_all(self) -> None:
        waiting_since = time.monotonic()
        while (found := self._to_encode.get()) and not self._is_closed:
            self._report.encoder_waited_s += time.monotonic() - waiting_since
            batch, queued = found
            for plan, slots in queued:
                self._encode(plan, slots)
            if not self._is_closed:
                batch.encoded.set()
            waiting_since = time.monotonic()

    def _encode(self, plan: EncodingPlan, slots: list[_Slot]) -> None:
        groups = {role: _Group(plan, role) for role in ROLES}
        for slot in slots:
            self._await(slot)
            for role, content in slot.prepared.items():
                groups[role].add(slot.item, content)
                if groups[role].is_full:
                    self._run(groups[role])
            slot.prepared = {}
        for group in groups.values():
            self._run(group)

    def _await(self, slot: _Slot) -> None:
        if not slot.ready.is_set():
            started = time.monotonic()
            self._memory.let_pass(slot)
            slot.ready.wait()
            self._report.encoder_waited_s += time.monotonic() - started

    def _run(self, group: _Group) -> None:
        started = time.monotonic()
        if not self._is_closed:
            count = encode_group(group.plan, group.role, group.pairs)
            self._report.photos += count if group.plan.modality == "image" else 0
        self._report.encoder_busy_s += time.monotonic() - started
        self._memory.give_back(group.bytes)
        group.pairs, group.bytes = [], 0
