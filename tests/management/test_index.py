"""manage.py xsearch_index: what it indexes, says and returns."""

import io
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from shop.models import Product
from tests.showcase.models import Furniture
from tests.support import ROOT
from tests.support.encoders import HashEncoder
from tests.support.indexing import add, record, records, run, start_process, statuses
from xsearch.index.registry import get_index
from xsearch.indexing import dispatch, marking, worker, writing
from xsearch.management.commands import xsearch_index
from xsearch.models import Term

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder, monkeypatch):
    monkeypatch.setattr(dispatch, "_broker", dispatch._Broker())
    use_encoder()


def command(*arguments, **options):
    out = io.StringIO()
    call_command("xsearch_index", *arguments, stdout=out, **options)
    return out.getvalue()


def test_it_indexes_what_is_new_and_says_so():
    for number in range(5):
        add(f"A{number}", photo=number)
    out = command("--batch-size", "2")
    assert "shop.Product: 5 indexed, 0 failed, 0 forgotten in" in out
    assert set(statuses().values()) == {"indexed"}
    assert Term.objects.filter(lexeme="thing").get().objects_with == 5


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestProgress:
    @pytest.fixture
    def each_time(self, monkeypatch):
        """Let so much time pass between two batches that each is shown."""
        ticks = iter(range(0, 10**6, 100))
        monkeypatch.setattr(xsearch_index.time, "monotonic", lambda: float(next(ticks)))

    @pytest.fixture(autouse=True)
    def _products(self):
        for number in range(6):
            add(f"A{number}")

    def test_a_file_gets_lines_with_rate_and_remaining_time(self, each_time):
        lines = [line for line in command("--batch-size", "2").splitlines() if "/6" in line]
        assert [line.split()[1] for line in lines] == ["2/6", "4/6", "6/6"]
        assert all("/s  " in line and line.endswith("s left") for line in lines)

    def test_a_file_gets_no_line_for_each_batch(self):
        assert "/6" not in command("--batch-size", "2")

    def test_a_terminal_gets_one_line_that_is_overwritten(self, each_time):
        out = Terminal()
        call_command("xsearch_index", "shop.Product", "--batch-size", "2", stdout=out)
        assert out.getvalue().count("\r") == 3
        assert out.getvalue().count("\n") == 2

    def test_what_other_workers_did_counts_as_done(self, each_time, monkeypatch):
        write = writing.write

        def beside_another(index, jobs, live):
            monkeypatch.setattr(writing, "write", write)
            records().filter(claim=None).update(status="indexed")
            return write(index, jobs, live)

        monkeypatch.setattr(writing, "write", beside_another)
        monkeypatch.setattr(worker, "_BATCHES_AT_ONCE", 1)
        assert "6/6" in command("--batch-size", "2")

    def test_at_verbosity_2_it_says_how_long_the_models_waited(self):
        out = command("--batch-size", "2", verbosity=2)
        assert "0 photos encoded; the models worked for" in out
        assert "waited for something to encode for" in out


def test_a_second_run_does_nothing():
    add("A", photo=1)
    command()
    HashEncoder.calls.clear()
    assert "0 indexed, 0 failed" in command()
    assert HashEncoder.calls == []


def test_rows_written_in_bulk_and_deleted_by_hand_are_put_right():
    add("A")
    Product.objects.bulk_create([Product(sku="B", title="x")])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_product WHERE sku = 'A'")
    command()
    assert statuses() == {str(Product.objects.get().pk): "indexed"}


def test_all_encodes_everything_anew():
    for number in range(3):
        add(f"A{number}", photo=number)
    command()
    HashEncoder.calls.clear()
    command("--all", "--batch-size", "2")
    assert sum(size for modality, size in HashEncoder.calls if modality == "image") == 3
    HashEncoder.calls.clear()
    assert "0 indexed" in command()


def test_all_goes_on_after_an_interruption():
    for number in range(3):
        add(f"A{number}", photo=number)
    command()
    marking.mark_stale(get_index(), forced=True)
    run(batch_size=1, limit_s=0)
    HashEncoder.calls.clear()
    command()
    assert sum(size for modality, size in HashEncoder.calls if modality == "image") == 2


def test_it_fails_if_anything_failed_and_says_which_and_why(monkeypatch):
    monkeypatch.setattr("xsearch.indexing.status.FAILURES_NAMED", 2)
    bad = [add(f"A{number}", f"Mug {number}", photo=b"nonsense") for number in range(3)]
    good = add("B")
    errors = io.StringIO()
    with pytest.raises(CommandError, match=r"^3 failed, see above"):
        command(stderr=errors)
    assert record(good).status == "indexed"
    lines = errors.getvalue().splitlines()
    for line, product in zip(lines[:2], bad[:2], strict=True):
        assert line == f"  ! shop.Product {product.pk} ({product}): {record(product).last_error}"
        assert "image" in line
    assert lines[2] == "  ! 1 more failed; the admin lists all of them under Index records."


def test_what_failed_is_tried_again_and_recovers(use_encoder):
    use_encoder("BrokenEncoder", more={"MAX_ATTEMPTS": 1})
    product = add("A", photo=1)
    with pytest.raises(CommandError):
        command()
    use_encoder()
    assert "1 indexed" in command()
    assert (record(product).status, record(product).attempts, record(product).last_error) == ("indexed", 0, "")


def test_only_the_named_models_are_indexed(register):
    register(Furniture, text={"A": ["title"]})
    add("A")
    Furniture.objects.create(title="Sofa")
    assert "shop.Product" not in command("showcase.furniture")
    assert (set(statuses(Furniture).values()), set(statuses().values())) == ({"indexed"}, {"pending"})
    command()
    assert set(statuses().values()) == {"indexed"}


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(
        CommandError, match=r"^shop.Car is not registered with xsearch. Registered: shop.Product, shop.StylePost.$"
    ):
        command("shop.Car")


def test_a_senseless_batch_size_is_refused():
    with pytest.raises(CommandError, match="--batch-size must be at least 1"):
        command("--batch-size", "0")


def test_queue_hands_the_work_to_the_workers(monkeypatch):
    sent = []
    monkeypatch.setattr(dispatch, "_send_in_time", lambda label: sent.append(label))
    add("A")
    assert "shop.Product: 1 sent to the workers." in command("--queue")
    assert sent == ["shop.Product"]
    assert set(statuses().values()) == {"pending"}


def test_queue_fails_if_the_broker_cannot_be_reached(monkeypatch):
    monkeypatch.setattr(dispatch, "_send_in_time", lambda _label: ConnectionError("refused"))
    add("A")
    with pytest.raises(CommandError, match="CELERY_BROKER_URL, or index without --queue"):
        command("--queue")


@pytest.mark.django_db(transaction=True)
def test_the_exit_status_is_that_of_the_work(settings, tmp_path):
    add("A", photo=b"nonsense")
    process = start_process(
        "manage.py", "xsearch_index", XSEARCH={**settings.XSEARCH, "TRANSCRIBERS": []}, MEDIA_ROOT=settings.MEDIA_ROOT
    )
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "1 failed" in out
    assert "Traceback" not in out
    assert records().get().status == "failed"


HEAVY = ["torch", "transformers", "onnxruntime", "librosa", "av", "pocketsphinx", "rjieba", "scipy", "sklearn"]


STARTING = """
import sys, django
django.setup()
import xsearch
xsearch.search, xsearch.mark
from xsearch.indexing import tasks, worker
from shop.wsgi import application
from django.core.management import call_command
call_command("check")
"""


def test_starting_a_web_server_or_a_worker_imports_nothing_heavy():
    code = f"{STARTING}print([name for name in {HEAVY} if name in sys.modules])"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "XSEARCH_TEST_SETTINGS": '{"XSEARCH": {"TRANSCRIBERS": []}}',
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr
