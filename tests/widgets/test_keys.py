"""Primary keys that are no numbers: with slashes, spaces, signs, Chinese, dots and commas, everywhere an id may stand."""

import html
import json
import re
import uuid
from urllib.parse import quote, unquote_plus

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import reverse

from shop.models import Product
from tests.showcase.models import LongKey
from tests.support import widget_shop
from xsearch.admin.records import change_url
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.models import Event, IndexRecord
from xsearch.web.requests import id_text, ids_in
from xsearch.widgets.query import PageQuery

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

API = "/api/xsearch/"
KEYS = [
    "red/mug",
    "red mug/1/",
    "100% red",
    "red?x=1",
    "red#2",
    "红色/杯子",
    "red.mug.v1",
    "red,green",
    "red:mug",
    "red&blue=1+2",
    'it\'s "red"',
    "red_2Fmug",
]
#: What is named so is like the others in nothing else.
ALONE = ["红色/杯子", "red,green", "red&blue=1+2"]
#: A browser takes them out of a path.
DOTS = ["..", "."]


@pytest.fixture
def keys(settings, register):
    """Objects with odd keys, indexed; the first index that is registered is theirs."""
    widget_shop.use(settings)
    register(LongKey, text={"A": ["code"]}, title=lambda _index, obj: obj.pk)
    for key in [*KEYS, *DOTS]:
        LongKey.objects.create(code=key)
    assert index_pending(get_index(LongKey)).indexed == len(KEYS) + len(DOTS)


@pytest.mark.parametrize("key", KEYS)
def test_similar_objects_of_any_key(client, keys, key):
    answer = client.get(f"{API}similar/{quote(key, safe='')}/", {"model": "showcase.LongKey", "page_size": 100})
    assert answer.status_code == 200, answer.content
    found = {hit["id"] for hit in answer.json()["hits"]}
    assert key not in found
    assert key in ALONE or found >= set(KEYS[:2]) - {key}
    assert client.get(reverse("xsearch:similar", args=[key]), {"model": "showcase.LongKey"}).status_code == 200


@pytest.mark.parametrize("key", [*KEYS, *DOTS])
def test_similar_objects_of_a_key_beside_the_path(client, keys, key):
    answer = client.get(f"{API}similar/", {"model": "showcase.LongKey", "id": key, "page_size": 100})
    assert answer.status_code == 200, answer.content
    found = {hit["id"] for hit in answer.json()["hits"]}
    assert key not in found
    assert key in ALONE + DOTS or found >= set(KEYS[:2]) - {key}


def test_similar_without_an_id_is_not_found(client, keys):
    assert client.get(f"{API}similar/").json()["code"] == "not_found"


@pytest.mark.parametrize("key", [*KEYS, "k" * 200])
def test_events_of_any_key(client, keys, key):
    LongKey.objects.get_or_create(code=key)
    body = {"query_id": str(uuid.uuid4()), "object_id": key, "event": "click", "model": "showcase.LongKey"}
    answer = client.post(f"{API}events/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert Event.objects.get().object_id == key


@pytest.mark.parametrize("key", [*KEYS, *DOTS])
@pytest.mark.parametrize("name", ["like", "unlike"])
def test_examples_of_any_key(client, keys, name, key):
    params = {name: id_text(key), "model": "showcase.LongKey", "page_size": 100}
    for answer in (client.get(f"{API}search/", params), client.post(f"{API}search/", params, "application/json")):
        assert answer.status_code == 200, answer.content
        assert key not in {hit["id"] for hit in answer.json()["hits"]}


@pytest.mark.parametrize("key", [*KEYS, *DOTS])
def test_addresses_of_the_page_keep_a_key(keys, key):
    query = PageQuery(get_index(LongKey), {"q": "red", "like": id_text(key)})
    assert query.examples == {"like": [key]}
    again = dict(part.split("=", 1) for part in query.url()[1:].split("&"))
    assert PageQuery(get_index(LongKey), {"like": unquote_plus(again["like"])}).examples == {"like": [key]}
    assert "like" not in query.url({"like": []})


def test_ids_are_separated_by_commas_but_not_by_those_inside():
    assert ids_in(["1, 2", r"a\,b,c", "2"]) == ["1", "2", "a,b", "c"]


@pytest.mark.parametrize("key", KEYS)
def test_links_of_the_results_lead_to_the_key(client, keys, key):
    page = widget_shop.Page.as_view(model=LongKey)
    answer = page(RequestFactory().get("/search/", {"q": "red", "like": id_text(key)}))
    text = answer.render().content.decode()
    hits = {html.unescape(found) for found in re.findall(r'data-xs-hit="([^"]*)"', text)}
    assert hits
    assert hits < set(KEYS) | set(DOTS)
    assert html.escape(f"like={quote(id_text(key), safe='').replace('%20', '+')}").replace("'", "&#x27;") in text


def test_similar_objects_on_a_page(keys):
    template = engines["django"].from_string("{% load xsearch %}{% xsearch_similar one %}")
    text = template.render({"one": LongKey.objects.get(pk="red/mug")})
    assert 'data-xs-hit="red mug/1/"' in text


@pytest.mark.urls("shop.urls")
def test_links_to_the_admin_quote_the_key(keys):
    record = IndexRecord.objects.get(object_id="red_2Fmug")
    address = change_url("xsearch", "indexrecord", "red_2Fmug")
    assert address.endswith("/red_5F2Fmug/change/")
    assert record.object_id == "red_2Fmug"


# Numbers as keys, where numbers are written with separators


def test_ids_are_not_written_as_numbers(settings, client):
    """With USE_THOUSAND_SEPARATOR, a template writes the key 12345 as 12,345."""
    settings.USE_THOUSAND_SEPARATOR = True
    with widget_shop.stocked(settings.MEDIA_ROOT):
        product = Product.objects.get(title="Red mug")
        product.pk, product.sku = 1234567, "other"
        product.save()
        index_pending(get_index(Product))
        widget_shop.use(settings)
        text = client.get("/search/", {"q": "red mug"}).content.decode()
        page = client.get("/product/other/").content.decode()
    assert 'data-xs-hit="1234567"' in text
    assert "like=1234567" in text
    assert "1,234,567" not in text + page
