"""What is understood of a query decides what is found: prices limit, wishes order, negations exclude or lower."""

import pytest

import xsearch
from shop.models import Product
from tests.searching_words import demo_words

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def catalogue(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), demo_words():
        yield


def find(text, **options):
    return xsearch.search(Product.objects.select_related("category", "brand"), text=text, page_size=100, **options)


def modes(results):
    return {condition.id: condition.mode for condition in results.interpretation.conditions}


@pytest.mark.parametrize("text", ["hat under 30", "30块以内的帽子", "hat less than thirty dollars"])
def test_a_price_limits_the_results(text):
    found = find(text)
    assert modes(found)["price:at_most:30"] == "strict"
    assert found.total > 0
    assert all(hit.object.price <= 30 for hit in found.hits)
    assert any(hit.object.price > 30 for hit in find("hat").hits)


def test_a_price_alone_shows_everything_at_that_price():
    found = find("between 20 and 25 euros")
    assert found.interpretation.text == ""
    assert {hit.object.pk for hit in found.hits} == set(
        Product.objects.filter(price__gte=20, price__lte=25).values_list("pk", flat=True)
    )
    assert (found.is_close, found.degraded) == (True, [])
