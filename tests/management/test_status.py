"""What xsearch_status says, well and not well."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from shop.models import Product
from xsearch.admin.overview import findings
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, outbox, vector_indexes
from xsearch.indexing.status import status
from xsearch.models import EncoderSpace, IndexRecord

HASH = {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    "EMBEDDINGS": {"text": "hash", "image": "hash", "audio": None},
    "TRANSCRIBERS": [],
}
NEXT = HASH | {"ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {"revision": "2"}}}}
MISSING = HASH | {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.NoSuchEncoder"}},
    "TRANSCRIBERS": [{"BACKEND": "nowhere.Recogniser", "OPTIONS": {}}],
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hash():
    with override_settings(XSEARCH=HASH):
        yield


@pytest.fixture
def products():
    made = [Product.objects.create(sku=f"s{number}", title=f"Mug {number}") for number in range(4)]
    index_pending(get_index(Product))
    return made


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("xsearch_status", *arguments, stdout=out)
    return out.getvalue()


def texts() -> str:
    return "\n".join(f"{finding.level}: {finding.text}" for finding in findings(status()))


def column(found: dict, key: str) -> dict:
    return next(column for column in found["models"]["shop.Product"]["columns"] if column["key"] == key)


def test_json_has_counts_fingerprints_indexes_and_queue(products):
    IndexRecord.objects.filter(object_id=products[0].pk).update(status="failed", attempts=5)
    IndexRecord.objects.filter(object_id=products[1].pk).update(status="pending")
    IndexRecord.objects.filter(object_id=products[2].pk).delete()
    found = json.loads(run("--json"))
    model = found["models"]["shop.Product"]
    assert model["counts"] == {"total": 4, "indexed": 1, "failed": 1, "pending": 1, "unseen": 1}
    text = column(found, "text")
    assert (text["state"], text["filled"], text["fingerprint"], text["dimension"]) == ("live", 4, "hash:16:1", 16)
    assert text["index"]["present"] is True
    assert text["index"]["bytes"] > 0
    assert column(found, "document")["index"]["present"] is True
    assert column(found, "audio")["state"] == "off"
    assert found["queue"].pop("oldest_s") < 600  # of a record that was made just now, on however busy a machine
    assert found["queue"] == {"broker": True, "waiting": 1, "in_work": 0, "stuck": False}
    assert found["encoders"]["hash"]["fingerprint"] == "hash:16:1"
    assert found["pgvector"].startswith("0.")


def test_all_is_well_with_nothing_to_do(products):
    assert texts() == ""
    assert "shop.Product: 4 total, 0 pending, 4 indexed, 0 failed, 0 unseen" in run()
    assert "!" not in run()


def test_what_nobody_takes_is_named(products):
    before = timezone.now() - timedelta(minutes=20)
    IndexRecord.objects.update(status="pending", not_before=before, indexed_at=before)
    assert "error: Products have been waiting for 20" in texts()
    assert "Nobody takes what waits" in run()
    IndexRecord.objects.filter(object_id=products[0].pk).update(claimed_until=timezone.now() + timedelta(minutes=1))
    assert "nobody takes" not in texts()
    assert status()["queue"]["in_work"] == 1


def test_failures_to_be_retried_are_counted(products):
    later = timezone.now() + timedelta(minutes=5)
    IndexRecord.objects.filter(object_id=products[0].pk).update(status="failed", attempts=1, not_before=later)
    assert status()["models"]["shop.Product"]["queue"]["retrying"] == 1
    assert "warning: 1 product could not be indexed completely" in texts()


def test_which_failed_and_why_is_printed_and_in_the_json(products):
    IndexRecord.objects.filter(object_id=products[2].pk).update(
        status="failed", last_error="photo: broken\nsound: gone"
    )
    assert f"  ! shop.Product {products[2].pk} (Mug 2): photo: broken; sound: gone" in run().splitlines()
    failures = json.loads(run("--json"))["models"]["shop.Product"]["failures"]
    assert failures == [{"key": str(products[2].pk), "object": "Mug 2", "error": "photo: broken\nsound: gone"}]


def test_of_many_failures_the_first_are_named_and_the_others_counted():
    Product.objects.bulk_create(Product(sku=f"s{number}", title=f"Mug {number}") for number in range(13))
    index_pending(get_index(Product))
    outbox.mark(Product.objects.all())
    IndexRecord.objects.update(status="failed", last_error="x" * 1000)
    lines = [line for line in run().splitlines() if line.startswith("  ! shop.Product")]
    assert len(lines) == 10
    assert all(len(line) < 400 for line in lines)
    assert "  ! 3 more failed; the admin lists all of them under Index records." in run()


def test_an_object_that_has_no_text_is_named_by_its_key(products, monkeypatch):
    IndexRecord.objects.filter(object_id=products[0].pk).update(status="failed", last_error="broken")
    monkeypatch.setattr(Product, "__str__", lambda self: self.nothing)
    assert f"shop.Product {products[0].pk} (" in run()
    assert "broken" in run()


def test_a_missing_database_index_is_named(products):
    store = next(store for store in get_index(Product).stores() if store.modality == "text")
    vector_indexes.drop_vector_index(store, store.column)
    assert column(status(), "text")["index"] == {
        "name": vector_indexes.index_name(store, "text_embedding"),
        "present": False,
        "bytes": None,
    }
    assert "text_embedding has no database index" in texts()
    assert "! no database index" in run()


def test_another_configured_encoder_shows_as_being_built(products):
    with override_settings(XSEARCH=NEXT):
        text = column(status(), "text")
        assert (text["state"], text["fingerprint"], text["configured_fingerprint"]) == (
            "rebuilding",
            "hash:16:1",
            "hash:16:2",
        )
        assert "are not those of the configured encoder" in texts()
        assert "hash:16:2" in run()


def test_broken_backends_are_named_and_the_rest_is_shown(products):
    with override_settings(XSEARCH=MISSING):
        assert column(status(), "text")["state"] == "broken"
        assert (
            "error: The encoder hash does not work: The encoder backend 'tests.support.encoders.NoSuchEncoder'"
            in texts()
        )
        assert "warning: The speech recogniser nowhere.Recogniser does not work" in texts()
        assert "4 indexed" in run()


def test_an_unreachable_broker_is_named(products):
    from celery import current_app

    url = current_app.conf.broker_url
    current_app.conf.update(broker_url="redis://127.0.0.1:1/0")
    try:
        assert "warning: The task broker cannot be reached" in texts()
        assert "! cannot be reached" in run()
    finally:
        current_app.conf.update(broker_url=url)


def test_nothing_indexed_yet_is_empty_not_wrong():
    Product.objects.create(sku="s", title="Mug")
    found = status()
    assert column(found, "text")["state"] == "empty"
    assert found["models"]["shop.Product"]["last_indexed_at"] is None
    assert EncoderSpace.objects.count() == 0


def test_an_unmigrated_database_is_an_error_with_the_cure():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE xsearch_indexrecord RENAME TO elsewhere")
    with pytest.raises(CommandError, match="Is it there, and migrated"):
        run()
