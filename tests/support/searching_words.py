"""What the tests of words share: the demonstration catalogue without pictures, indexed by its words only."""

from contextlib import contextmanager

from django.test import override_settings

from shop.models import Brand, Category, Product
from tests.support.searching import index_all, wipe
from tools.demo_catalogue.products import demo_products

WORDS_ONLY = {"EMBEDDINGS": {"text": None, "image": None, "audio": None}}
_FIELDS = ("title", "title_zh", "description", "description_zh", "price", "in_stock", "colour")


@contextmanager
def demo_words():
    """Keep the catalogue indexed while a module of tests runs."""
    with override_settings(XSEARCH=WORDS_ONLY):
        for product in demo_products():
            _create(product.line)
        index_all()
        yield
        wipe()


def _create(line):
    category, _ = Category.objects.get_or_create(
        name=line["category"], defaults={"slug": line["id"], "name_zh": line["category_zh"]}
    )
    brand, _ = Brand.objects.get_or_create(name=line["brand"])
    Product.objects.create(sku=line["id"], category=category, brand=brand, **{name: line[name] for name in _FIELDS})
