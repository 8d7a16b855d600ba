"""The embedded PostgreSQL: shared by processes, and stopped by the last that lives."""

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from shop.embedded.base import stop_embedded_server
from tests.support import ROOT

USE = """
import sys, time
from pathlib import Path
from shop.embedded.base import embedded_server
print(embedded_server(Path(sys.argv[1])), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="embedded-") as name:
        yield Path(name) / "postgres"
        stop_embedded_server(Path(name) / "postgres")  # nothing to do unless a test has failed


def user(folder, *, seconds):
    """Start a process that uses the server for some time; return it with the server's address and process."""
    command = [sys.executable, "-c", USE, folder, str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    return process, address, psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))


def end(process, *, kill=False):
    if kill:
        process.kill()
    process.wait(timeout=60)
    process.stdout.close()


def has_ended(server):
    """Look whether it has: nobody may have reaped it yet, for it has no parent here."""
    return not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_the_last_living_user_stops_the_server_even_if_another_was_killed(folder):
    killed, address, server = user(folder, seconds=120)
    end(killed, kill=True)
    assert server.is_running()
    last, same_address, same_server = user(folder, seconds=0)
    end(last)
    assert (same_address, same_server) == (address, server)
    assert has_ended(server)
    assert not (folder / "postmaster.pid").exists()


def test_a_user_that_ends_leaves_the_server_to_the_others(folder):
    staying, _, server = user(folder, seconds=120)
    leaving, _, _ = user(folder, seconds=0)
    end(leaving)
    assert server.is_running()
    end(staying, kill=True)
    last, _, _ = user(folder, seconds=0)
    end(last)
    assert has_ended(server)
