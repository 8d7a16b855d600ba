"""``manage.py xsearch_serve_encoder`` in a process of its own, without a database."""

import signal
import socket
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command

from tests.support.encoders import HashEncoder
from tests.support.indexing import wait_until
from tests.support.remote_services import ask, served_process
from xsearch.encoders.remote import RemoteEncoder

HASH = {"hash": {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {"dimension": 4}}}


@pytest.fixture
def slow(tmp_path):
    """Serve an encoder that waits for a file, from after the server is ready."""
    (tmp_path / "go").touch()
    specs = {
        "slow": {"BACKEND": "tests.support.encoders.SlowEncoder", "OPTIONS": {"folder": str(tmp_path), "dimension": 4}}
    }
    with served_process("slow", specs) as served:
        (tmp_path / "go").unlink()
        (tmp_path / "begun").unlink()
        yield served


def encode(url, text):
    return RemoteEncoder(url, timeout_s=60).encode_batch("text", [text])


def test_clients_at_the_same_time_share_runs(slow, tmp_path):
    runs_before = ask(f"{slow.url}/health")[1]["runs"]
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(encode, slow.url, "first")
        wait_until((tmp_path / "begun").exists)
        others = [pool.submit(encode, slow.url, f"text {number}") for number in range(8)]
        wait_until(lambda: ask(f"{slow.url}/health")[1]["waiting"] == 8)
        (tmp_path / "go").touch()
        answers = [first.result(), *(other.result() for other in others)]
    texts = ["first", *(f"text {number}" for number in range(8))]
    for text, answer in zip(texts, answers, strict=True):
        assert answer == pytest.approx(HashEncoder(4).encode_batch("text", [text]), abs=1e-6)
    assert ask(f"{slow.url}/health")[1]["runs"] - runs_before == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_answers_what_is_in_flight_and_takes_nothing_new(slow, tmp_path, number):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(encode, slow.url, "last words")
        wait_until((tmp_path / "begun").exists)
        slow.process.send_signal(number)
        wait_until(lambda: not listens(slow.url))
        (tmp_path / "go").touch()
        assert answer.result() == pytest.approx(HashEncoder(4).encode_batch("text", ["last words"]), abs=1e-6)
    rest, _ = slow.process.communicate(timeout=60)
    assert (slow.process.returncode, rest) == (0, "Stopped.\n")


def listens(url):
    try:
        urllib.request.urlopen(f"{url}/health", timeout=60).close()
    except OSError:
        return False
    return True


def test_it_says_what_it_serves_when_it_is_ready_and_asks_for_the_key():
    environment = {"ENCODER_KEY": "s3cret"}
    arguments = ("--api-key-env", "ENCODER_KEY", "--host", "0.0.0.0")
    with served_process("hash", HASH, *arguments, environment=environment) as served:
        assert "Serving hash (hash:4:1, 4 dimensions, image, text)." in served.said
        assert "private network" not in served.said
        url = served.url.replace("0.0.0.0", "127.0.0.1")
        assert ask(url)[0] == 401
        assert ask(url, headers={"Authorization": "Bearer s3cret"})[1]["name"] == "hash"


def test_an_open_door_is_pointed_at():
    with served_process("hash", HASH, "--host", "0.0.0.0") as served:
        assert "private network" in served.said


class TestMistakes:
    @pytest.fixture(autouse=True)
    def _encoders(self, settings):
        settings.XSEARCH = {"ENCODERS": {"broken": {"BACKEND": "tests.support.encoders.BrokenEncoder"}}}

    @pytest.mark.parametrize(
        ("arguments", "what"),
        [
            ([], "Name the encoder to serve. Configured: builtin, logmel, broken"),
            (["none"], "No encoder 'none'"),
            (["broken"], "xsearch_download"),
            (["builtin", "--threads", "0"], "--threads"),
            (["builtin", "--api-key-env", "NO_SUCH_KEY"], "NO_SUCH_KEY holds no key"),
            (["builtin", "--port", "70000"], "from 0 .any free one. to 65535"),
            (["builtin", "--host", "192.0.2.1"], "Name another --host"),
        ],
    )
    def test_mistakes_are_said_with_what_is_allowed(self, arguments, what):
        port = () if "--port" in arguments else ("--port", "0")
        with pytest.raises(CommandError, match=what):
            call_command("xsearch_serve_encoder", *arguments, *port)

    def test_a_taken_port_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(CommandError, match=f"127.0.0.1:{port} cannot be listened on"):
                call_command("xsearch_serve_encoder", "builtin", "--port", str(port))

    def test_a_missing_package_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "waitress", None)
        with pytest.raises(CommandError, match=r"pip install 'django-xsearch\[serve\]'"):
            call_command("xsearch_serve_encoder", "builtin", "--port", "0")
