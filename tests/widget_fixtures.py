"""The shop of the tests of the widgets and the HTTP interface, as fixtures; a module takes them with ``pytest_plugins``."""

import pytest

from tests import widget_shop


@pytest.fixture
def settings_of_shop(settings):
    """Use the settings of the shop."""
    widget_shop.use(settings)


@pytest.fixture(scope="module")
def stock(django_db_setup, django_db_blocker, tmp_path_factory):
    """Stock the shop for a module of tests."""
    with django_db_blocker.unblock(), widget_shop.stocked(tmp_path_factory.mktemp("media")):
        yield
