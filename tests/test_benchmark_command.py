"""xsearch_benchmark measures the catalogue that is there."""

import io
import json
import wave

import pytest
from django.core.management import CommandError, call_command

from shop.models import Product
from shop.rendering import random_look, render_product
from tests.searching import index_all, wipe

pytestmark = pytest.mark.django_db(transaction=True)  # the web worker that it weighs is a process of its own


@pytest.fixture
def three_products():
    import random

    rng = random.Random(3)
    for number in range(3):
        product = Product(sku=f"B{number}", title=f"Red mug {number}")
        stream = io.BytesIO()
        render_product(random_look(rng), size=160).save(stream, "JPEG")
        product.photo.save(f"{number}.jpg", stream)
    assert index_all().failed == 0
    yield
    wipe()


def test_it_prints_queries_encoders_indexing_and_memory(three_products):
    printed = io.StringIO()
    call_command("xsearch_benchmark", "--json", "--repeats", "3", stdout=printed)
    figures = json.loads(printed.getvalue())
    assert figures["indexing"]["objects"] == 3
    assert figures["indexing"]["failed"] == 0
    assert set(figures["queries"]) == {"text", "photo", "photo + text"}
    for timing in (*figures["queries"].values(), *figures["encoder"].values()):
        assert timing["count"] == 3
        assert 0 < timing["p50_ms"] <= timing["p95_ms"]
    memory = figures["memory"]
    assert memory["heavy_imports"] == []
    assert memory["started_mb"] < memory["after_photo_query_mb"] <= 300


def test_it_prints_a_table_for_people(three_products):
    printed = io.StringIO()
    call_command("xsearch_benchmark", "--repeats", "1", stdout=printed)
    assert "photo + text" in printed.getvalue()
    assert "after_photo_query_mb" in printed.getvalue()


def test_voice_queries_are_timed_with_a_recording(three_products, tmp_path):
    recording = tmp_path / "silence.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 16_000, 16_000, "NONE", ""))
        file.writeframes(bytes(32_000))
    printed = io.StringIO()
    call_command("xsearch_benchmark", "--json", "--repeats", "2", "--recording", recording, stdout=printed)
    assert json.loads(printed.getvalue())["queries"]["voice"]["count"] == 2
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("xsearch_benchmark", "--recording", tmp_path / "nothing.wav")


def test_an_empty_catalogue_is_an_error_that_says_what_to_do():
    with pytest.raises(CommandError, match="load a catalogue first"):
        call_command("xsearch_benchmark")
