"""The broker of the demonstration shop, on real files."""

import threading
from queue import Empty

import pytest
from kombu import Connection

from shop.celery import app
from shop.embedded.broker import Transport

MESSAGES = 1500


@pytest.fixture
def options(tmp_path):
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    messages = str(tmp_path / "messages")
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(tmp_path / "control"),
    }


def test_filesystem_addresses_use_the_transport_of_the_shop(options):
    assert app is not None
    with Connection("filesystem://", transport_options=options) as connection:
        assert isinstance(connection.transport, Transport)


def test_a_reader_never_sees_an_unfinished_message(options):
    def write():
        with Connection("filesystem://", transport_options=options) as connection:
            queue = connection.SimpleQueue("work")
            for number in range(MESSAGES):
                queue.put({"number": number})

    writer = threading.Thread(target=write)
    with Connection("filesystem://", transport_options=options) as connection:
        channel = connection.default_channel
        writer.start()
        read = 0
        while read < MESSAGES:
            try:
                message = channel._get("work")
            except Empty:
                assert writer.is_alive() or channel._size("work"), f"only {read} of {MESSAGES} arrived"
            else:
                assert message["body"]
                read += 1
    writer.join()
