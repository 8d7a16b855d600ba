"""Fixtures of the browser tests; a module takes them with ``pytest_plugins``."""

import pytest
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from tests import widget_shop
from tests.browser import ALLOW_MEDIA, executable, launched, opened


@pytest.fixture(scope="module")
def playwright():
    """Run Playwright; its event loop would make Django refuse the database otherwise."""
    executable()
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started
        connections.close_all()  # under an event loop, Django keeps connections of their own


@pytest.fixture(scope="module")
def browser(_served, playwright):
    """A browser that may use its (false) camera and microphone; closed before the shop is."""
    with launched(playwright, ALLOW_MEDIA) as started:
        yield started


@pytest.fixture(scope="module")
def _served(django_db_setup, django_db_blocker, tmp_path_factory):
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), widget_shop.stocked(media):
        server = LiveServer("localhost")
        yield server.url, media
        server.stop()


@pytest.fixture
def shop(_served, settings):
    """Address of the shop, filled once for all tests of a module."""
    url, settings.MEDIA_ROOT = _served
    widget_shop.use(settings)
    return url


@pytest.fixture
def page(browser):
    """A page on a desktop."""
    with opened(browser) as made:
        yield made
