"""What the tests of indexing have in common: products with known photos, and a look at what became of them."""

import io
import json
import os
import subprocess
import sys
import time

import numpy as np
from django.core.files.base import ContentFile
from django.db import connection
from PIL import Image

from shop.models import Product
from tests.support import ROOT
from tests.support.encoders import HashEncoder
from xsearch.index.registry import get_index
from xsearch.indexing import IndexingReport, index_pending, outbox
from xsearch.indexing.database import has_column
from xsearch.indexing.worker import Worker
from xsearch.models import IndexRecord


def picture(seed=1, size=(8, 8), kind="PNG"):
    """Return the bytes of a picture of noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, kind)
    return stream.getvalue()


def picture_file(seed=1, name="photo.png"):
    return ContentFile(picture(seed), name=name)


def add(sku, title="Thing", photo=None, **fields):
    """Create a product; ``photo`` is a seed, or the bytes of a file."""
    content = picture(photo) if isinstance(photo, int) else photo
    file = ContentFile(content, name=f"{sku}.png") if content is not None else ""
    return Product.objects.create(sku=sku, title=title, photo=file, **fields)


def add_and_fail(sku="A"):
    """Create a product, and raise what rolls it back."""
    add(sku)
    raise RuntimeError(sku)


def record(obj):
    """Return the index record of an object."""
    return records(type(obj)).get(object_id=str(obj.pk))


def records(model=Product):
    """Return all index records of a model."""
    return IndexRecord.objects.filter(content_type=get_index(model).content_type)


def statuses(model=Product):
    """Return {object id: status}."""
    return dict(records(model).values_list("object_id", "status"))


def run(model=Product, **options):
    """Index what waits, in this process."""
    return index_pending(get_index(model), **options)


def run_some(size, model=Product):
    """Index a few of what waits, as a worker does that is interrupted then; returns its report."""
    index = get_index(model)
    worker = Worker(index, IndexingReport())
    claims = [outbox.claim(index, size)]
    worker.run(lambda: claims.pop() if claims else [])
    return worker.report


def settled(*objects):
    """Index everything, and forget the calls of the encoder."""
    run(type(objects[0]) if objects else Product)
    HashEncoder.calls.clear()


def marked(obj, action):
    """Run ``action`` and say whether it marked ``obj``."""
    before = record(obj).revision
    action()
    return record(obj).revision > before


def make_due(model=Product):
    """Let the waits of failed objects be over."""
    records(model).update(not_before="2020-01-01T00:00:00Z")


def expire_leases(model=Product):
    """Let the leases of all workers be over."""
    records(model).exclude(claim=None).update(claimed_until="2020-01-01T00:00:00Z")


def expected(content, dimension=16, revision="1"):
    """Return the vector that the test encoder gives a text, or a picture's bytes."""
    if isinstance(content, bytes):
        content = Image.open(io.BytesIO(content)).convert("RGB")
    calls = list(HashEncoder.calls)
    modality = "text" if isinstance(content, str) else "image"
    vector = HashEncoder(dimension, revision).encode_batch(modality, [content])[0]
    HashEncoder.calls[:] = calls
    return vector


def is_vector(stored, content, dimension=16, revision="1"):
    """Say whether a stored vector is that of ``content``, within the precision of halfvec."""
    wanted = expected(content, dimension, revision)
    return stored is not None and len(stored) == dimension and bool(np.allclose(stored, wanted, atol=2e-3))


def beside(modality="image", model=Product):
    """Return {key: vector} of the column beside, without the rows that have none; nothing if there is no column."""
    [store] = {store.key: store for store in get_index(model).stores_for(modality) if not store.many}.values()
    if not has_column(store.table, store.staged_column):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{store.row_key}", "{store.staged_column}"::text FROM "{store.table}"')
        return {key: np.array(json.loads(vector)) for key, vector in cursor.fetchall() if vector}


def wait_until(condition, timeout_s=60):
    """Wait for another process or thread."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def start_process(*arguments, environment=None, **settings):
    """Start Python on the test database, with further Django settings."""
    settings["DATABASE_NAME"] = connection.settings_dict["NAME"]
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "XSEARCH_TEST_SETTINGS": json.dumps(settings, default=str),
            **(environment or {}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
