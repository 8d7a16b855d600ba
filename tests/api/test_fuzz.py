"""Whatever is sent to the API, the answer is a result or a reason, never a crash."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import widget_shop

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

API = "/api/xsearch/"
NAMES = st.sampled_from(
    [
        "q",
        "page",
        "page_size",
        "weights",
        "lang",
        "model",
        "explain",
        "crop",
        "image",
        "audio",
        "colour",
        "category",
        "price",
        "price_min",
        "price_max",
        "in_stock",
        "limit",
        "query_id",
        "object_id",
        "event",
        "position",
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(["red", "1", "-1", "1e9", "true", "0,0,1,1", "text=1", "null"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def check(answer):
    assert answer.status_code in (200, 201, 400, 404, 413, 415, 422), answer.content
    if answer.status_code >= 400:
        assert set(answer.json()) == {"code", "detail"}


@quick
@given(params=st.dictionaries(NAMES, TEXTS, max_size=4), path=st.sampled_from(["search/", "suggest/", "similar/1/"]))
def test_addresses(client, stock, params, path):
    check(client.get(API + path, {name: value.encode(errors="replace") for name, value in params.items()}))


@quick
@given(
    body=st.dictionaries(st.one_of(NAMES, TEXTS), VALUES, max_size=4),
    path=st.sampled_from(["search/", "transcribe/", "events/"]),
)
def test_json(client, stock, body, path):
    check(client.post(API + path, json.dumps(body), content_type="application/json"))


@quick
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "multipart/form-data; boundary=b"]))
def test_bodies(client, stock, body, kind):
    if kind.startswith("multipart"):
        body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + body + b"\r\n--b--\r\n"
    check(client.post(API + "search/", body, content_type=kind))


PHOTO = widget_shop.photo("red", (64, 64))


@quick
@given(
    changes=st.lists(st.tuples(st.integers(0, len(PHOTO) - 1), st.integers(0, 255)), max_size=8),
    end=st.integers(0, len(PHOTO)),
)
def test_damaged_photos(client, stock, changes, end):
    content = bytearray(PHOTO)
    for place, value in changes:
        content[place] = value
    check(client.post(API + "search/", {"image": SimpleUploadedFile("a.jpg", bytes(content[:end]))}))


@quick
@given(params=st.dictionaries(NAMES, TEXTS, max_size=4))
def test_the_page(client, stock, params):
    params = {name: value.encode(errors="replace") for name, value in params.items()}
    assert client.get("/search/", params).status_code in (200, 400)
    assert client.post("/search/", params).status_code in (200, 303, 400, 415, 422)
