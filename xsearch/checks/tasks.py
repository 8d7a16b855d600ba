"""Checks of background tasks: who takes them, and who runs the sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from celery import current_app
from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError

from xsearch.conf import settings
from xsearch.indexing.queues import DEFAULT_BACKEND, backend_path, tasks_backend

_CHOICES = {"TASKS": ("celery", "django"), "SWEEP_BY": ("beat", "cron")}
_SWEEP = "xsearch.sweep"
_BY_CRON = (
    "Run `python manage.py xsearch_sweep` every minute (cron, a systemd timer) and set XSEARCH['SWEEP_BY'] = 'cron'."
)
_BY_BEAT = f"CELERY_BEAT_SCHEDULE = {{'xsearch-sweep': {{'task': '{_SWEEP}', 'schedule': 60.0}}}}. Or: {_BY_CRON}"
_STORED_SCHEDULE = "django_celery_beat"
_DEFAULT_SCHEDULER = "celery.beat:PersistentScheduler"


@checks.register("xsearch")
def check_tasks(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W020 no broker, E021 no such choice or no django.tasks, W021 tasks run inside saves, E022 no such queue,
    W023 nobody runs the sweep.
    """
    found: list[CheckMessage] = list(_check_choices())
    if found:
        return found
    return [*(_check_django_tasks() if settings.TASKS == "django" else _check_broker()), *_check_schedule()]


def _check_choices() -> Iterator[CheckMessage]:
    for name, allowed in _CHOICES.items():
        value = getattr(settings, name)
        if value not in allowed:
            hint = f"Allowed are {' and '.join(map(repr, allowed))}."
            yield Error(f"XSEARCH[{name!r}] is {value!r}.", hint=hint, id="xsearch.E021")


def _check_broker() -> Iterator[CheckMessage]:
    if current_app.conf.broker_url:
        return
    hint = "Set CELERY_BROKER_URL, for example to redis://127.0.0.1:6379/0, and import your Celery app in __init__.py."
    yield CheckWarning("Celery has no broker: saved products wait for the sweep.", hint=hint, id="xsearch.W020")


def _check_django_tasks() -> Iterator[CheckMessage]:
    try:
        backend = tasks_backend()
    except Exception as error:  # noqa: BLE001 - each backend raises its own
        hint = "pip install django-tasks-db (before Django 6.0 also django-tasks), and correct TASKS['default']."
        yield Error(f"XSEARCH['TASKS'] is 'django', which cannot be used: {error}", hint=hint, id="xsearch.E021")
        return
    if backend_path(backend).endswith(".ImmediateBackend") and not django_settings.is_overridden("TASKS"):  # type: ignore[misc]
        text = "TASKS names no backend: every save waits until the product is indexed."
        hint = (
            'pip install django-tasks-db; TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}; '
            'INSTALLED_APPS += ["django_tasks_db"]; then run: python manage.py migrate && python manage.py db_worker'
        )
        yield CheckWarning(text, hint=hint, id="xsearch.W021")
    if settings.TASK_QUEUE and backend.queues and settings.TASK_QUEUE not in backend.queues:
        text = f"XSEARCH['TASK_QUEUE'] is {settings.TASK_QUEUE!r}, which is no queue of TASKS['{DEFAULT_BACKEND}']."
        hint = f"Add it to TASKS['{DEFAULT_BACKEND}']['QUEUES']: {sorted(backend.queues)}."
        yield Error(text, hint=hint, id="xsearch.E022")


def _check_schedule() -> Iterator[CheckMessage]:
    if settings.SWEEP_BY == "cron":
        return
    if settings.TASKS == "django":
        yield _no_sweep(_BY_CRON)
        return
    has_own_scheduler = str(current_app.conf.beat_scheduler) != _DEFAULT_SCHEDULER
    if not (_is_in_settings() or has_own_scheduler or apps.is_installed(_STORED_SCHEDULE)):
        yield _no_sweep(_BY_BEAT)


def _is_in_settings() -> bool:
    current_app.finalize()  # what add_periodic_task was given
    return any(entry.get("task") == _SWEEP for entry in current_app.conf.beat_schedule.values())


@checks.register("xsearch", checks.Tags.database)
def check_stored_schedule(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W023 in the schedule that django-celery-beat keeps in the database."""
    is_beat = settings.TASKS == "celery" and settings.SWEEP_BY == "beat"
    if not (databases and is_beat and apps.is_installed(_STORED_SCHEDULE)) or _is_in_settings():
        return []
    try:
        periodic_task: Any = apps.all_models[_STORED_SCHEDULE]["periodictask"]
        is_there = periodic_task.objects.filter(task=_SWEEP, enabled=True).exists()
    except DatabaseError:
        return []  # not migrated
    return [] if is_there else [_no_sweep(f"Add a periodic task {_SWEEP}, every minute, in the admin. Or: {_BY_CRON}")]


def _no_sweep(hint: str) -> CheckWarning:
    text = "Nobody runs the sweep: what a broken broker, a killed worker or a bulk update left behind stays unindexed."
    return CheckWarning(text, hint=hint, id="xsearch.W023")
