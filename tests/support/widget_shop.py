"""A small shop for tests of the API and the widgets: its addresses and its twelve products."""

import io
import itertools
import wave
from contextlib import contextmanager
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template import engines
from django.test import override_settings
from django.urls import include, path
from django.views.static import serve
from PIL import Image, ImageDraw

from shop.models import Brand, Category, Product
from tests.support.widget_encoder import COLOURS
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics
from xsearch.models import (
    EncoderSpace,
    Event,
    IndexRecord,
    Popularity,
    PopularQuery,
    QueryLog,
    Suggestion,
    Term,
    Visitor,
)
from xsearch.views import SearchView

XSEARCH = {
    "ENCODERS": {"colours": {"BACKEND": "tests.support.widget_encoder.ColourEncoder"}},
    "EMBEDDINGS": {"text": "colours", "image": "colours", "audio": None},
    "THROTTLE_RATES": {"search": None, "media": None, "suggest": None, "events": None},
}
#: What customers leave behind.
BEHAVIOUR = (Event, QueryLog, Visitor, PopularQuery, Popularity)
#: Where the policy of every page allows scripts and style sheets from.
SOURCES = "'self'"
KINDS = ("Jacket", "Mug", "Lamp")


def use(settings):
    """Configure Django for the tests: this shop's settings, and the templates as xsearch ships them."""
    settings.XSEARCH = XSEARCH
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]


def silence():
    """Return a second of silence, as WAV."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    return stream.getvalue()


def photo(colour, size=(240, 240), **save):
    """Return a JPEG of a thing in ``colour`` on a light ground."""
    image = Image.new("RGB", size, (242, 240, 236))
    width, height = size
    ImageDraw.Draw(image).rounded_rectangle(
        (width * 0.2, height * 0.15, width * 0.8, height * 0.9), radius=width // 8, fill=COLOURS[colour]
    )
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, **save)
    return stream.getvalue()


def fill():
    """Make the twelve products and index them."""
    brand = Brand.objects.create(name="Northwind")
    combinations = itertools.product(KINDS, ("red", "green", "blue", "yellow"))
    for number, (kind, colour) in enumerate(combinations):
        category, _ = Category.objects.get_or_create(name=f"{kind}s", defaults={"slug": f"{kind.lower()}s"})
        product = Product(
            sku=f"{kind[0]}{number}",
            title=f"{colour.title()} {kind.lower()}",
            title_zh={"red": "红色", "green": "绿色", "blue": "蓝色", "yellow": "黄色"}[colour]
            + {"Jacket": "夹克", "Mug": "马克杯", "Lamp": "台灯"}[kind],
            category=category,
            brand=brand,
            colour=colour,
            price=10 + 5 * number,
            in_stock=number % 5 != 4,
        )
        product.photo.save(f"{number}.jpg", io.BytesIO(photo(colour)), save=False)
        product.save()
    report = index_pending(get_index(Product))
    statistics.refresh(get_index(Product))
    return report


def clear():
    """Take everything away that ``fill`` made."""
    for model in (Product, Category, Brand, IndexRecord, EncoderSpace, Term, Suggestion, *BEHAVIOUR):
        model.objects.all().delete()


@contextmanager
def stocked(folder):
    """Keep the shop filled while a module of tests runs that change nothing, or each in a transaction."""
    with override_settings(XSEARCH=XSEARCH, MEDIA_ROOT=folder):
        report = fill()
        if report.failed:
            raise RuntimeError(f"{report.failed} products were not indexed")
        yield
        clear()


PAGE = """{% load i18n xsearch %}{% get_current_language as language %}<!doctype html><html lang="{{ language }}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title>{% xsearch_assets %}</head><body class="xs-page"><main>BODY</main></body></html>"""


def page(body, **context):
    """Return a view that renders ``body`` with the tags of xsearch."""

    def view(request, **kwargs):
        made = {name: make(**kwargs) for name, make in context.items()}
        template = engines["django"].from_string(PAGE.replace("BODY", body))
        return with_policy(HttpResponse(template.render(made, request)))

    return view


def with_policy(response):
    """Forbid everything that the widgets must not need."""
    response["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {SOURCES}; style-src {SOURCES}; img-src 'self'; connect-src 'self'; form-action 'self'"
    )
    return response


class Page(SearchView):
    """The search page, eight results at a time, under a strict policy."""

    page_size = 8
    photos: ClassVar[list[bytes]] = []

    def find(self, values):
        """Remember the photos as they arrived."""
        if "image" in values:
            files = values["image"] if isinstance(values["image"], list) else [values["image"]]
            self.photos[:] = [file.read() for file in files]
            for file in files:
                file.seek(0)
        return super().find(values)

    def dispatch(self, request, *args, **kwargs):
        """Answer under the policy."""
        return with_policy(super().dispatch(request, *args, **kwargs))


def find_product(sku):
    return get_object_or_404(Product, sku=sku)


shop_patterns = (
    [
        path(
            "product/<str:sku>/",
            page("<h1>{{ product }}</h1>{% xsearch_similar product limit=4 %}", product=find_product),
            name="product",
        ),
    ],
    "shop",
)
urlpatterns = [
    path("", page('<h1>Shop</h1>{% xsearch_bar action="search" %}')),
    path("mugs/", page('{% xsearch_bar action="/search/" filters=filters %}', filters=lambda: {"category": "Mugs"})),
    path("search/", Page.as_view(), name="search"),
    path("", include(shop_patterns)),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("media/<path:path>", lambda request, path: serve(request, path, document_root=settings.MEDIA_ROOT)),
]
