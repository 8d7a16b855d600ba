"""A shop whose vectors come from a checkpoint of the hub, from the settings to the results."""

import io
import shutil
import wave

import numpy as np
import pytest

import xsearch
from shop.models import Product
from tests.support.indexing import add, picture
from tests.support.searching import index_all
from xsearch.search.vectors.calibration import forget_samples
from xsearch.speech import Transcriber, Transcript

pytest.importorskip("torch", reason="torch is not installed")

pytestmark = pytest.mark.django_db
pytest_plugins = ["tests.support.fixtures.checkpoints"]

TITLES = {"DRESS": "红色的连衣裙", "SHOES": "black leather shoes", "CHAIR": "wooden chair", "BAG": "蓝色的包"}


class Chinese(Transcriber):
    """Hears the title of the dress in everything."""

    languages = frozenset({"zh"})

    def transcribe(self, waveform, *, language, phrases):
        return Transcript(TITLES["DRESS"], "zh", confidence=0.9)


def configure(settings, model, **options):
    backend = "xsearch.encoders.transformers.TransformersEncoder"
    settings.XSEARCH = {
        "ENCODERS": {"siglip": {"BACKEND": backend, "OPTIONS": {"model": str(model), **options}}},
        "EMBEDDINGS": {"text": "siglip", "image": "siglip", "audio": None},
        "TRANSCRIBERS": [{"BACKEND": f"{__name__}.Chinese"}],
    }
    forget_samples()


@pytest.fixture
def products(settings, checkpoints):
    """Four products with photos, indexed by a tiny SigLIP."""
    configure(settings, checkpoints("siglip"), threads=1)
    for seed, (sku, title) in enumerate(TITLES.items()):
        add(sku, title, photo=picture(seed, (40, 30)))
    assert index_all().failed == 0


def skus(**query):
    found = xsearch.search(Product.objects.all(), **query)
    assert found.degraded == []
    return [hit.object.sku for hit in found.hits]


def test_every_product_has_vectors_of_the_checkpoint(products):
    for product in Product.objects.all():
        for vector in (product.text_embedding, product.image_embedding):
            assert len(vector) == 32
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("number", range(4))
def test_a_product_is_found_by_its_photo(products, number):
    assert skus(image=picture(number, (40, 30)))[0] == list(TITLES)[number]


@pytest.mark.parametrize("sku", TITLES)
def test_a_product_is_found_by_its_words_in_english_and_chinese(products, sku):
    assert skus(text=TITLES[sku])[0] == sku


def test_spoken_chinese_is_searched_for(products):
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes((np.sin(np.arange(16_000) / 9) * 9000).astype(np.int16).tobytes())
    found = xsearch.search(Product.objects.all(), audio=stream.getvalue(), language="zh")
    assert (found.transcript, found.degraded) == (TITLES["DRESS"], [])
    assert found.hits[0].object.sku == "DRESS"


def test_without_the_checkpoint_words_still_find_and_the_rest_is_named(settings, checkpoints, tmp_path):
    copy = shutil.copytree(checkpoints("siglip"), tmp_path / "model")
    configure(settings, copy)
    add("SHOES", TITLES["SHOES"], photo=1)
    add("BAG", TITLES["BAG"], photo=2)
    index_all()
    shutil.rmtree(copy)
    configure(settings, copy)  # as a process that starts now
    found = xsearch.search(Product.objects.all(), text="leather shoes")
    assert [hit.object.sku for hit in found.hits] == ["SHOES"]
    assert {"text:text", "text:image"} <= set(found.degraded)
