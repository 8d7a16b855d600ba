"""The other endpoints, the limits, and independence of the host's settings."""

import json
import uuid

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from drf_spectacular.validation import validate_schema

from shop.models import Product
from tests.support import widget_shop
from xsearch.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

API = "/api/xsearch/"


@pytest.fixture(autouse=True)
def _settings(settings):
    widget_shop.use(settings)
    cache.clear()


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), widget_shop.stocked(tmp_path_factory.mktemp("media")):
        yield


def problem(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"code", "detail"}
    return body["code"]


# similar/


def test_similar_objects_without_the_object_itself(client, shop):
    product = Product.objects.get(title="Red mug")
    answer = client.get(f"{API}similar/{product.pk}/", {"page_size": 3}).json()
    assert [hit["title"] for hit in answer["hits"][:2]] == ["Red jacket", "Red lamp"] or {
        hit["title"] for hit in answer["hits"][:2]
    } == {"Red jacket", "Red lamp"}
    assert len(answer["hits"]) <= 3


def test_similar_objects_are_filtered(client, shop):
    product = Product.objects.get(title="Red mug")
    hits = client.get(f"{API}similar/{product.pk}/", {"category": "Lamps"}).json()["hits"]
    assert hits
    assert all(hit["title"].endswith("lamp") for hit in hits)


@pytest.mark.parametrize("key", ["0", "-1", "abc", "9" * 30, "1%00", "1%27--", "é"])
def test_similar_to_nothing(client, key):
    assert problem(client.get(f"{API}similar/{key}/"), 404) == "not_found"


# suggest/


def test_suggestions(client, shop):
    found = client.get(f"{API}suggest/", {"q": "red j"}).json()["suggestions"]
    assert found == ["Red jacket"]
    assert len(client.get(f"{API}suggest/", {"q": "r", "limit": 2}).json()["suggestions"]) == 2


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "\\", "'", "\x00", "zzzz", "😀", "a" * 10_000])
def test_strange_prefixes_have_no_suggestions(client, shop, text):
    nothing = {"suggestions": [], "categories": [], "popular": [], "products": [], "corrected": None}
    assert client.get(f"{API}suggest/", {"q": text}).json() == nothing


@pytest.mark.parametrize("limit", ["0", "21", "x"])
def test_suggestions_are_limited(client, limit):
    problem(client.get(f"{API}suggest/", {"q": "r", "limit": limit}), 400)


# events/


def event(**changes):
    body = {"query_id": str(uuid.uuid4()), "object_id": Product.objects.first().pk, "event": "click", "position": 3}
    return body | changes


def test_an_event_is_kept(client, shop):
    body = event()
    answer = client.post(f"{API}events/", body, content_type="application/json")
    assert answer.status_code == 201
    kept = Event.objects.get()
    assert (str(kept.query_id), kept.object_id, kept.kind, kept.position) == (
        body["query_id"],
        str(body["object_id"]),
        "click",
        3,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"query_id": "abc"},
        {"query_id": None},
        {"object_id": "999999"},
        {"object_id": "a\x00"},
        {"object_id": "\ud800"},
        {"event": "steal"},
        {"position": 0},
        {"position": "first"},
        {"user": "alice"},
    ],
)
def test_bad_events(client, shop, changes):
    answer = client.post(f"{API}events/", json.dumps(event(**changes)), content_type="application/json")
    problem(answer, 400)
    assert not Event.objects.exists()


# health/


def test_health(client, shop):
    answer = client.get(f"{API}health/")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], body["database"], body["broker"]) == ("ok", True, True)
    assert body["pgvector"].startswith("0.")
    assert body["encoders"] == {"colours": "ready"}
    assert body["indexes"]["shop.Product"] == {"indexed": 12, "pending": 0, "failed": 0}
    assert body["indexes"]["shop.StylePost"] == {"indexed": 0, "pending": 0, "failed": 0}


def test_health_names_an_encoder_that_does_not_work(client, settings):
    settings.XSEARCH = {"ENCODERS": {"mine": {"BACKEND": "no.such.Backend"}}, "EMBEDDINGS": {"text": "mine"}}
    answer = client.get(f"{API}health/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert "no.such.Backend" in answer.json()["encoders"]["mine"]


class Refusing:
    """Stands between Django and the database and refuses, like a server that has gone away."""

    def __call__(self, execute, sql, params, many, context):
        raise OperationalError("server closed the connection unexpectedly")


def test_without_a_database(client):
    with connection.execute_wrapper(Refusing()):
        answer = client.get(f"{API}health/")
        assert answer.status_code == 503
        assert answer.json()["status"] == "down"
        for path in ("search/?q=red", "suggest/?q=red", "similar/1/"):
            answer = client.get(API + path)
            assert problem(answer, 503) == "unavailable"
            assert int(answer["Retry-After"]) > 0


# Limits


def test_too_many_searches(client, shop, settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"THROTTLE_RATES": {"search": "2/min", "media": None, "suggest": None}}
    for _ in range(2):
        assert client.get(f"{API}search/", {"q": "red"}).status_code == 200
    answer = client.get(f"{API}search/", {"q": "red"})
    assert problem(answer, 429) == "throttled"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert client.get(f"{API}suggest/", {"q": "r"}).status_code == 200
    assert client.get(f"{API}search/", {"q": "red"}, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_photos_are_limited_apart_from_words(client, shop, settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"THROTTLE_RATES": {"search": "50/min", "media": "1/min"}}
    photo = widget_shop.photo("red")
    for status in (200, 429):
        from django.core.files.uploadedfile import SimpleUploadedFile

        answer = client.post(f"{API}search/", {"image": SimpleUploadedFile("a.jpg", photo)})
        assert answer.status_code == status
    assert client.post(f"{API}search/", {"q": "red"}).status_code == 200
    answer = client.post("/search/", {"image": SimpleUploadedFile("a.jpg", photo)}, headers={"x-xsearch": "fragment"})
    assert problem(answer, 429) == "throttled"


def test_clients_behind_a_proxy_are_told_apart(client, shop, settings):
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 1}
    settings.XSEARCH = widget_shop.XSEARCH | {"THROTTLE_RATES": {"search": "1/min"}}

    def ask(forwarded):
        return client.get(f"{API}search/", {"q": "red"}, headers={"x-forwarded-for": forwarded}).status_code

    assert ask("10.0.0.1, 203.0.113.1") == 200
    assert ask("10.9.9.9, 203.0.113.1") == 429
    assert ask("10.0.0.1, 203.0.113.2") == 200


# Independence


def test_the_hosts_rest_framework_settings_do_not_matter(shop, settings):
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.StaticHTMLRenderer"],
        "DEFAULT_PARSER_CLASSES": [],
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    }
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"{API}search/", {"q": "red"}).status_code == 200
    assert client.get(f"{API}search/", {"q": "red"}, headers={"accept": "text/html"}).status_code == 200


def test_a_customer_who_is_logged_in_needs_no_token(shop, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_user("alice"))
    assert client.post(f"{API}search/", {"q": "red"}).status_code == 200


# schema/


def test_the_schema_is_valid_and_complete(client, capfd):
    answer = client.get(f"{API}schema/")
    assert answer.status_code == 200
    schema = json.loads(answer.content)
    validate_schema(schema)
    assert capfd.readouterr().err == ""
    assert set(schema["paths"]) == {
        f"{API}{path}" for path in ("search/", "similar/{object_id}/", "suggest/", "transcribe/", "events/", "health/")
    }
    search = schema["paths"][f"{API}search/"]
    assert {"q", "page", "price_min", "colour", "explain"} <= {p["name"] for p in search["get"]["parameters"]}
    assert set(search["post"]["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    assert {"200", "400", "413", "415", "422", "429", "503"} == set(search["post"]["responses"])


def test_the_project_wide_schema_has_no_warnings(tmp_path, settings):
    from django.core.management import call_command

    settings.ROOT_URLCONF = "tests.support.widget_shop"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert "/api/xsearch/transcribe/" in (tmp_path / "schema.yml").read_text()
