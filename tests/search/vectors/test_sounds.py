"""Recordings of sounds in the demonstration shop: a guitar finds guitars, words do not."""

import io
import json
import shutil
import subprocess
import wave

import numpy as np
import pytest
from django.test import override_settings

import xsearch
from shop.loading import load_catalogue
from shop.models import Product
from tests.support.searching import index_all, wipe
from tools.demo_catalogue.products import demo_products
from tools.demo_catalogue.sounds import SOUNDS, product_sound
from xsearch.media import load_audio
from xsearch.search import transcribe

pytestmark = [pytest.mark.django_db]

NO_PHOTOS = {"EMBEDDINGS": {"text": "builtin", "image": None, "audio": "logmel"}}


@pytest.fixture(scope="module")
def sounding_shop(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demonstration catalogue with its sounds and without its pictures."""
    folder = tmp_path_factory.mktemp("catalogue")
    lines = []
    for product in demo_products():
        line = dict(product.line)
        if product.look.kind in SOUNDS:
            line["audio"] = f"{product.sku}.wav"
            (folder / line["audio"]).write_bytes(product_sound(product.look.kind, product.look.shape_seed))
        lines.append(json.dumps(line, ensure_ascii=False))
    (folder / "catalogue.jsonl").write_text("\n".join(lines), encoding="utf-8")
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(XSEARCH=NO_PHOTOS, MEDIA_ROOT=media):
        load_catalogue(folder / "catalogue.jsonl")
        assert index_all().failed == 0
        yield
        wipe()


def as_recorded(content):
    """The last four fifths of a sound, more quietly and with some hiss, as a customer's phone would have it."""
    samples = load_audio(content).samples
    cut = samples[len(samples) // 5 :] * 0.6
    hissing = cut + np.random.default_rng(0).normal(0, 0.003, len(cut))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((np.clip(hissing, -1, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def test_recorded_sounds_find_their_kind_of_product(sounding_shop, settings):
    settings.XSEARCH = NO_PHOTOS
    asked = [product for product in demo_products() if product.look.kind in SOUNDS][::3]
    missed = []
    for product in asked:
        recording = as_recorded(product_sound(product.look.kind, product.look.shape_seed))
        found = xsearch.search(Product.objects.all(), audio=recording, page_size=3, facets=None)
        kinds = [hit.object.sku.rpartition("-")[0] for hit in found.hits]
        if not kinds or kinds[0] != product.sku.rpartition("-")[0]:
            missed.append((product.sku, found.transcript, kinds))
    print(f"right kind first: {len(asked) - len(missed)}/{len(asked)}; missed: {missed}")
    assert len(asked) - len(missed) >= 0.7 * len(asked)  # short junk words are sometimes heard in instruments


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: nobody to speak")
def test_spoken_words_are_words_even_where_there_are_sounds(sounding_shop, settings):
    settings.XSEARCH = NO_PHOTOS
    spoken = subprocess.run(["espeak-ng", "--stdout", "yellow umbrella"], capture_output=True, check=True).stdout
    found = xsearch.search(Product.objects.all(), audio=spoken, facets=None)
    assert found.transcript == "yellow umbrella"
    assert "umbrella" in found.hits[0].object.title.lower()
    assert all("audio" not in hit.matched_by for hit in found.hits)


def test_the_sound_of_a_product_is_that_sound_whatever_is_heard_in_it(sounding_shop, settings):
    settings.XSEARCH = NO_PHOTOS
    heard = {}
    for product in demo_products():
        if product.look.kind in SOUNDS:
            sound = product_sound(product.look.kind, product.look.shape_seed)
            transcript, _left_out = transcribe(sound, language="en")
            if transcript and transcript.is_sure:
                heard[product.sku] = transcript.text
                found = xsearch.search(Product.objects.all(), audio=sound, page_size=1, facets=None)
                assert (found.transcript, found.hits[0].object.sku) == ("", product.sku), transcript.text
    assert heard, "words are heard in some of them"
