"""Spoken queries in several voices over the words of the demonstration catalogue."""

import json
import shutil
import subprocess

import pytest
from django.test import override_settings

import xsearch
from shop.loading import load_catalogue
from shop.models import Product
from tests.support.searching import index_all, wipe
from tools.demo_catalogue.products import demo_products
from tools.demo_catalogue.questions import spoken_queries
from xsearch.search import transcribe

pytestmark = [pytest.mark.django_db]

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


def found_by(recording, right):
    """Say of the first guess and of all hypotheses of a recording whether one of ``right`` is in the first five."""
    transcript, left_out = transcribe(recording, language="en")
    assert left_out == []
    heard = [(transcript.text, transcript.confidence), *transcript.alternatives]
    options = {"text": transcript.text, "page_size": 5, "facets": None}
    first = xsearch.search(Product.objects.all(), **options) if transcript.text else ()
    every = xsearch.search(Product.objects.all(), heard=heard, **options) if transcript.text else ()
    return [any(hit.object.sku in right for hit in found) for found in (first, every)]


def counted(pairs):
    first, every = (sum(column) for column in zip(*pairs, strict=True))
    print(f"right product by the first guess: {first}/{len(pairs)}, by all hypotheses: {every}/{len(pairs)}")
    return first, every


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: nobody to speak")
def test_spoken_queries_have_a_right_product_among_the_first_five(demo_words, settings):
    settings.XSEARCH = WORDS_ONLY
    queries = list(spoken_queries(demo_products()))[::EVERY_NTH]
    pairs = [found_by(speak(query["text"], voice), set(query["relevant"])) for query in queries for voice in VOICES]
    first, every = counted(pairs)
    assert every >= 0.8 * len(pairs)
    assert every > first


def test_real_orders_find_what_was_ordered(data_dir, settings):
    settings.XSEARCH = WORDS_ONLY
    lines = (data_dir / "speech" / "en_orders.jsonl").read_text(encoding="utf-8").splitlines()
    orders = [json.loads(line) for line in lines]
    skus = {}
    for order in orders:
        drink = " ".join(order["slots"].values())
        skus.setdefault(drink, f"order-{len(skus)}")
    for drink, sku in skus.items():
        Product.objects.create(sku=sku, title=drink)
    index_all()
    wanted = [{skus[" ".join(order["slots"].values())]} for order in orders]
    recordings = [data_dir / "speech" / order["audio"] for order in orders]
    pairs = [found_by(recording, right) for recording, right in zip(recordings, wanted, strict=True)]
    first, every = counted(pairs)
    assert every >= max(first, 0.9 * len(pairs))


def test_what_else_may_have_been_said_comes_with_the_results(demo_words, settings):
    settings.XSEARCH = WORDS_ONLY
    heard = [("red rug", 0.6), ("red mug", 0.5), ("", 0.1)]
    found = xsearch.search(Product.objects.all(), text="red rug", heard=heard, facets=None)
    assert "mug" in found.hits[0].object.title.lower()
    assert found.alternatives == [("red mug", 0.5)]
    corrected = xsearch.search(Product.objects.all(), text="red shoes", heard=heard, facets=None)
    assert corrected.alternatives == []  # the customer has changed the text since


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
