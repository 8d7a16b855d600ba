"""Tasks on their way: real brokers that work, hang or are gone, and real Celery workers."""

import signal
import subprocess
import threading

import pytest
from celery import current_app

from shop.models import Product
from tests.support.indexing import add, is_vector, picture, records, run, start_process, statuses, wait_until
from tests.support.processes import free_port, redis_server
from xsearch.indexing import dispatch, sweep

pytestmark = pytest.mark.django_db(transaction=True)


#: However busy the machine is, a broker that works answers in time, and one that does not costs little.
PATIENT, IMPATIENT = {"BROKER_TIMEOUT_S": 60, "TRANSCRIBERS": []}, {"BROKER_TIMEOUT_S": 0.2, "TRANSCRIBERS": []}


@pytest.fixture(autouse=True)
def _known_broker(monkeypatch, use_encoder):
    monkeypatch.setattr(dispatch, "_broker", dispatch._Broker())
    use_encoder(more=PATIENT)


@pytest.fixture
def use_broker():
    """Return a function that sends this process's tasks elsewhere."""
    names = ("broker_url", "broker_transport_options")
    before = {name: current_app.conf[name] for name in names}

    def use(url, **options):
        current_app.conf.update(broker_url=url, broker_transport_options=options)
        current_app._after_fork()  # connections are made anew

    yield use
    use(before["broker_url"], **before["broker_transport_options"])


@pytest.fixture
def redis(tmp_path):
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def folders(tmp_path):
    """Return the options of a filesystem broker of its own."""
    messages, control = tmp_path / "messages", tmp_path / "control"
    for folder in (messages, control):
        folder.mkdir()
    options = {"data_folder_in": str(messages), "data_folder_out": str(messages), "control_folder": str(control)}
    return options | {"polling_interval": 0.1}


@pytest.fixture
def start_worker(settings):
    processes = []

    def start(url, options=None, xsearch=None, *arguments):
        process = start_process(
            *("-m", "celery", "-A", "shop", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            CELERY_BROKER_URL=url,
            CELERY_BROKER_TRANSPORT_OPTIONS=options or {},
            XSEARCH=xsearch if xsearch is not None else settings.XSEARCH,
            MEDIA_ROOT=settings.MEDIA_ROOT,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def all_indexed():
    return set(statuses().values()) == {"indexed"}


class TestBrokerDown:
    @pytest.fixture(params=["redis", "filesystem"])
    def no_broker(self, request, use_broker, use_encoder, tmp_path):
        use_encoder(more=IMPATIENT)
        if request.param == "redis":
            use_broker(f"redis://127.0.0.1:{free_port()}/0")
        else:
            nowhere = tmp_path / "a-file"
            nowhere.touch()
            use_broker("filesystem://", data_folder_in=str(nowhere), data_folder_out=str(nowhere))

    def test_a_save_succeeds_and_says_in_the_log_what_will_happen(self, no_broker, caplog):
        product = add("A", photo=1)
        assert Product.objects.filter(pk=product.pk).exists()
        assert statuses() == {str(product.pk): "pending"}
        assert "The broker cannot be reached" in caplog.text
        assert "the sweep will index shop.Product later" in caplog.text

    def test_further_saves_leave_the_broker_alone_for_a_while(self, no_broker, caplog):
        add("A")
        caplog.clear()
        add("B")
        assert not dispatch.send_task("shop.Product")
        assert caplog.text == ""
        assert records().count() == 2

    def test_what_was_not_sent_is_sent_by_the_sweep_when_the_broker_is_back(
        self, no_broker, use_broker, use_encoder, folders, monkeypatch
    ):
        add("A")
        use_encoder(more=PATIENT)
        use_broker("filesystem://", **folders)
        monkeypatch.setattr(dispatch, "_broker", dispatch._Broker())  # the pause is over
        assert sweep() == {"shop.Product": 1, "shop.StylePost": 0}
        assert len(list_messages(folders)) == 1
        assert run().indexed == 1


def list_messages(folders):
    from pathlib import Path

    return list(Path(folders["data_folder_in"]).glob("*.msg"))


class TestBrokerHangs:
    def test_a_save_does_not_wait_for_a_broker_that_does_not_answer(self, redis, use_broker, use_encoder, caplog):
        use_broker(redis.url)
        add("A")
        assert caplog.text == ""
        use_encoder(more=IMPATIENT | {"BROKER_PAUSE_S": 0})
        current_app._after_fork()  # as in a process that just began
        redis.send_signal(signal.SIGSTOP)
        add("B")
        assert "no answer within 0.2 s" in caplog.text
        caplog.clear()
        stuck = dispatch._broker.unanswered
        add("C")  # the first is still waiting: nobody joins it
        assert dispatch._broker.unanswered is stuck
        assert caplog.text == ""
        assert records().count() == 3
        redis.send_signal(signal.SIGCONT)
        stuck.join(30)
        use_encoder(more=PATIENT)
        assert dispatch.send_task("shop.Product")

    def test_an_eager_app_indexes_on_commit_in_the_same_thread(self, monkeypatch):
        threads = []
        send = dispatch._send
        monkeypatch.setattr(dispatch, "_send", lambda *args: (threads.append(threading.current_thread()), send(*args)))
        current_app.conf.task_always_eager = True
        try:
            add("A")
        finally:
            current_app.conf.task_always_eager = False
        assert threads == [threading.current_thread()]
        assert all_indexed()


class TestWorkers:
    def test_a_prefork_worker_on_redis_indexes_what_is_saved_with_the_bundled_model(
        self, redis, use_broker, start_worker, settings
    ):
        bundled = PATIENT | {"EMBEDDINGS": {"audio": None}}
        settings.XSEARCH = bundled
        use_broker(redis.url)
        start_worker(redis.url, xsearch=bundled)
        product = add("A", "Red shoe", photo=picture(1, (96, 96), "JPEG"))
        wait_until(all_indexed)
        row = Product.objects.get(pk=product.pk)
        assert row.image_embedding is not None
        assert row.text_embedding is not None
        product.title = "Blue shoe"
        product.save()
        wait_until(lambda: "'blue':1A" in Product.objects.get(pk=product.pk).search_document)

    def test_two_processes_on_files_share_the_work_and_end_in_order(self, folders, use_broker, start_worker, tmp_path):
        use_broker("filesystem://", **folders)
        spec = {"BACKEND": "tests.support.encoders.SlowEncoder", "OPTIONS": {"folder": str(tmp_path)}}
        xsearch = {
            "ENCODERS": {"test": spec},
            "EMBEDDINGS": {"text": "test", "image": "test", "audio": None},
            "BATCH_SIZE": 4,
            "TRANSCRIBERS": [],
        }
        for number in range(8):
            add(f"A{number}", photo=number)
        worker = start_worker("filesystem://", folders, xsearch)
        wait_until(lambda: records().exclude(claim=None).count() == 8)
        worker.terminate()  # in the middle of both batches
        (tmp_path / "go").touch()
        assert worker.wait(60) == 0, worker.stdout.read()
        assert all_indexed()
        assert not records().exclude(claim=None).exists()
        product = Product.objects.get(sku="A3")
        assert is_vector(product.image_embedding, picture(3))

    def test_what_a_killed_worker_was_doing_is_done_by_the_next(self, folders, use_broker, start_worker, tmp_path):
        use_broker("filesystem://", **folders)
        spec = {"BACKEND": "tests.support.encoders.SlowEncoder", "OPTIONS": {"folder": str(tmp_path)}}
        xsearch = {
            "ENCODERS": {"test": spec},
            "EMBEDDINGS": {"text": "test", "image": "test", "audio": None},
            "LEASE_S": 1,
            "TRANSCRIBERS": [],
        }
        add("A")
        worker = start_worker("filesystem://", folders, xsearch)
        wait_until((tmp_path / "begun").exists)
        for process in [*children(worker), worker]:
            process.kill()
        worker.wait(30)
        assert not all_indexed()
        (tmp_path / "go").touch()
        wait_until(lambda: sweep()["shop.Product"] == 1)
        assert run().indexed == 1


def children(process):
    import psutil

    return psutil.Process(process.pid).children(recursive=True)
