"""The catalogue that the demo ships: exactly what the tool makes, complete and small."""

import io
import json

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from shop.loading import load_catalogue, load_posts
from shop.models import Product, ProductPhoto, StylePost
from tools.demo_catalogue.posts import demo_posts
from tools.demo_catalogue.products import demo_products
from tools.demo_catalogue.questions import photo_queries, photographed, spoken_queries
from tools.demo_catalogue.sounds import product_sound
from tools.demo_catalogue.write import CUSTOMER_PHOTO_SIZE, PHOTO_SIZE, POST_SIZE
from tools.rendering import render_customer_photo, render_product, render_scene
from xsearch.media import load_audio

CATALOGUE = settings.CATALOGUE_DIR
MAX_BYTES = 12_000_000
EVERY_NTH = 50  # of the products; rendering all of them takes a minute


def read(name):
    return [json.loads(line) for line in (CATALOGUE / name).read_text(encoding="utf-8").splitlines()]


def assert_same_picture(name, rendered):
    """Compare a shipped picture with what is rendered; lossy compression may change each pixel a little."""
    with Image.open(CATALOGUE / name) as shipped:
        assert shipped.size == rendered.size, name
        difference = np.abs(np.asarray(shipped.convert("RGB"), float) - np.asarray(rendered.convert("RGB"), float))
    assert difference.mean() < 4, name
    assert np.percentile(difference, 99) < 40, name


def test_its_lines_are_those_that_the_tool_makes():
    products = demo_products()
    files = ("images", "audio")
    lines = [{name: value for name, value in line.items() if name not in files} for line in read("catalogue.jsonl")]
    assert lines == [product.line for product in products]
    assert read("posts.jsonl") == [post.line for post in demo_posts(products)]
    assert read("photo_queries.jsonl") == list(photo_queries(products))
    assert read("spoken_queries.jsonl") == list(spoken_queries(products))


@pytest.mark.parametrize("number", range(0, len(demo_products()), EVERY_NTH))
def test_its_photos_are_those_that_the_tool_renders(number):
    look, images = demo_products()[number].look, read("catalogue.jsonl")[number]["images"]
    for view, name in enumerate(images):
        assert_same_picture(name, render_product(look, size=PHOTO_SIZE, view=view))


def test_its_customer_photos_and_posts_are_those_that_the_tool_renders():
    products = demo_products()
    for product in photographed(products)[::10]:
        photo = render_customer_photo(product.look, seed=product.look.shape_seed, size=CUSTOMER_PHOTO_SIZE)
        assert_same_picture(f"customer_photos/{product.sku}.jpg", photo)
    post = demo_posts(products)[0]
    assert_same_picture(post.line["image"], render_scene(post.looks, seed=post.seed, size=POST_SIZE))


def test_its_sounds_are_those_that_the_tool_synthesises():
    sounding = [
        (product, line)
        for product, line in zip(demo_products(), read("catalogue.jsonl"), strict=True)
        if "audio" in line
    ]
    assert len(sounding) == 70
    for product, line in sounding[::9]:
        shipped = load_audio(CATALOGUE / line["audio"]).samples
        made = load_audio(io.BytesIO(product_sound(product.look.kind, product.look.shape_seed))).samples
        np.testing.assert_allclose(shipped, made, atol=1e-3)


def test_it_has_every_file_it_names_no_other_and_at_most_twelve_megabytes():
    lines = read("catalogue.jsonl")
    named = {name for line in lines for name in [*line["images"], *([line["audio"]] if "audio" in line else [])]}
    named |= {line["image"] for file in ("posts.jsonl", "photo_queries.jsonl") for line in read(file)}
    named |= {"catalogue.jsonl", "posts.jsonl", "photo_queries.jsonl", "spoken_queries.jsonl"}
    files = [file for file in CATALOGUE.rglob("*") if file.is_file()]
    assert {file.relative_to(CATALOGUE).as_posix() for file in files} == named
    assert sum(file.stat().st_size for file in files) <= MAX_BYTES


@pytest.mark.django_db
def test_it_loads_without_a_complaint_whole_or_in_part():
    notices = []
    part = load_catalogue(CATALOGUE / "catalogue.jsonl", products=50, notify=notices.append)
    assert part.loaded == 50
    assert len({sku.rpartition("-")[0] for sku in Product.objects.values_list("sku", flat=True)}) >= 45
    assert load_posts(CATALOGUE / "posts.jsonl") == StylePost.objects.count() < 48
    load_catalogue(CATALOGUE / "catalogue.jsonl", notify=notices.append)
    assert load_posts(CATALOGUE / "posts.jsonl") == StylePost.objects.count() == 48
    assert notices == []
    assert (Product.objects.count(), ProductPhoto.objects.count()) == (349, 100)
    assert not Product.objects.filter(photo="").exists()
    assert Product.objects.exclude(sound="").count() == 70
