"""The API in projects whose settings of REST framework are made for something else."""

import io
import json

import pytest

from shop.settings import INSTALLED_APPS
from tests.support import other_settings, widget_shop

pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/xsearch/"

#: Each of these is common in a project, and none may concern the search.
STRICT = {
    "DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "django.views.defaults.server_error",
    "NON_FIELD_ERRORS_KEY": "errors",
    "PAGE_SIZE": 1,
    "URL_FORMAT_OVERRIDE": "q",
    "COERCE_DECIMAL_TO_STRING": True,
}


def use_the_api():
    from django.test import Client

    from shop.models import Product

    widget_shop.fill()
    mug = Product.objects.get(title="Red mug")
    client = Client(headers={"accept": "text/html"})
    found = client.get(f"{API}search/", {"q": "mug", "colour": "red"}).json()
    event = {"query_id": found["query_id"], "object_id": str(mug.pk), "event": "click"}
    photo = {"image": io.BytesIO(widget_shop.photo("red")), "q": "mug"}
    photo["image"].name = "a.jpg"
    schema = client.get(f"{API}schema/")
    return {
        "hits": [hit["title"] for hit in found["hits"]],
        "price": found["hits"][0]["price"],
        "by_photo": client.post(f"{API}search/", photo).json()["hits"][0]["title"],
        "by_json": client.post(f"{API}search/", json.dumps({"q": "mug"}), "application/json").json()["total"],
        "similar": client.get(f"{API}similar/{mug.pk}/").status_code,
        "suggest": client.get(f"{API}suggest/", {"q": "mu"}).status_code,
        "event": client.post(f"{API}events/", event).status_code,
        "health": client.get(f"{API}health/").status_code,
        "refused": client.post(f"{API}search/", {"page": "x"}).json(),
        "nowhere": client.get(f"{API}nothing/").json()["code"],
        "schema": [schema.status_code, sorted(schema.json()["paths"])],
        "parameters": [each["name"] for each in schema.json()["paths"][f"{API}search/"]["get"]["parameters"]],
    }


@pytest.mark.parametrize(
    "rest_framework",
    [
        {},
        STRICT,
        {"UNAUTHENTICATED_USER": None, "DEFAULT_SCHEMA_CLASS": None, "DEFAULT_RENDERER_CLASSES": []},
    ],
    ids=["defaults", "strict", "without users and schemas"],
)
def test_the_api_does_not_depend_on_the_settings_of_rest_framework(rest_framework):
    got = other_settings.call(
        use_the_api,
        REST_FRAMEWORK=rest_framework,
        INSTALLED_APPS=[*(app for app in INSTALLED_APPS if app != "drf_spectacular"), "tests.showcase"],
        XSEARCH=widget_shop.XSEARCH,
        ROOT_URLCONF="tests.support.widget_shop",
    )
    assert got["hits"] == ["Red mug"]
    assert got["price"] == 30.0
    assert got["by_photo"] == "Red mug"
    assert got["by_json"] == 4
    assert (got["similar"], got["suggest"], got["event"], got["health"]) == (200, 200, 201, 200)
    assert got["refused"] == {"code": "bad_parameter", "detail": "page: A valid integer is required."}
    assert got["nowhere"] == "not_found"
    paths = ("events/", "health/", "search/", "similar/{object_id}/", "suggest/", "transcribe/")
    assert got["schema"] == [200, [API + path for path in paths]]
    assert {"q", "page", "price_min", "colour"} <= set(got["parameters"])
