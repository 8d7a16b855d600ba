"""Results in the order of a customer's taste: who gets it, how far it goes, and what it says about itself."""

import pytest

import xsearch
from shop.models import Product
from tests import widget_shop
from xsearch.behaviour.visiting import hash_of
from xsearch.indexing.outbox import content_type_of
from xsearch.models import Event, Visitor
from xsearch.registry import get_index

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _stocked(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), widget_shop.stocked(tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture
def products(_stocked, settings):
    widget_shop.use(settings)
    return Product.objects.all()


@pytest.fixture
def visitor():
    return Visitor.objects.create(token_hash=hash_of("token"))


def act(visitor, kind="click", **which):
    index = get_index(Product)
    for product in Product.objects.filter(**which):
        Event.objects.create(
            content_type=content_type_of(index), object_id=str(product.pk), kind=kind, visitor=visitor
        )


def skus(results):
    return [hit.object.sku for hit in results.hits]


def test_what_was_liked_comes_first(products, visitor):
    plain = xsearch.search(products, text="mug")
    act(visitor, "cart", colour="yellow")
    found = xsearch.search(products, text="mug", user=visitor)
    assert found.hits[0].object.colour == "yellow"
    assert plain.hits[0].object.colour != "yellow"
    print([(h.object.title, h.score, h.personal) for h in plain.hits], [(h.object.title, h.score, h.personal) for h in found.hits])
    assert found.hits[0].personal["moved"] > 0
