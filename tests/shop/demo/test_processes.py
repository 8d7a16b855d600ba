"""The demo's processes: all of them end, however the demo does, and none is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import psutil
import pytest

from shop.demo.errors import DemoError, Stopped
from shop.demo.indexing import index_by_worker
from shop.demo.processes import Supervisor
from shop.demo.signals import signals_deferred, stopping_on_signals
from tests.support import ROOT

WAIT = "import sys, time; print('ready', flush=True); time.sleep(120)"
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                  "print('ready', flush=True); time.sleep(120)"])
time.sleep(120)
"""


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path / "logs")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield supervisor
    supervisor.stop(patience_s=0)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def start(supervisor, name, code):
    child = supervisor.start(name, sys.executable, "-c", code, environment=os.environ)
    wait_until(lambda: "ready" in child.log.read_text() or child.has_ended)
    return child


def wait_until(condition, timeout_s=20):
    waiting = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if condition():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not happen in time")


def tree_of(child):
    process = psutil.Process(child.process.pid)
    return [process, *process.children(recursive=True)]


def gone(processes):
    return all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes)


def test_stopping_ends_every_child(supervisor):
    processes = [start(supervisor, name, WAIT).process for name in ("one", "two")]
    supervisor.stop()
    assert [process.returncode for process in processes] == [-signal.SIGTERM, -signal.SIGTERM]


def test_stopping_kills_a_child_that_does_not_listen_with_all_it_started(supervisor):
    tree = tree_of(start(supervisor, "stubborn", STUBBORN))
    assert len(tree) == 2
    supervisor.stop(patience_s=0.3)
    wait_until(lambda: gone(tree))


def test_what_a_dead_child_left_behind_is_killed(supervisor):
    leaves = STUBBORN.replace("time.sleep(120)\n", "time.sleep(0.5)\n")
    child = start(supervisor, "leaving", leaves)
    tree = tree_of(child)
    wait_until(lambda: child.has_ended)
    supervisor.stop()
    assert len(tree) == 2
    wait_until(lambda: gone(tree))


def test_a_child_that_dies_is_named_with_the_end_of_its_log(supervisor):
    start(supervisor, "healthy", WAIT)
    child = supervisor.start("worker", sys.executable, "-c", "raise SystemExit('no disk')", environment=os.environ)
    wait_until(lambda: child.has_ended)
    with pytest.raises(DemoError, match=r"The worker has ended by itself[\s\S]*no disk"):
        supervisor.check()


def test_healthy_children_pass_the_check(supervisor):
    start(supervisor, "healthy", WAIT)
    supervisor.check()


def test_children_end_even_if_the_supervisor_is_killed(tmp_path):
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent died")
    code = f"""
        import os, sys, time
        from pathlib import Path
        from shop.demo.processes import Supervisor
        child = Supervisor(Path({str(tmp_path)!r})).start("child", sys.executable, "-c", {WAIT!r}, environment=os.environ)
        print(child.process.pid, flush=True)
        time.sleep(120)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        orphan = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    wait_until(lambda: gone([orphan]))


def test_the_demo_stops_when_the_process_that_started_it_is_gone(tmp_path):
    code = f"""
        import time
        from pathlib import Path
        from shop.demo.errors import Stopped
        from shop.demo.processes import Supervisor
        supervisor = Supervisor(Path({str(tmp_path)!r}), follow_parent=True)
        Path({str(tmp_path / "started")!r}).touch()
        try:
            for _ in range(600):
                supervisor.check()
                time.sleep(0.05)
        except Stopped:
            Path({str(tmp_path / "stopped")!r}).touch()
    """
    script = tmp_path / "follower.py"
    script.write_text(textwrap.dedent(code))
    parent = subprocess.Popen(
        ["sh", "-c", '"$0" "$1" & wait', sys.executable, script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        wait_until((tmp_path / "started").exists)
    finally:
        parent.kill()
        parent.wait()
    wait_until((tmp_path / "stopped").exists)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_stops_the_demo_even_where_it_was_ignored(number):
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with pytest.raises(Stopped), stopping_on_signals():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_deferred_signal_stops_the_demo_only_after_the_block():
    steps = []

    def work():
        with signals_deferred():
            signal.raise_signal(signal.SIGINT)
            steps.append("inside")
        steps.append("never reached")

    with pytest.raises(Stopped), stopping_on_signals():
        work()
    assert steps == ["inside"]


@pytest.mark.django_db
def test_sending_products_to_the_worker_keeps_the_handlers_of_the_demo():
    with stopping_on_signals():
        handler = signal.getsignal(signal.SIGTERM)
        index_by_worker(check=lambda: None)
        assert signal.getsignal(signal.SIGTERM) is handler
