"""Models are loaded by the processes that serve and never by their parents; on demand before the first customer."""

import http.client
import json
import socket
import sys
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.test import override_settings

import xsearch
from shop.models import Product
from tests.showcase.models import Furniture
from tests.support.indexing import add, run, start_process, wait_until
from xsearch.index.registry import registered

pytestmark = pytest.mark.django_db(transaction=True)

BUILTIN = {"EMBEDDINGS": {"text": "builtin", "image": "builtin", "audio": None}, "TRANSCRIBERS": []}
BROKEN = {"ENCODERS": {"broken": {"BACKEND": "tests.support.encoders.BrokenEncoder"}}}
HOOK = "def post_worker_init(worker):\n    import xsearch\n    xsearch.warm_up()\n"
needs_proc = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc to look into other processes")


def maps(process_id):
    """Return the files that a process has mapped: what it has loaded, whatever it says."""
    return Path(f"/proc/{process_id}/maps").read_text()


def has_model(process_id):
    return "onnxruntime" in maps(process_id)


def children(process_id):
    return [int(number) for number in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


@pytest.fixture
def running():
    """Return a function that starts a server of the shop, which ends with the test."""
    processes = []

    def start(*arguments, **settings):
        processes.append(start_process("-m", *arguments, **settings))
        return processes[-1]

    yield start
    for process in processes:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except Exception:
            process.kill()
            raise


@pytest.fixture
def gunicorn(running, tmp_path, settings):
    """Return a function that starts gunicorn as the docs say: the app imported before two workers are forked."""
    settings.XSEARCH = BUILTIN
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def start(hooks=""):
        configuration = tmp_path / "gunicorn.conf.py"
        configuration.write_text(hooks)
        more = {"XSEARCH": BUILTIN, "MEDIA_ROOT": settings.MEDIA_ROOT}
        arguments = ["shop.wsgi", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
        process = running("gunicorn", *arguments, "--timeout", "120", "--config", str(configuration), **more)
        wait_until(lambda: process.poll() is not None or len(children(process.pid)) == 2, 120)
        assert process.poll() is None, process.stdout.read()
        return process, lambda: ask(port)

    return start


def ask(port):
    """Search by a text that only the encoder can answer; return the answer, or None while nobody listens."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        client.request("GET", "/api/xsearch/search/?q=red")
        return json.loads(client.getresponse().read())
    except ConnectionError:
        return None
    finally:
        client.close()


@needs_proc
def test_gunicorn_workers_load_their_own_models_and_the_preloading_parent_none(gunicorn):
    add("A", "Red dress", photo=1)
    run()
    process, search = gunicorn()
    wait_until(search, 120)

    def both_answered():
        answer = search()
        assert answer["degraded"] == []
        assert [hit["title"] for hit in answer["hits"]] == ["Red dress"]
        return all(map(has_model, children(process.pid)))

    wait_until(both_answered, 120)
    assert not has_model(process.pid)


@needs_proc
def test_the_hook_of_gunicorn_loads_the_models_before_the_first_request(gunicorn):
    process, _ = gunicorn(HOOK)
    wait_until(lambda: all(map(has_model, children(process.pid))), 120)
    assert not has_model(process.pid)


@needs_proc
@pytest.mark.parametrize("warm", [False, True])
def test_prefork_workers_of_celery_load_their_own_models(running, tmp_path, settings, monkeypatch, warm):
    settings.XSEARCH = BUILTIN | {"BROKER_TIMEOUT_S": 60}
    queue = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }
    options = {**queue, "polling_interval": 0.1}
    arguments = ["celery", "-A", "shop", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"]
    worker = running(
        *(*arguments, "--without-gossip", "--without-mingle", "--without-heartbeat"),
        CELERY_BROKER_URL="filesystem://",
        CELERY_BROKER_TRANSPORT_OPTIONS=options,
        MEDIA_ROOT=settings.MEDIA_ROOT,
        XSEARCH=BUILTIN | {"WARM_UP": warm},
    )
    wait_until(lambda: worker.poll() is not None or len(children(worker.pid)) == 2, 120)
    assert worker.poll() is None, worker.stdout.read()
    if warm:
        wait_until(lambda: all(map(has_model, children(worker.pid))), 120)
    else:
        product = add("A", "Red dress", photo=1)
        with current_app.connection_for_write("filesystem://", transport_options=options) as connection:
            current_app.send_task("xsearch.index_pending", ["shop.Product"], connection=connection)
            wait_until(lambda: Product.objects.filter(pk=product.pk).exclude(image_embedding=None).exists(), 120)
        assert any(map(has_model, children(worker.pid)))
    assert not has_model(worker.pid)


def report(**options):
    """Run the command, and return what it printed as JSON and the error that it ended with."""
    import io

    output, error = io.StringIO(), None
    try:
        call_command("xsearch_warm_up", "--json", stdout=output, **options)
    except CommandError as raised:
        error = str(raised)
    return json.loads(output.getvalue()), error


def test_the_command_loads_everything_and_says_what_it_took(settings):
    pytest.importorskip("pocketsphinx")
    settings.XSEARCH = {"EMBEDDINGS": {"text": "builtin", "image": "builtin", "audio": "logmel"}}
    found, error = report()
    assert error is None
    assert {(one["name"], one["kind"]) for one in found["models"]} == {
        ("builtin", "text"),
        ("builtin", "image"),
        ("logmel", "audio"),
        ("PocketsphinxTranscriber", "speech"),
        *((index.label, "words") for index in registered() if index.text),
    }
    assert all(one["error"] is None for one in found["models"])
    assert all("256 dimensions, builtin-" in one["facts"] for one in found["models"] if one["name"] == "builtin")
    assert found["memory_mb"] > 0


@pytest.fixture
def textiles(register):
    """The only index of a shop: words and photos, no sounds."""
    from xsearch.index import registry

    before = registry._indexes.copy()
    registry._indexes.clear()
    register(Furniture, text={"A": ["title"]}, image="front")
    yield
    registry._indexes.clear()
    registry._indexes.update(before)


def test_what_no_index_needs_is_not_loaded(settings, monkeypatch, textiles):
    """The README's own install has no librosa, which encodes sounds."""
    monkeypatch.setitem(sys.modules, "librosa", None)
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    settings.XSEARCH = {}
    found, error = report()
    assert error is None
    loaded = {(one["name"], one["kind"]): one["facts"] for one in found["models"]}
    assert loaded.keys() == {
        ("builtin", "text"),
        ("builtin", "image"),
        ("showcase.Furniture", "words"),
        ("XSEARCH['TRANSCRIBERS']", "speech"),
    }
    assert "django-xsearch[voice]" in loaded["XSEARCH['TRANSCRIBERS']", "speech"]


def test_what_is_used_or_named_and_not_installed_is_a_failure(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    sphinx = "xsearch.speech.sphinx.PocketsphinxTranscriber"
    settings.XSEARCH = {"TRANSCRIBERS": [{"BACKEND": sphinx}]}
    found, error = report()  # the shop has sounds
    assert "XSEARCH['TRANSCRIBERS'], logmel" in error
    errors = [one["error"] for one in found["models"] if one["error"]]
    assert ["[sound]" in errors[0], "[voice]" in errors[1]] == [True, True]


def test_the_command_fails_with_the_cure_of_what_cannot_work_after_it_tried_the_rest(settings):
    settings.XSEARCH = BROKEN | {
        "EMBEDDINGS": {"text": "broken", "image": "builtin", "audio": None},
        "TRANSCRIBERS": [{"BACKEND": "xsearch.speech.whisper.WhisperTranscriber", "OPTIONS": {"model": "no/such"}}],
    }
    found, error = report()
    assert "WhisperTranscriber, broken" in error
    errors = {(one["name"], one["kind"]): one["error"] for one in found["models"]}
    assert "xsearch_download" in errors["broken", "text"]
    assert "xsearch_download no/such" in errors["WhisperTranscriber", "speech"]
    assert errors["builtin", "image"] is None


def test_a_recogniser_that_cannot_be_built_is_a_finding(settings):
    settings.XSEARCH = BUILTIN | {"TRANSCRIBERS": [{"BACKEND": "no.such.Recogniser"}]}
    assert [one.kind for one in xsearch.warm_up() if one.error] == ["speech"]
    assert not [one for one in xsearch.warm_up(speech=False) if one.error]


def test_without_the_setting_a_worker_loads_nothing_when_it_starts():
    from xsearch import warming

    with override_settings(XSEARCH={"WARM_UP": False}):
        warming.warm_up_worker()
    import threading

    assert not [thread for thread in threading.enumerate() if thread.name == "xsearch-warm-up"]
