"""Made-up shoppers whose taste is known: they find more of it, and nobody else notices anything."""

import itertools

import pytest

from shop.models import Brand, Category, Product
from tests.shoppers import simulate
from tests.support import widget_shop
from tests.support.searching import index_all, wipe

KINDS = ("jacket", "mug", "lamp", "boot", "scarf", "chair")
COLOURS = ("red", "green", "blue", "yellow")


@pytest.fixture(scope="module")
def queries(django_db_setup, django_db_blocker):
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(XSEARCH=widget_shop.XSEARCH):
        brands = [Brand.objects.create(name=name) for name in ("Acme", "Birch", "Cobalt", "Dune")]
        for kind in KINDS:
            category = Category.objects.create(name=f"{kind}s", slug=kind)
            for number, (colour, brand) in enumerate(itertools.product(COLOURS, brands)):
                Product.objects.create(
                    sku=f"{kind}{number}", title=f"{colour} {kind}", colour=colour, brand=brand, category=category,
                    price=10 * 1.2**number,
                )  # fmt: skip
        index_all()
        yield dict(Category.objects.values_list("pk", "slug"))
        wipe()


@pytest.mark.django_db
def test_shoppers_who_agreed_find_more_to_their_taste_and_others_see_no_change(queries, settings):
    settings.XSEARCH = widget_shop.XSEARCH
    outcome = simulate(queries, shoppers=5)
    trials = len(outcome.without)
    assert trials == 15
    assert sum(outcome.with_taste) / trials > sum(outcome.without) / trials + 0.03
    assert (outcome.changed, outcome.unconsented) == (0, 15)
    assert 0 < outcome.largest_shift <= 0.05
    assert outcome.moved > 0
