"""The throughput of indexing beside that of its encoders."""

import time

import pytest

from shop.models import Product
from tests.support.encoders import HashEncoder
from tests.support.indexing import add, run
from xsearch.benchmark.throughput import measure_throughput
from xsearch.index.registry import get_index

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _indexed(use_encoder):
    use_encoder()
    for number in range(5):
        add(f"A{number}", photo=number)
    add("B", photo=b"nonsense")
    run()


def test_it_indexes_some_objects_and_compares_the_time_with_the_encoder_s(monkeypatch):
    encode = HashEncoder.encode_batch

    def slowly(self, modality, items):
        time.sleep(0.05)
        return encode(self, modality, items)

    monkeypatch.setattr(HashEncoder, "encode_batch", slowly)
    figures = measure_throughput(get_index(Product), objects=3)
    assert (figures["objects"], figures["photos"]) == (3, 3)
    assert figures["encoder_s"] >= 0.1  # one group of texts, one of photos
    assert figures["indexing_s"] >= 0.1
    assert figures["share"] == pytest.approx(figures["encoder_s"] / figures["indexing_s"], abs=0.01)
    assert 0 < figures["waited_share"] < 1


def test_what_cannot_be_read_is_left_out():
    assert measure_throughput(get_index(Product))["photos"] == 5
