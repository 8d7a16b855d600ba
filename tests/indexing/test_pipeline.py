"""Reading, decoding and preparing go on while the model runs, within limits, and away from the database."""

import threading
import weakref

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from shop.models import Product
from tests.support.encoders import HashEncoder, TwoStepHashEncoder
from tests.support.indexing import add, beside, is_vector, picture, picture_file, run, run_some, wait_until
from xsearch.indexing import encoding, pipeline
from xsearch.indexing.batch import IndexingReport
from xsearch.indexing.encoding import size_bytes
from xsearch.indexing.pipeline import Pipeline

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder, monkeypatch):
    for hook in ("before_prepare", "before_encode"):
        monkeypatch.setattr(TwoStepHashEncoder, hook, None)
    use_encoder("TwoStepHashEncoder")


def photos(count):
    return [add(f"A{number}", photo=number) for number in range(count)]


def are_right():
    return all(is_vector(product.image_embedding, picture(int(product.sku[1:]))) for product in Product.objects.all())


def image_groups():
    return [size for modality, size in HashEncoder.calls if modality == "image"]


def indexing_threads():
    return [thread for thread in threading.enumerate() if thread.name == "xsearch-indexing"]


def test_later_batches_are_prepared_while_the_model_runs(monkeypatch):
    photos(6)
    prepared = []
    monkeypatch.setattr(TwoStepHashEncoder, "before_prepare", staticmethod(prepared.append))
    waits = [lambda: wait_until(lambda: len(prepared) == 12)]  # texts and photos of all three batches

    def wait_once(_prepared):
        if waits:
            waits.pop()()

    monkeypatch.setattr(TwoStepHashEncoder, "before_encode", staticmethod(wait_once))
    assert run(batch_size=2).indexed == 6
    assert are_right()


def test_items_are_prepared_side_by_side_and_the_model_has_one_thread(monkeypatch, use_encoder):
    use_encoder("TwoStepHashEncoder", more={"PREPARE_THREADS": 3})
    photos(6)
    together = threading.Barrier(3)
    encoding = set()
    monkeypatch.setattr(TwoStepHashEncoder, "before_prepare", staticmethod(lambda _item: together.wait(30)))
    monkeypatch.setattr(
        TwoStepHashEncoder, "before_encode", staticmethod(lambda _items: encoding.add(threading.current_thread()))
    )
    assert run().indexed == 6
    assert len(encoding) == 1
    assert threading.current_thread() not in encoding


def test_only_so_much_is_prepared_ahead_of_the_model(monkeypatch, use_encoder):
    use_encoder(
        "TwoStepHashEncoder",
        batch_size=1,
        more={"PREPARE_THREADS": 2, "EMBEDDINGS": {"text": None, "image": "test", "audio": None}},
    )
    monkeypatch.setattr(pipeline, "MAX_BYTES", 3 * 8 * 8 * 3)
    photos(12)
    prepared, encoded, ahead = [], [], []
    monkeypatch.setattr(TwoStepHashEncoder, "before_prepare", staticmethod(prepared.append))

    def count(items):
        wait_until(lambda: len(prepared) >= min(len(encoded) + 4, 12))
        ahead.append(len(prepared) - len(encoded))
        encoded.extend(items)

    monkeypatch.setattr(TwoStepHashEncoder, "before_encode", staticmethod(count))
    assert run().indexed == 12
    assert max(ahead) <= 3 + 1 + 2  # what fits, what the model waited for, and one in the hands of each thread
    assert are_right()


def test_decoded_originals_are_let_go_before_the_model_runs(monkeypatch):
    photos(8)
    originals = []

    def load(content):
        image = load_image(content)
        originals.append(weakref.ref(image))
        return image

    load_image = encoding.load_image
    monkeypatch.setattr(encoding, "load_image", load)
    held = []
    monkeypatch.setattr(
        TwoStepHashEncoder,
        "before_encode",
        staticmethod(lambda _items: held.append(sum(1 for original in originals if original() is not None))),
    )
    run()
    assert len(originals) == 8
    assert held[-1] == 0  # all photos are one group


def test_the_model_gets_the_batch_it_prefers_across_objects(use_encoder):
    use_encoder("TwoStepHashEncoder", batch_size=3)
    products = photos(3)
    for number in range(4):
        products[0].photos.create(image=picture_file(10 + number))
    run()
    assert image_groups() == [3, 3, 1]


def test_a_model_that_prefers_many_gets_enough_objects(use_encoder):
    use_encoder("TwoStepHashEncoder", batch_size=5, more={"BATCH_SIZE": 2})
    photos(5)
    run()
    assert image_groups() == [5]


def test_a_photo_is_prepared_once_for_each_space_while_one_is_built(monkeypatch, use_encoder):
    products = photos(2)
    run()
    use_encoder("TwoStepHashEncoder", revision="2")
    products[0].photo = picture_file(50)
    products[0].save()
    Product.objects.create(sku="Z")  # is not indexed yet, so that nothing is swapped
    decoded = []
    load_image = encoding.load_image
    monkeypatch.setattr(encoding, "load_image", lambda content: decoded.append(content) or load_image(content))
    run_some(1)
    products[0].refresh_from_db()
    assert len(decoded) == 1
    assert is_vector(products[0].image_embedding, picture(50))
    assert is_vector(beside()[products[0].pk], picture(50), revision="2")


def test_the_threads_leave_the_database_alone_whatever_happens(monkeypatch, use_encoder):
    connected = []
    connect = BaseDatabaseWrapper.connect

    def watched(self):
        connected.append(threading.current_thread().name)
        connect(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", watched)
    add("A0", photo=0)
    add("A1", photo=b"nonsense")
    gone = add("A2", photo=2)
    gone.photo.storage.delete(gone.photo.name)
    add("A3", "poison")
    use_encoder("PickyEncoder")
    assert run().failed == 3
    assert connected == []


def test_what_preparing_raises_spoils_only_its_item(monkeypatch):
    photos(3)

    def fail_on_one(item):
        if item == "Thing\nA1":
            raise LookupError("of A1")

    monkeypatch.setattr(TwoStepHashEncoder, "before_prepare", staticmethod(fail_on_one))
    report = run()
    assert (report.indexed, report.failed) == (2, 1)
    assert are_right()


def test_the_threads_end_with_the_run_and_with_an_error(monkeypatch):
    photos(2)
    run()
    assert indexing_threads() == []
    photos_again = Product.objects.get(sku="A0")
    photos_again.photo = picture_file(7)
    photos_again.save()

    def stop(_report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=stop)
    assert indexing_threads() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_noticed(monkeypatch):
    photos(1)

    def die(_items):
        raise SystemExit

    monkeypatch.setattr(TwoStepHashEncoder, "before_encode", staticmethod(die))
    with pytest.raises(RuntimeError, match="thread of the indexing pipeline ended"):
        run()


def test_the_report_says_how_busy_the_model_was():
    photos(3)
    report = run()
    assert report.photos == 3
    assert report.encoder_busy_s > 0
    assert report.encoder_waited_s > 0


def test_a_pipeline_without_work_starts_no_thread():
    Pipeline(IndexingReport()).close()
    assert indexing_threads() == []


def test_sizes_of_what_is_prepared_are_known():
    import numpy as np
    from PIL import Image

    from xsearch.media import Waveform

    pixels = np.zeros((3, 4, 4), np.float32)
    assert size_bytes(pixels) == 192
    assert size_bytes({"pixel_values": pixels, "mask": pixels}) == 384
    assert size_bytes(Image.new("RGB", (5, 2))) == 30
    assert size_bytes(Waveform(np.zeros(7, np.float32))) == 28
    assert size_bytes([1, 2, 3]) == 24
    assert size_bytes(object()) == 8
