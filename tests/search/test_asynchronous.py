"""Searches in async views: answered through ASGI, and what they return asks the database nothing in the event loop."""

import asyncio
import json

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, connections
from django.http import JsonResponse
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext
from django.urls import path

import xsearch
from shop.models import Product, StylePost
from tests.support import styling, widget_shop
from xsearch.errors import BadQuery

#: Few rows are scored before the total is read: it is one of those that count what was postponed.
LARGE = {"EXACT_ROWS": 1, "CANDIDATES": 2, "MATCHES": 2}


async def search_view(request):
    """Answer with everything that results have; any statement here would raise ``SynchronousOnlyOperation``."""
    asyncio.get_running_loop()
    results = await xsearch.asearch(Product.objects.all(), text=request.GET["q"], user=request.user, page_size=2)
    return JsonResponse(
        {
            "titles": [hit.object.title for hit in results],
            "total": results.total,
            "is_exact": results.total_is_exact,
            "facets": {name: {one.label: one.count for one in values} for name, values in results.facets.items()},
            "has_next": results.has_next,
        }
    )


urlpatterns = [path("find/", search_view)]


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), styling.stocked(tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def _settings(settings, shop):
    settings.XSEARCH = widget_shop.XSEARCH | LARGE
    settings.ROOT_URLCONF = __name__


def test_an_async_view_answers_what_search_answers():
    def plain():
        return xsearch.search(Product.objects.all(), text="red jacket", page_size=2)

    answer = async_to_sync(AsyncClient().get)("/find/", {"q": "red jacket"}).json()
    assert answer["titles"] == [hit.object.title for hit in plain()]
    assert (answer["total"], answer["is_exact"]) == (plain().total, True)
    assert answer["facets"]["colour"] == {one.label: one.count for one in plain().facets["colour"]}
    assert answer["has_next"] is True


def test_what_search_postpones_cannot_be_read_in_an_event_loop():
    results = xsearch.search(Product.objects.all(), text="red jacket", page_size=2)
    assert results.count_all is not None

    async def read():
        return results.total

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(read)()


def test_everything_is_counted_and_read_without_a_statement():
    found = async_to_sync(xsearch.asearch_all)(text="red", page_size=3)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        totals = {label: (part.total, part.facets.keys()) for label, part in found.models.items()}
    assert len(statements) == 0
    assert found.total == sum(total for total, _ in totals.values())
    assert totals["shop.Product"][0] == xsearch.search(Product.objects.all(), text="red").total


def test_the_caller_may_choose_a_lower_bound():
    found = async_to_sync(xsearch.asearch)(Product.objects.all(), text="red", exact=False)
    plain = xsearch.search(Product.objects.all(), text="red", exact=False)
    assert (found.total, found.is_final) == (plain.total, plain.is_final)


def test_similar_and_suggest():
    mug = Product.objects.get(title="Red mug")
    alike = async_to_sync(xsearch.asimilar)(Product.objects.all(), mug, page_size=3)
    assert [hit.object for hit in alike] == [
        hit.object for hit in xsearch.similar(Product.objects.all(), mug, page_size=3)
    ]
    assert async_to_sync(xsearch.asuggest)(Product.objects.all(), "red m") == xsearch.suggest(
        Product.objects.all(), "red m"
    )


def test_hits_that_would_be_loaded_later_are_refused():
    with pytest.raises(BadQuery, match="loads its hits"):
        async_to_sync(xsearch.asearch)(StylePost.objects.all(), text="red", load=False)


@pytest.mark.django_db(transaction=True)
def test_an_asgi_application_answers_in_threads_with_connections_of_their_own(monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)  # closed with the request

    async def ask():
        headers = [(b"host", b"testserver")]
        scope = {"type": "http", "method": "GET", "path": "/find/", "query_string": b"q=red+jacket", "headers": headers}
        server = ApplicationCommunicator(get_asgi_application(), scope)
        await server.send_input({"type": "http.request", "body": b""})
        start, body = await server.receive_output(60), await server.receive_output(60)
        await server.wait(60)
        return start["status"], json.loads(body["body"])

    status, answer = asyncio.run(ask())
    assert status == 200
    assert answer["titles"][0] == "Red jacket"
    assert answer["total"] == xsearch.search(Product.objects.all(), text="red jacket").total
