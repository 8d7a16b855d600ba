"""Queues of background tasks: Celery's or django.tasks', as ``XSEARCH["TASKS"]`` says."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from xsearch.conf import settings

#: Tasks are looked up by their names: their modules import the worker, which lies above this one.
INDEX_TASK = "xsearch.index_pending"
_DJANGO_TASK = "xsearch.indexing.django_tasks.index_pending"

BROKER_TIMEOUT_S = 1.0
#: Backends of django.tasks that need no other server than the shop's database, by the start of their path.
_WITHOUT_SERVER = ("django.tasks.", "django_tasks.", "django_tasks_db.")
DEFAULT_BACKEND = "default"


class TaskQueue(ABC):
    """Where indexing tasks are sent."""

    #: How to start what takes the tasks, and what to look at when they cannot be sent.
    worker_command: str
    setting: str

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """True if sending needs no server that could be down or hang; then it happens in the caller's thread."""

    @abstractmethod
    def send(self, label: str) -> None:
        """Send the indexing task of a model; raises whatever the queue raises."""

    @abstractmethod
    def answers(self) -> bool:
        """Return True if tasks can be sent now."""


class CeleryQueue(TaskQueue):
    """Tasks of the shop's Celery app."""

    worker_command = "celery -A yourproject worker --beat"
    setting = "CELERY_BROKER_URL"

    @property
    def is_local(self) -> bool:
        """True for an eager app."""
        return bool(current_app.conf.task_always_eager)

    def send(self, label: str) -> None:
        """Send without retries: the sweep finds what was not sent."""
        current_app.tasks[INDEX_TASK].apply_async(args=[label], queue=settings.TASK_QUEUE, retry=False)

    def answers(self) -> bool:
        """Connect to the broker."""
        try:
            with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
                broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_S)
        except Exception:  # noqa: BLE001 - each transport raises its own
            return False
        return True


class DjangoTasksQueue(TaskQueue):
    """Tasks of the default backend of Django's ``TASKS``."""

    worker_command = "python manage.py db_worker (or the worker of your TASKS backend)"
    setting = "TASKS"

    @property
    def is_local(self) -> bool:
        """True for the backends of Django itself, and for the one that keeps tasks in the shop's database."""
        return backend_path(tasks_backend()).startswith(_WITHOUT_SERVER)

    def send(self, label: str) -> None:
        """Enqueue the task."""
        task: Any = import_string(_DJANGO_TASK)
        queued = task.using(queue_name=settings.TASK_QUEUE) if settings.TASK_QUEUE else task
        queued.enqueue(label)

    def answers(self) -> bool:
        """Return True if the backend can be made; what it needs besides, it does not tell."""
        try:
            tasks_backend()
        except Exception:  # noqa: BLE001 - each backend raises its own
            return False
        return True


def task_queue() -> TaskQueue:
    """Return the queue that the settings name."""
    return DjangoTasksQueue() if settings.TASKS == "django" else CeleryQueue()


def tasks_backend() -> Any:
    """Return the backend of django.tasks that takes our tasks."""
    return tasks_library().task_backends[DEFAULT_BACKEND]


def backend_path(backend: Any) -> str:
    """Return the dotted path of a backend's class."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def tasks_library() -> ModuleType:
    """Return ``django.tasks``, or the package ``django_tasks`` where Django is older than 6.0."""
    for name in ("django.tasks", "django_tasks"):
        if find_spec(name):
            return importlib.import_module(name)
    raise ImproperlyConfigured("Django before 6.0 has no tasks: pip install django-tasks django-tasks-db")
