"""A small shop with two kinds of things to search: jackets, mugs and lamps, and what customers say about them."""

import io
from contextlib import contextmanager

from django.test import override_settings

import xsearch
from shop.models import Product, StylePost
from tests.support import widget_shop
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics
from xsearch.search.vectors.calibration import forget_samples

POSTS = {
    # title: (text, colour of the photo, visible)
    "Evening on the pier": ("My red jacket and a red sunset.", "red", True),
    "Sunday breakfast": ("Coffee from the blue mug, and marmalade.", "blue", True),
    "Reading at night": ("The yellow lamp is bright enough.", "yellow", True),
    "Blue hour": ("Nothing but sky.", "blue", True),
    "Waiting for approval": ("A red jacket that nobody may see, zweckentfremdet.", "red", False),
}


def fill():
    """Make twelve products and five posts, one of them hidden, and index them."""
    widget_shop.fill()
    for title, (text, colour, is_visible) in POSTS.items():
        post = StylePost(title=title, text=text, author="Mia", is_visible=is_visible)
        post.photo.save("post.jpg", io.BytesIO(widget_shop.photo(colour)), save=False)
        post.save()
    index_posts()


def index_posts():
    """Index what waits of the posts."""
    index_pending(get_index(StylePost))
    statistics.refresh(get_index(StylePost))


def clear():
    """Take everything away that ``fill`` made."""
    StylePost.objects.all().delete()
    widget_shop.clear()


@contextmanager
def stocked(folder):
    """Keep the shop filled while a module of tests runs."""
    with override_settings(XSEARCH=widget_shop.XSEARCH, MEDIA_ROOT=folder):
        forget_samples()
        fill()
        yield
        clear()


def of_kind(results, model):
    """Return the titles of the hits of one model, in order."""
    return [str(hit.object) for hit in results.hits if isinstance(hit.object, model)]


def merged(*found):
    """Return the hits of several results as they should be merged: (score, title), best first."""
    rows = [(hit.score, str(hit.object)) for results in found for hit in results.hits]
    return sorted(rows, key=lambda row: -row[0])


def everything(**query):
    """Search products and posts, each alone, for as many hits as there are."""
    return [xsearch.search(get_index(model).get_queryset(), page_size=100, **query) for model in (Product, StylePost)]
