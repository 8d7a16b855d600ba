"""Spoken queries in several voices over the words of the demonstration catalogue."""

import json
import shutil
import subprocess

import pytest
from django.test import override_settings

import xsearch
from shop.catalogue.products import demo_products
from shop.catalogue.questions import spoken_queries
from shop.loading import load_catalogue
from shop.models import Product
from tests.searching import index_all, wipe

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

VOICES = ("en-us", "en-gb", "en-us+f3")
EVERY_NTH = 3  # of the queries; all of them take minutes
WORDS_ONLY = {"EMBEDDINGS": {"text": "builtin", "image": None, "audio": None}}


@pytest.fixture(scope="module")
def demo_words(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demonstration catalogue without its pictures."""
    folder = tmp_path_factory.mktemp("catalogue")
    lines = [json.dumps(product.line, ensure_ascii=False) for product in demo_products()]
    (folder / "catalogue.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with django_db_blocker.unblock(), override_settings(XSEARCH=WORDS_ONLY):
        load_catalogue(folder / "catalogue.jsonl")
        assert index_all().failed == 0
        yield
        wipe()


def speak(text, voice):
    return subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True).stdout


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: nobody to speak")
def test_spoken_queries_have_a_right_product_among_the_first_five(demo_words, settings):
    settings.XSEARCH = WORDS_ONLY
    queries = list(spoken_queries(demo_products()))[::EVERY_NTH]
    missed = []
    for query in queries:
        for voice in VOICES:
            found = xsearch.search(Product.objects.all(), audio=speak(query["text"], voice), page_size=5, facets=None)
            if not {hit.object.sku for hit in found.hits} & set(query["relevant"]):
                missed.append((voice, query["text"], found.transcript))
    asked = len(queries) * len(VOICES)
    print(f"right product in the first 5: {asked - len(missed)}/{asked}; missed: {missed}")
    assert asked - len(missed) >= 0.7 * asked


def test_spoken_chinese_is_named_as_left_out(demo_words, settings):
    settings.XSEARCH = WORDS_ONLY
    words = speak("红色连衣裙", "cmn") if shutil.which("espeak-ng") else None
    if words is None:
        pytest.skip("espeak-ng is not installed: nobody to speak")
    found = xsearch.search(Product.objects.all(), audio=words, language="zh")
    assert found.degraded == ["speech:zh"]
    assert found.transcript is None
    typed = xsearch.search(Product.objects.all(), audio=words, text="连衣裙", language="zh")
    assert typed.hits
    assert typed.degraded == ["speech:zh"]
