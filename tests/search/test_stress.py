"""Searches in several threads while the catalogue changes and is indexed: no error, and nothing shown that is gone.

``XSEARCH_STRESS=10000 make test ARGS="-s tests/search/test_stress.py"`` asks more often than the suite does.
"""

import itertools
import os
import random
import threading
import time
from collections import Counter

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from shop.models import Category, Product
from tests.support.widget_encoder import COLOURS
from tests.support.widget_shop import photo
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, mark, statistics
from xsearch.search import search
from xsearch.search.vectors.calibration import forget_samples

pytestmark = pytest.mark.django_db(transaction=True)

SEARCHES = int(os.environ.get("XSEARCH_STRESS", "300"))
THREADS = 4
PRODUCTS = 60
KINDS = ("jacket", "mug", "lamp", "夹克", "背包", "tent")
NOISE = ("", "xqzvw", "🧥", "' OR 1=1 --", "red & !blue", "\u202eabc", "a" * 300, "jackt", "的")
PHOTOS = {colour: photo(colour, (64, 64)) for colour in COLOURS}


class Shop:
    """Changes the catalogue, and remembers when which product was gone."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.gone = {}
        self.numbers = itertools.count()
        self.changes = Counter()
        self.categories = [Category.objects.create(name=name, slug=name.lower()) for name in ("Indoor", "Outdoor")]

    def change(self):
        """Make one change at random, committed when it returns."""
        few = Product.objects.count() < PRODUCTS // 2
        name = "create" if few else self.random.choice(["create", "delete", "rename", "reprice", "restock", "bulk"])
        self.changes[name] += 1
        getattr(self, f"_{name}")()

    def _any(self):
        return self.random.choice(list(Product.objects.values_list("pk", flat=True)))

    def _create(self):
        colour, kind = self.random.choice(list(COLOURS)), self.random.choice(KINDS)
        Product.objects.create(
            sku=f"S{next(self.numbers)}",
            title=f"{colour} {kind}",
            colour=colour,
            category=self.random.choice(self.categories),
            price=self.random.randint(5, 100),
            photo=ContentFile(PHOTOS[colour], "p.jpg") if self.random.random() < 0.8 else "",
        )

    def _delete(self):
        key = self._any()
        Product.objects.get(pk=key).delete()
        self.gone[key] = time.monotonic()

    def _rename(self):
        product = Product.objects.get(pk=self._any())
        product.title = f"{self.random.choice(list(COLOURS))} {self.random.choice(KINDS)}"
        product.save()

    def _reprice(self):
        product = Product.objects.get(pk=self._any())
        product.price = self.random.randint(5, 100)
        product.save(update_fields=["price"])

    def _restock(self):
        product = Product.objects.get(pk=self._any())
        product.in_stock = not product.in_stock
        product.save(update_fields=["in_stock"])

    def _bulk(self):
        some = Product.objects.filter(price__lt=self.random.randint(5, 30))
        some.update(colour=self.random.choice(list(COLOURS)), category=self.random.choice(self.categories))
        mark(some)


def ask(chance):
    """Search for something at random; return the results and the filters that must hold."""
    wanted = {}
    if chance.random() < 0.5:
        wanted["price_max"] = chance.randint(5, 100)
    if chance.random() < 0.3:
        wanted["in_stock"] = chance.random() < 0.5
    if chance.random() < 0.2:
        wanted["colour"] = chance.choice(list(COLOURS))
    text = " ".join(filter(None, [chance.choice([*COLOURS, ""]), chance.choice(KINDS), chance.choice(NOISE)]))
    image = PHOTOS[chance.choice(list(PHOTOS))] if chance.random() < 0.4 else None
    text = None if image and chance.random() < 0.5 else text
    index = get_index(Product)
    queryset = index.filter_queryset(index.get_queryset(), wanted)
    page, size = chance.randint(1, 3), chance.choice([1, 5, 24, 100])
    return search(queryset, text=text, image=image, page=page, page_size=size, explain=True), wanted


def check(results, wanted, gone):
    """Raise ``AssertionError`` for a result that must not be."""
    found = [hit.object for hit in results.hits]
    assert not {product.pk for product in found} & gone, "a product that was gone before the search began"
    assert len({product.pk for product in found}) == len(found) <= min(results.total, results.page_size)
    scores = [hit.score for hit in results.hits]
    assert scores == sorted(scores, reverse=True)
    assert results.degraded == []
    for product in found:
        assert product.price <= wanted.get("price_max", product.price)
        assert product.in_stock == wanted.get("in_stock", product.in_stock)
        assert product.colour.lower() == wanted.get("colour", product.colour).lower()


def in_background(function, errors, done):
    """Repeat ``function`` in a thread, with a database connection of its own, until ``done`` is set or it raises."""

    def target():
        try:
            while not done.is_set():
                function()
        except BaseException as error:  # noqa: BLE001 - raised again by the test
            errors.append(error)
            done.set()
        finally:
            connection.close()

    thread = threading.Thread(target=target)
    thread.start()
    return thread


def test_searches_beside_changes_raise_nothing_and_show_nothing_that_is_gone_or_filtered_out(monkeypatch):
    monkeypatch.setattr("xsearch.indexing.dispatch._send_in_time", lambda _label: None)
    forget_samples()
    shop = Shop(seed=1)
    for _ in range(PRODUCTS):
        shop._create()
    index_pending(get_index(Product))
    errors, done, tickets, shown = [], threading.Event(), itertools.count(), Counter()

    def customer():
        number = next(tickets)
        if number >= SEARCHES:
            done.set()
            return
        gone = set(shop.gone)
        results, wanted = ask(random.Random(number))
        check(results, wanted, gone)
        shown[bool(results.hits)] += 1

    def owner():
        shop.change()
        time.sleep(0.01)

    def worker():
        index_pending(get_index(Product))
        statistics.refresh(get_index(Product))
        time.sleep(0.02)

    started = time.monotonic()
    threads = [in_background(task, errors, done) for task in (*[customer] * THREADS, owner, worker)]
    for thread in threads:
        thread.join(1800)
    seconds = time.monotonic() - started
    print(f"{sum(shown.values())} searches ({shown[True]} with hits) in {seconds:.0f} s, changes: {dict(shop.changes)}")
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads)
    assert sum(shown.values()) == SEARCHES
    assert shown[True] > SEARCHES / 3
    assert shop.changes.total() > SEARCHES / 20
