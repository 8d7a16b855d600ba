"""Real catalogues and photos of three shops, indexed and searched with the bundled model."""

import io
import json
import re

import pytest
from PIL import Image

import xsearch
from shop.loading import load_catalogue
from shop.models import Product
from tests.support.searching import index_all, wipe

pytestmark = pytest.mark.django_db

SHOPS = ("eshop", "tailwind", "contoso")


@pytest.fixture(scope="module")
def shops(django_db_setup, django_db_blocker, data_dir, tmp_path_factory):
    """The 221 products of all three shops, indexed once for the module."""
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        for shop in SHOPS:
            load_catalogue(catalogue_file(data_dir, shop))
        report = index_all()
        yield report
        wipe()


def catalogue_file(data_dir, shop):
    return next((data_dir / "shops" / shop).glob("*.jsonl"))


def photos(data_dir):
    for shop in SHOPS:
        file = catalogue_file(data_dir, shop)
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            yield entry["id"], file.parent / entry["images"][0]


def words(product):
    return re.findall(r"\w+", f"{product.title} {product.description}".lower())


def as_a_customer_would(path):
    """The middle 70 % of the photo, tilted by 8°, as a JPEG of quality 60."""
    image = Image.open(path).convert("RGB")
    width, height = image.size
    image = image.crop((int(width * 0.15), int(height * 0.15), int(width * 0.85), int(height * 0.85)))
    image = image.rotate(8, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=60)
    return stream.getvalue()


def test_three_real_catalogues_index_without_a_failure(shops):
    assert (shops.indexed, shops.failed) == (221, 0)
    assert Product.objects.exclude(image_embedding=None).count() == 221


def test_red_jacket_finds_a_red_jacket_first(shops):
    found = xsearch.search(Product.objects.filter(sku__startswith="es"), text="red jacket")
    first = found.hits[0].object
    assert "jacket" in first.title.lower()
    assert "red" in words(first)


def test_a_cropped_tilted_photo_finds_its_product_first(shops, data_dir):
    cases = list(photos(data_dir))
    found = {
        sku: xsearch.search(Product.objects.all(), image=as_a_customer_would(path), facets=None).hits[0].object.sku
        for sku, path in cases
    }
    right = sum(sku == first for sku, first in found.items())
    print(f"first: {right}/{len(cases)}")
    assert right >= 0.9 * len(cases)


def test_black_beside_a_photo_brings_black_things_up(shops, data_dir):
    """For every jacket of eShop that is not black: "this but black" puts more black things on the first rows."""
    jackets = list(Product.objects.filter(sku__startswith="es", title__icontains="jacket"))
    colourful = [jacket for jacket in jackets if "black" not in words(jacket)]

    def black_in_first_ten(jacket, **query):
        photo = data_dir / "shops" / "eshop" / "images" / f"{jacket.sku}-0.jpg"
        found = xsearch.search(Product.objects.all(), image=photo, page_size=10, **query)
        return sum("black" in words(hit.object) for hit in found.hits)

    plain = [black_in_first_ten(jacket) for jacket in colourful]
    mixed = [black_in_first_ten(jacket, text="this but black") for jacket in colourful]
    print(f"black things in the first ten: {plain} by photo, {mixed} by photo and words")
    assert all(after >= before for before, after in zip(plain, mixed, strict=True))
    assert sum(mixed) > 2 * sum(plain)
