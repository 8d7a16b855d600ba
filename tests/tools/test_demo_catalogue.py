"""The demonstration catalogue: its size, its words, its sounds, and that it is the same every time."""

import io
import json
import re
import wave

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image

from shop.models import Product
from tools.demo_catalogue.__main__ import main
from tools.demo_catalogue.products import demo_products
from tools.demo_catalogue.questions import photo_queries, spoken_queries
from tools.demo_catalogue.sounds import SOUNDS, product_sound
from tools.demo_catalogue.synthesis import RATE_HZ, pluck
from tools.demo_catalogue.texts import kind_texts, texts
from tools.demo_catalogue.write import some_products
from tools.rendering import COLOURS, KINDS

HAN = re.compile("[\u4e00-\u9fff]")


def test_there_are_at_least_320_products_of_every_kind_and_colour():
    products = demo_products()
    assert len(products) >= 320
    assert {product.look.kind for product in products} == set(KINDS)
    assert {product.look.colour for product in products} == set(COLOURS)
    assert len({product.sku for product in products}) == len(products)


def test_no_two_products_share_a_title_or_a_description():
    lines = [product.line for product in demo_products()]
    for name in ("title", "title_zh", "description", "description_zh"):
        assert len({line[name] for line in lines}) == len(lines), name


def test_every_text_exists_in_both_languages_without_gaps():
    for product in demo_products():
        line = product.line
        assert HAN.search(line["title_zh"] + line["description_zh"] + line["category_zh"])
        assert not HAN.search(line["title"] + line["description"])
        for name in ("title", "title_zh", "description", "description_zh"):
            assert not re.search(r"[{}]|  |\bNone\b|\b[Aa] [aeiou]", line[name]), line[name]
        assert COLOURS[product.look.colour].title_en in line["title"].lower()
        assert COLOURS[product.look.colour].title_zh in line["title_zh"]


def test_every_kind_has_its_own_sentences_a_category_and_a_price_range():
    shelved = [kind for shelf in texts("words")["categories"].values() for kind in shelf["kinds"]]
    assert sorted(shelved) == sorted(KINDS) == sorted(kind_texts())
    sentences = [pair for table in kind_texts().values() for pair in table["about"] + table["detail"]]
    assert len({english for english, _ in sentences}) == len(sentences)
    assert all(table["price"][0] < table["price"][1] for table in kind_texts().values())


def test_prices_make_sense_and_some_products_are_sold_out():
    lines = [product.line for product in demo_products()]
    prices = {line["id"]: line["price"] for line in lines}
    assert all(3 < price < 2000 for price in prices.values())
    assert prices["demo-sofa-1"] > prices["demo-chair-1"] > prices["demo-mug-1"] > prices["demo-rubber-duck-1"]
    assert 10 < sum(not line["in_stock"] for line in lines) < 60


def test_the_catalogue_is_the_same_every_time():
    assert [product.line for product in demo_products()] == [product.line for product in demo_products()]


def test_fewer_products_still_cover_the_kinds():
    assert {product.look.kind for product in some_products(50)} == set(KINDS)
    assert len({product.look.kind for product in some_products(12)}) == 12


def test_spoken_queries_have_right_answers_that_fit_their_words():
    products = demo_products()
    titles = {product.sku: product.line for product in products}
    queries = list(spoken_queries(products))
    assert len(queries) >= 60
    for query in queries:
        assert query["relevant"]
        for sku in query["relevant"]:
            words = set(re.findall(r"\w+", query["text"].lower())) & set(COLOURS)
            assert words <= {titles[sku]["colour"]}, query
    assert any(" an " in query["text"] or " a " in query["text"] for query in queries)


def test_customer_photos_show_different_kinds():
    queries = list(photo_queries(demo_products()))
    assert len(queries) == 30
    assert len({next(iter(query["relevant"])).rpartition("-")[0] for query in queries}) == 30


@pytest.mark.parametrize("kind", sorted(SOUNDS))
def test_sounds_are_16_bit_neither_silent_nor_clipped_and_end_quietly(kind):
    with wave.open(io.BytesIO(product_sound(kind, 5))) as file:
        assert (file.getsampwidth(), file.getnchannels(), file.getframerate()) == (2, 1, RATE_HZ)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert 1 < len(samples) / RATE_HZ < 4
    assert 0.8 < np.abs(samples).max() < 0.9
    assert np.sqrt((samples**2).mean()) > 0.03
    assert abs(samples[-1]) < 0.01
    assert product_sound(kind, 5) == product_sound(kind, 5)
    assert product_sound(kind, 5) != product_sound(kind, 6)


def test_only_what_sounds_has_a_sound():
    assert product_sound("sofa", 1) is None


@pytest.mark.parametrize("frequency_hz", [82.4, 329.6, 1046.5])
def test_plucked_strings_are_in_tune(frequency_hz):
    string = pluck(frequency_hz, 1.0, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(string * np.hanning(len(string)), 1 << 18))
    frequencies = np.fft.rfftfreq(1 << 18, 1 / RATE_HZ)
    near = np.abs(frequencies / frequency_hz - 1) < 0.1
    cents = 1200 * np.log2(frequencies[near][spectrum[near].argmax()] / frequency_hz)
    assert abs(cents) < 5


@pytest.mark.django_db
def test_a_made_catalogue_loads_without_a_complaint(tmp_path):
    err = io.StringIO()
    main([str(tmp_path), "--products=8", "--processes=1"])
    call_command("load_catalogue", str(tmp_path / "catalogue.jsonl"), stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == ""
    assert Product.objects.count() == 8
    assert not Product.objects.filter(photo="").exists()
    assert Product.objects.exclude(sound="").count() == 1
    assert Product.objects.filter(photos__isnull=False).exists()
    xylophone = Product.objects.get(sku="demo-xylophone-1")
    assert xylophone.category.name_zh == "乐器"
    assert xylophone.attributes["sizes_zh"] == ["8音", "12音"]
    photos = [json.loads(line) for line in (tmp_path / "photo_queries.jsonl").read_text().splitlines()]
    for query in photos:
        with Image.open(tmp_path / query["image"]) as photo:
            assert photo.size == (480, 480)


@pytest.mark.parametrize("option", ["--products=0", "--processes=0"])
def test_senseless_numbers_are_refused(tmp_path, capsys, option):
    with pytest.raises(SystemExit):
        main([str(tmp_path), option])
    assert "at least 1" in capsys.readouterr().err
