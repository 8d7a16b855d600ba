"""`make demo` for real: processes, ports, signals, the embedded database, and Redis where there is one."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tests.support import ROOT

CATALOGUE = ROOT / "shop" / "demo_catalogue"
PRODUCTS = 12
START_S = 180
BOUNDARY = "a-line-that-no-photo-contains"
READY = "Ctrl-C stops all of it."
SERVERS = ("DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL", "PORT", "DEMO_PRODUCTS")


class RunningDemo:
    """A demo that has said what to try, and every process that belongs to it."""

    def __init__(self, process, log, port, environment):
        self.process = process
        self.log = log
        self.port = port
        self.environment = environment

    def request(self, method, path, body=None, headers=None):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(method, path, body, headers or {})
            response = client.getresponse()
            return response.status, response.read().decode()
        finally:
            client.close()

    def search(self, text):
        status, body = self.request("GET", f"/api/xsearch/search/?q={quote(text)}")
        assert status == 200, body
        return json.loads(body)

    def search_photo(self, photo):
        lines = [f"--{BOUNDARY}", 'Content-Disposition: form-data; name="image"; filename="photo.jpg"', "", ""]
        body = "\r\n".join(lines).encode() + photo.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        status, answer = self.request("POST", "/api/xsearch/search/", body, kind)
        assert status == 200, answer
        return json.loads(answer)

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def everything(self):
        """List the demo's processes, the database's too, which is nobody's child."""
        postgres = Path(self.environment["SHOP_VAR_DIR"]) / "postgres" / "postmaster.pid"
        roots = [psutil.Process(self.process.pid), psutil.Process(int(postgres.read_text().splitlines()[0]))]
        return roots + [child for root in roots for child in root.children(recursive=True)]


@pytest.fixture(scope="module")
def var():
    """Return a folder outside of pytest's own, which another pytest would close to PostgreSQL's user."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        yield Path(folder)


def environment_of(var, **more):
    own = {name: value for name, value in os.environ.items() if name not in SERVERS}
    return {**own, "SHOP_VAR_DIR": str(var), "DEMO_PRODUCTS": str(PRODUCTS), **more}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_demo(var, **more):
    port = free_port()
    environment = environment_of(var, PORT=str(port), **more)
    log = var / "demo.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: READY in log.read_text() or process.poll() is not None, START_S)
        assert process.poll() is None, log.read_text()
        yield RunningDemo(process, log, port, environment)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=60)


def wait_until(condition, timeout_s):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def gone(processes):
    return all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes)


def test_the_demo_serves_a_searchable_shop_and_ctrl_c_leaves_nothing_behind(var):
    with running_demo(var) as demo:
        assert demo.request("GET", "/")[0] == 200
        title = json.loads((CATALOGUE / "catalogue.jsonl").read_text().splitlines()[0])["title"]
        assert title in [hit["title"] for hit in demo.search(title)["hits"]]
        assert demo.search_photo(next((CATALOGUE / "customer_photos").iterdir()))["hits"]
        status = json.loads(demo.manage("xsearch_status", "--json"))
        assert f'"indexed": {PRODUCTS}' in json.dumps(status)
        everything = demo.everything()
        assert len(everything) > 8, everything
        os.killpg(demo.process.pid, signal.SIGINT)  # as a terminal does
        assert demo.process.wait(timeout=60) == 0, demo.log.read_text()
    wait_until(lambda: gone(everything), 10)
    assert not (var / "postgres" / "postmaster.pid").exists()


@pytest.fixture
def redis(tmp_path):
    """Run a real Redis of our own and return its address."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: the demo on Redis is not tested")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL) as server:
        wait_until(lambda: answers(port), 20)
        yield f"redis://127.0.0.1:{port}/"
        server.terminate()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_on_redis_a_saved_product_is_found_and_a_dead_worker_ends_the_demo(var, redis):
    with running_demo(var, CELERY_BROKER_URL=f"{redis}0", REDIS_URL=f"{redis}1") as demo:
        change = "product = Product.objects.first(); product.title = 'Zanzibar lantern'; product.save()"
        demo.manage("shell", "-c", f"from shop.models import Product; {change}")
        wait_until(lambda: "Zanzibar lantern" in [hit["title"] for hit in demo.search("zanzibar")["hits"]], 60)
        assert "Connected to redis://" in (var / "logs" / "worker.log").read_text()
        everything = demo.everything()
        [worker] = [
            process for process in everything if "worker" in process.cmdline() and process.ppid() == demo.process.pid
        ]
        worker.kill()
        assert demo.process.wait(timeout=60) == 1
        assert "The worker has ended by itself" in demo.log.read_text()
    wait_until(lambda: gone(everything), 10)


def refused(var, **more):
    """Start a demo that cannot run; return what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environment_of(var, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_port_in_use_is_named_with_the_way_out(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        message = refused(tmp_path, PORT=str(port))
    assert f"Port {port} of 127.0.0.1 cannot be used" in message
    assert f"PORT={port + 1} make demo" in message


def test_a_broker_that_does_not_answer_is_named_without_its_password(tmp_path):
    message = refused(
        tmp_path, PORT=str(free_port()), CELERY_BROKER_URL=f"redis://shop:geheim@127.0.0.1:{free_port()}/0"
    )
    assert "CELERY_BROKER_URL=redis://shop:***@127.0.0.1" in message
    assert "geheim" not in message


def test_a_demo_without_products_is_refused(tmp_path):
    assert "--products must be at least 1, not 0" in refused(tmp_path, DEMO_PRODUCTS="0")


def test_a_port_that_is_no_number_is_refused(tmp_path):
    assert "PORT=eighty is not a number" in refused(tmp_path, PORT="eighty")
