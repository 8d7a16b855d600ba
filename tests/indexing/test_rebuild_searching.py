"""Customers search without a break while xsearch_rebuild runs, is killed twice, goes on, swaps, and is rolled back."""

import contextlib
import io
import random
import signal
import threading
import time

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from PIL import Image

import xsearch
from shop.models import Product
from tests.search.test_stress import in_background
from tests.support.indexing import beside, run, start_process, wait_until
from xsearch.index.registry import get_index
from xsearch.indexing import marking, outbox
from xsearch.models import EncoderSpace
from xsearch.search.vectors.calibration import forget_samples

pytestmark = pytest.mark.django_db(transaction=True)

PRODUCTS = 12
SHIFT = 5  # less than there are products: a query of the wrong space would find another one of them


def chosen(shift, **options):
    spec = {"BACKEND": "tests.support.encoders.NumberEncoder", "OPTIONS": {"shift": shift, **options}}
    return {
        "ENCODERS": {"number": spec},
        "EMBEDDINGS": {"text": "number", "image": "number", "audio": None},
        "TRANSCRIBERS": [],
        "EXACT_ROWS": 4,  # so that indexes are walked
        "LEASE_S": 2,
        "BATCH_SIZE": 4,
    }


def photo(number):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def add(number):
    name = f"w{number:02}"
    return Product.objects.create(sku=name, title=f"Thing {name}", photo=ContentFile(photo(number), name=f"{name}.png"))


def live():
    return set(EncoderSpace.objects.values_list("fingerprint", flat=True))


def check(number, **query):
    """Raise ``AssertionError`` unless product ``number`` is the first, and each vector is compared in its own space."""
    results = xsearch.search(Product.objects.all(), explain=True, **query)
    assert results.degraded == []
    found = [hit.object.sku for hit in results.hits]
    assert found[:1] == [f"w{number:02}"], (query.keys(), number, found)
    for hit in results.hits:
        parts = {name: part["similarity"] for name, part in hit.explain.items() if ":" in name}
        assert parts, "only words answered"
        assert set(parts.values()) == {float(hit.object.sku == f"w{number:02}")}, (number, hit.object.sku, parts)


def check_like(number):
    """Raise ``AssertionError`` if a product is like another one, which none is in any one space."""
    product = Product.objects.get(sku=f"w{number:02}")
    results = xsearch.search(Product.objects.all(), like=[product])
    assert results.degraded == []
    assert [hit.object.sku for hit in results.hits] == [], number


@pytest.fixture
def shop(settings, monkeypatch):
    """A shop with customers, and an owner who adds, changes and deletes products; yields who was served from where."""
    monkeypatch.setattr("xsearch.indexing.dispatch._send_in_time", lambda _label: None)
    settings.XSEARCH = chosen(0)
    forget_samples()
    for number in range(PRODUCTS):
        add(number)
    run()
    errors, done, served, numbers = [], threading.Event(), [], iter(range(PRODUCTS, 100))

    def customer():
        number = random.randrange(PRODUCTS)
        check(number, image=photo(number))
        check(number, text=f"w{number:02}")
        check_like(number)
        served.append(EncoderSpace.objects.get(modality="image").fingerprint)
        time.sleep(0.02)  # the processes need a core too

    def owner():
        products = [add(number) for number, _ in zip(numbers, range(2), strict=False)]
        for product in products:
            product.price = 3
            product.save()
        Product.objects.filter(sku="w00").get().save()
        for product in products[:1]:
            product.delete()
        time.sleep(1.0)

    threads = [in_background(task, errors, done) for task in (customer, customer, owner)]

    def serve(count):
        enough = len(served) + count
        wait_until(lambda: len(served) >= enough or errors)
        return set(served)

    yield serve
    done.set()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]


@pytest.fixture
def start(settings):
    processes = []

    def start(*arguments):
        configured = chosen(SHIFT, seconds_each=0.05)
        processes.append(
            start_process(
                "manage.py", "xsearch_rebuild", *arguments, XSEARCH=configured, MEDIA_ROOT=settings.MEDIA_ROOT
            )
        )
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def succeed(process):
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return out


@contextlib.contextmanager
def old_snapshot():
    """Keep a snapshot that an index build has to wait for."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1 FROM shop_category")
        yield


def builds():
    """Return the server processes that build an index and wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'")
        return [pid for (pid,) in cursor.fetchall()]


def test_customers_find_everything_in_one_space_whatever_happens_to_a_rebuild(shop, start, settings):
    shop(4)
    first = start()
    wait_until(lambda: beside() or first.poll() is not None)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert 0 < len(beside()) < PRODUCTS
    shop(4)

    with old_snapshot():
        second = start()
        wait_until(lambda: builds() or second.poll() is not None)
        second.send_signal(signal.SIGKILL)
        assert second.wait() == -signal.SIGKILL
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [builds()])
            cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
            assert cursor.fetchone()[0] == 1
    assert live() == {"number:0"}
    shop(4)

    assert "swapped: number:0 → number:5" in succeed(start())
    assert live() == {"number:5"}
    shop(4)

    assert "number:0 are live again" in succeed(start("--rollback"))
    assert live() == {"number:0"}
    assert shop(4) == {"number:0", "number:5"}


def test_what_changed_between_a_swap_and_the_way_back_is_found_after_it(settings, start, monkeypatch):
    monkeypatch.setattr("xsearch.indexing.dispatch._send_in_time", lambda _label: None)
    settings.XSEARCH = chosen(0)
    for number in range(4):
        add(number)
    run()
    settings.XSEARCH = chosen(SHIFT)
    marking.mark_stale(get_index(Product))
    run()
    assert live() == {"number:5"}
    changed = Product.objects.get(sku="w03")
    changed.photo = ContentFile(photo(7), name="7.png")
    changed.save()
    add(8)
    run()
    succeed(start("--rollback"))
    assert outbox.remaining(get_index(Product)) == 2
    run()
    forget_samples()
    for number in (0, 1, 2, 8):
        check(number, image=photo(number))
    found = xsearch.search(Product.objects.all(), image=photo(7))
    assert [hit.object.sku for hit in found.hits] == ["w03"]
    assert live() == {"number:0"}
