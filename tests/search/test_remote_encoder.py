"""A shop whose encoder is a service: it searches and indexes, and gets over every absence and change of it."""

import pytest

import xsearch
from shop.models import Product
from tests.support.encoders import HashEncoder
from tests.support.indexing import add, is_vector, make_due, picture, record, run, wait_until
from tests.support.remote_services import local_service
from xsearch.index.registry import get_index
from xsearch.indexing import marking
from xsearch.indexing.status import encoder_status
from xsearch.models import EncoderSpace
from xsearch.search.vectors.calibration import forget_samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    with local_service(HashEncoder()) as service:
        yield service


@pytest.fixture(autouse=True)
def _use_service(service, settings, no_broker):
    configure(settings, service)


def configure(settings, service, **options):
    options = {"url": service.url, "retries": 0, "pause_s": 0.05, **options}
    settings.XSEARCH = {
        "ENCODERS": {"away": {"BACKEND": "xsearch.encoders.remote.RemoteEncoder", "OPTIONS": options}},
        "EMBEDDINGS": {"text": "away", "image": "away", "audio": None},
        "MAX_ATTEMPTS": 3,
    }
    forget_samples()


@pytest.fixture
def products():
    found = [add(f"A{number}", f"Bag {number}", photo=number) for number in range(6)]
    assert run().failed == 0
    return found


def search(**query):
    return xsearch.search(Product.objects.all(), **query)


def test_products_are_indexed_and_found_through_the_service(products):
    product = Product.objects.get(sku="A4")
    assert is_vector(product.text_embedding, "Bag 4\nA4")
    assert is_vector(product.image_embedding, picture(4))
    found = search(image=picture(4))
    assert (found.hits[0].object.sku, found.degraded) == ("A4", [])
    assert search(text="Bag 3").degraded == []


@pytest.mark.parametrize("is_told", [False, True])
def test_a_search_does_without_a_service_that_dies_and_uses_it_when_it_is_back(service, settings, products, is_told):
    facts = {"dimension": 16, "fingerprint": "hash:16:1", "modalities": ["text", "image"]}
    configure(settings, service, **(facts if is_told else {}))
    assert search(text="Bag 3").degraded == []
    service.stop()
    found = search(text="Bag 3")
    assert found.hits[0].object.sku == "A3"
    assert found.degraded == ["text:text", "text:image"]
    photo = search(image=picture(4))
    assert (photo.hits, photo.degraded) == ([], ["image:text", "image:image"])
    service.start()
    wait_until(lambda: search(text="Bag 3").degraded == [])
    assert search(image=picture(4)).hits[0].object.sku == "A4"


def test_a_process_that_starts_while_the_service_is_down_searches_too(service, settings, products):
    configure(settings, service)  # forgets what was asked
    service.stop()
    assert search(text="Bag 3").degraded == ["text:text", "text:image"]
    assert "cannot be reached" in encoder_status("away")["error"]
    service.start()
    wait_until(lambda: search(text="Bag 3").degraded == [])


def test_what_is_saved_meanwhile_waits_for_the_service_however_long(service, settings, products):
    service.stop()
    product = add("B1", "New bag", photo=20)
    for _ in range(5):  # more than MAX_ATTEMPTS
        make_due()
        assert run().failed == 1
    assert "cannot be reached" in record(product).last_error
    assert search(text="New bag").hits[0].object == product  # by its words
    service.start()

    def is_indexed():
        make_due()
        run()
        return record(product).status == "indexed"

    wait_until(is_indexed)
    product.refresh_from_db()
    assert is_vector(product.image_embedding, picture(20))


def test_a_service_that_was_never_reached_is_no_fault_of_the_products(service, settings, products):
    configure(settings, service, modalities=["text", "image"])
    service.stop()
    product = add("B1", "New bag", photo=20)
    for _ in range(4):
        make_due()
        run()
    assert record(product).attempts == 2  # of 3: it is tried again
    assert "cannot be reached" in record(product).last_error


def test_products_that_have_vectors_keep_them_while_the_service_is_down(service, products):
    service.stop()
    marking.mark_stale(get_index(Product), forced=True)
    run()
    assert is_vector(Product.objects.get(sku="A4").image_embedding, picture(4))


class TestAnotherModel:
    """The service is started with another model under processes that know the old one."""

    @pytest.fixture
    def changed(self, service, products):
        assert search(text="Bag 3").degraded == []
        service.stop()
        service.encoder = HashEncoder(revision="2")
        service.start()

    def test_its_query_vectors_are_not_compared_with_the_old_ones(self, changed):
        for _ in range(3):
            assert search(text="Bag 3").degraded == ["text:text", "text:image"]
            assert search(image=picture(4)).hits == []

    def test_its_vectors_are_not_written_beside_the_old_ones(self, changed):
        product = add("B1", "New bag", photo=20)
        run()
        make_due()
        run()
        product.refresh_from_db()
        assert product.image_embedding is None
        assert is_vector(Product.objects.get(sku="A4").image_embedding, picture(4))

    @pytest.mark.django_db(transaction=True)
    def test_indexing_builds_its_vectors_and_swaps_them_in(self, changed):
        search(text="Bag 3")  # notices it
        assert marking.mark_stale(get_index(Product)) == 6
        run()
        assert set(EncoderSpace.objects.values_list("fingerprint", flat=True)) == {"hash:16:2"}
        assert is_vector(Product.objects.get(sku="A4").image_embedding, picture(4), revision="2")
        found = search(image=picture(4))
        assert (found.hits[0].object.sku, found.degraded) == ("A4", [])
