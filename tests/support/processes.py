"""Servers that tests start beside themselves, on free ports of this machine, and how they end."""

import os
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager

import pytest

from tests.support.indexing import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def redis_server(folder):
    """Run a Redis of its own, or skip; yields its process, whose ``url`` is that of the broker."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: redis_answers(port))
        server.url = f"redis://127.0.0.1:{port}/0"
        yield server
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(30)


def redis_answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def stop_group(process, timeout_s=30):
    """End a process that leads a group, and whatever it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
