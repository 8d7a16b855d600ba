"""django.tasks instead of Celery: the same dispatch, with the backends of Django itself and a worker on the database."""

import threading
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import transaction

from shop.models import Product
from tests.support.indexing import add, add_and_fail, is_vector, picture, records, start_process, statuses
from xsearch.indexing import dispatch, queues
from xsearch.indexing.status import status

pytestmark = pytest.mark.django_db(transaction=True)

#: Of Django 6, or of the package for older ones.
LIBRARY = queues.tasks_library().__name__
INDEX_TASK = "xsearch.indexing.django_tasks.index_pending"


@pytest.fixture(autouse=True)
def _no_celery(monkeypatch):
    """Whatever touches Celery's broker fails."""
    monkeypatch.setattr(dispatch, "_broker", dispatch._Broker())
    monkeypatch.setattr(queues.CeleryQueue, "send", lambda *_: pytest.fail("Celery was asked"))
    monkeypatch.setattr(queues.CeleryQueue, "answers", lambda *_: pytest.fail("Celery was asked"))
    monkeypatch.setattr(current_app, "connection_for_write", lambda *_: pytest.fail("Celery was asked"))


@pytest.fixture
def use_backend(settings, use_encoder):
    """Return a function that sends tasks to a backend of django.tasks."""

    def use(backend, more=(), **parameters):
        use_encoder(more={"TASKS": "django", "TRANSCRIBERS": [], "BROKER_TIMEOUT_S": 60, **dict(more)})
        settings.TASKS = {"default": {"BACKEND": backend, **parameters}}
        return queues.tasks_backend()

    return use


def dummy(use_backend, **options):
    return use_backend(f"{LIBRARY}.backends.dummy.DummyBackend", **options)


def sent(backend):
    return [(result.task.module_path, list(result.args), result.task.queue_name) for result in backend.results]


class TestDispatch:
    def test_the_immediate_backend_indexes_in_the_thread_of_the_save(self, use_backend, monkeypatch):
        use_backend(f"{LIBRARY}.backends.immediate.ImmediateBackend")
        threads = []
        send = dispatch._send
        monkeypatch.setattr(dispatch, "_send", lambda *args: (threads.append(threading.current_thread()), send(*args)))
        product = add("A", "Red mug", photo=1)
        assert threads == [threading.current_thread()]
        assert statuses() == {str(product.pk): "indexed"}
        assert is_vector(Product.objects.get().image_embedding, picture(1))

    def test_a_transaction_sends_one_task_on_commit(self, use_backend):
        backend = dummy(use_backend)
        with transaction.atomic():
            for number in range(3):
                add(f"A{number}")
            assert sent(backend) == []
        assert sent(backend) == [(INDEX_TASK, ["shop.Product"], "default")]
        assert set(statuses().values()) == {"pending"}

    def test_what_is_rolled_back_sends_none(self, use_backend):
        backend = dummy(use_backend)
        with pytest.raises(RuntimeError), transaction.atomic():
            add_and_fail()
        assert sent(backend) == []

    def test_the_task_goes_to_the_queue_of_the_settings(self, use_backend):
        backend = dummy(use_backend, more={"TASK_QUEUE": "search"}, QUEUES=["default", "search"])
        add("A")
        assert sent(backend) == [(INDEX_TASK, ["shop.Product"], "search")]

    def test_the_sweep_of_cron_sends_what_was_missed(self, use_backend):
        backend = dummy(use_backend)
        Product.objects.bulk_create([Product(sku="A", title="Mug")])
        out = StringIO()
        call_command("xsearch_sweep", verbosity=2, stdout=out)
        assert "shop.Product: 1 waiting." in out.getvalue()
        assert sent(backend) == [(INDEX_TASK, ["shop.Product"], "default")]
        out = StringIO()
        call_command("xsearch_sweep", stdout=out)
        assert out.getvalue() == ""  # cron would mail it

    def test_the_status_is_that_of_the_backend(self, use_backend):
        dummy(use_backend)
        assert status()["queue"]["broker"] is True
        records().delete()
        add("A")
        records().update(not_before="2020-01-01T00:00:00Z")
        out = StringIO()
        call_command("xsearch_status", stdout=out)
        assert "start a worker (python manage.py db_worker" in out.getvalue()


class TestBackendDown:
    @pytest.mark.parametrize(
        ("backend", "error"),
        [
            ("tests.support.task_backends.BrokenBackend", "the server of the tasks is gone"),
            ("no.such.Backend", "no.such.Backend"),
            ("tests.support.task_backends.NoQueueBackend", "is not valid for backend"),
        ],
    )
    def test_a_save_succeeds_and_says_in_the_log_what_will_happen(self, use_backend, settings, caplog, backend, error):
        settings.XSEARCH = {"TASKS": "django"}
        settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["other"] if "NoQueue" in backend else ["default"]}}
        product = add("A")
        assert statuses() == {str(product.pk): "pending"}
        assert error in caplog.text
        assert "the sweep will index shop.Product later" in caplog.text
        caplog.clear()
        add("B")  # for a while the backend is left alone
        assert caplog.text == ""

    def test_a_save_does_not_wait_for_a_backend_that_hangs(self, use_backend, caplog):
        backend = use_backend("tests.support.task_backends.HangingBackend", more={"BROKER_TIMEOUT_S": 0.1})
        try:
            add("A")
            assert "no answer within 0.1 s" in caplog.text
        finally:
            backend.answer.set()
            dispatch._broker.unanswered.join(30)

    def test_a_backend_that_cannot_be_made_does_not_answer(self, use_backend, settings):
        settings.XSEARCH = {"TASKS": "django"}
        settings.TASKS = {"default": {"BACKEND": "no.such.Backend"}}
        assert status()["queue"]["broker"] is False


def test_a_worker_on_the_database_indexes_what_was_saved(use_backend, settings):
    backend = use_backend("django_tasks_db.DatabaseBackend")
    assert queues.task_queue().is_local
    from django_tasks_db.models import DBTaskResult

    product = add("A", "Red mug", photo=1)
    assert [task.task_path for task in DBTaskResult.objects.all()] == [INDEX_TASK]
    assert set(statuses().values()) == {"pending"}
    worker = start_process(
        *("manage.py", "db_worker", "--batch", "--no-startup-delay", "--interval", "0"),
        XSEARCH=settings.XSEARCH,
        TASKS=settings.TASKS,
        MEDIA_ROOT=settings.MEDIA_ROOT,
        CELERY_BROKER_URL="redis://127.0.0.1:1/0",  # nobody listens
    )
    out, _ = worker.communicate(timeout=120)
    assert worker.returncode == 0, out
    assert statuses() == {str(product.pk): "indexed"}, out
    assert is_vector(Product.objects.get().image_embedding, picture(1))
    assert {task.status for task in DBTaskResult.objects.all()} == {"SUCCESSFUL"}
    assert backend.alias == "default"
