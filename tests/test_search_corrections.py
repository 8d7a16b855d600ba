"""Typing errors in a search: corrected with the words of the catalogue, said, and undone on request."""

import pytest

import xsearch
from shop.models import Product
from tests.searching import index_all, wipe
from xsearch.registry import get_index
from xsearch.search.corrections import speller

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The words of the demonstration catalogue."""
    from django.test import override_settings

    from shop.catalogue.products import demo_products
    from shop.models import Brand, Category

    off = {"EMBEDDINGS": {"text": None, "image": None, "audio": None}}
    with django_db_blocker.unblock(), override_settings(XSEARCH=off):
        for product in demo_products():
            line = product.line
            category, _ = Category.objects.get_or_create(
                name=line["category"], defaults={"slug": line["id"], "name_zh": line["category_zh"]}
            )
            brand, _ = Brand.objects.get_or_create(name=line["brand"])
            names = ("title", "title_zh", "description", "description_zh", "price", "in_stock", "colour")
            Product.objects.create(
                sku=line["id"], category=category, brand=brand, **{name: line[name] for name in names}
            )
        index_all()
        yield
        wipe()


@pytest.fixture(autouse=True)
def _words_only(settings):
    settings.XSEARCH = {"EMBEDDINGS": {"text": None, "image": None, "audio": None}}


def find(text, **options):
    return xsearch.search(Product.objects.all(), text=text, facets=None, **options)


def test_try(demo):
    import time

    s = speller(get_index(Product))
    for q in [
        "red jakcet",
        "jaket",
        "umberella",
        "sunglases",
        "sun glasses",
        "hedphones",
        "guitare",
        "ukelele",
        "xilophone",
        "tamborine",
        "back pack",
        "bakpack",
        "t shrit",
        "tshirt",
        "t-shirt",
        "tee",
        "sneekers",
        "snekers",
        "bootss",
        "reddress",
        "red dres",
        "yelow mug",
        "cermaic mug",
        "wolen scarf",
        "wool scraf",
        "suitecase",
        "hand bag",
        "teddybear",
        "teddy bear",
        "rubberduck",
        "candel",
        "cushon",
        "clok",
        "leathr belt",
        "wooden trian",
        "lianyiqun",
        "lian yi qun",
        "hongse lianyiqun",
        "hong se",
        "xie",
        "beibao",
        "bei bao",
        "yundongxie",
        "mao",
        "maozi",
        "erhuan",
        "连衣群",
        "红色连一裙",
        "贝包",
        "马可杯",
        "太阳镜",
        "太阳静",
        "雨散",
        "吉它",
        "手表",
        "手标",
        "piano",
        "ipad",
        "zebra",
        "elephant",
        "wireless headphones",
        "nike",
        "sofa",
        "couch",
        "trainers",
        "jumper",
        "sweter",
        "hoody",
        "denim jaket",
        "jens",
        "shose",
        "sandels",
        "blu cap",
        "bule hat",
        "navvy coat",
        "grene",
        "pruple",
        "oragne",
        "stripped shirt",
        "stripd",
        "demo-mug-1",
        "demo mug 1",
        "500ml",
        "0.5 l",
        "glvoes",
        "socsk",
        "wathc",
        "battry",
        "waterproff",
    ]:
        t = time.perf_counter()
        c = s.correct(q)
        dt = (time.perf_counter() - t) * 1e3
        r = find(q)
        print(f"{q!r:28} {c!r:22} {dt:.2f}ms {r.total} {[h.object.title for h in r.hits[:2]]} {r.took_ms}")
