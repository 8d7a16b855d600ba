"""Backends of django.tasks that do not work as they should."""

import importlib
import threading

from xsearch.indexing.queues import tasks_library

Dummy = importlib.import_module(f"{tasks_library().__name__}.backends.dummy").DummyBackend


class BrokenBackend(Dummy):
    """Its server refuses every task."""

    def enqueue(self, task, args, kwargs):
        raise ConnectionError("the server of the tasks is gone")


class NoQueueBackend(Dummy):
    """Has other queues than the tasks name."""


class HangingBackend(Dummy):
    """Its server does not answer before it is told to."""

    answer = threading.Event()

    def enqueue(self, task, args, kwargs):
        self.answer.wait(30)
        return super().enqueue(task, args, kwargs)
