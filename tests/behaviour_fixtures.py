"""The twelve products of ``widget_shop`` in the demonstration shop; a module takes them with ``pytest_plugins``."""

import pytest

from shop.models import Product
from tests import widget_shop
from tests.visitors import make_visitor


@pytest.fixture(scope="module")
def _stocked(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), widget_shop.stocked(tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture
def products(_stocked, settings):
    """All products, indexed once for the module."""
    settings.XSEARCH = widget_shop.XSEARCH
    return Product.objects.all()


@pytest.fixture
def visitor():
    """Somebody who agreed to be remembered."""
    return make_visitor()
