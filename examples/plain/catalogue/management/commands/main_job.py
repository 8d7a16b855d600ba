"""The main job of the search, from the migrations to a deleted product; prints what was found as JSON."""

import json
import re
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.test import Client
from plain import tenants

import xsearch
from catalogue.management.waiting import wait_until
from catalogue.models import Product
from catalogue.stock import drawing, language, stock
from xsearch.index.registry import get_index
from xsearch.indexing.status import counts

API = "/api/xsearch"
#: In the shop's language: something to search for, its beginning, and what a product is renamed to.
WORDS = [("red mug", "re", "Violet bowl", "violet"), ("红色马克杯", "红", "紫色碗", "紫色")]
IS_RENTED = "tenants" in settings.TRAITS
INLINE = re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>\s*[^<\s]|<style|\sstyle=|\son\w+=")


class Command(BaseCommand):
    help = "Migrate, save, index, search, change and delete, and print what was found."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prepare", action="store_true", help="only make and run the migrations")
        parser.add_argument("--prepared", action="store_true", help="the tables are there already")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["prepared"]:
            prepare()
        if not options["prepare"]:
            found = [do_everything(tenant) for tenant in tenants.TENANTS] if IS_RENTED else do_everything()
            self.stdout.write(json.dumps(found, ensure_ascii=False))


def prepare() -> None:
    """Make the migrations of this set of traits, and run them."""
    apps = [app for app in ("catalogue", "people") if app in settings.INSTALLED_APPS]
    call_command("makemigrations", *apps, verbosity=0)
    for tenant in tenants.TENANTS if IS_RENTED else ():
        tenants.create(tenant)
        call_command("migrate", verbosity=0)
    for alias in () if IS_RENTED else written_databases():
        call_command("migrate", database=alias, verbosity=0)


def written_databases() -> list[str]:
    """Return the aliases of the databases that have tables of their own, as their owner."""
    if "restricted" in settings.TRAITS:
        return ["owner"]
    return [alias for alias in connections if alias != "replica"]


def do_everything(tenant: str = "") -> dict[str, Any]:
    """Do the job, and return what was found."""
    if tenant:
        tenants.use(tenant)
    client = Client(headers={"host": f"{tenant}.testserver"} if tenant else {})
    found: dict[str, Any] = {"findings": findings()}
    products = stock()
    wait_until_indexed()
    call_command("xsearch_index", verbosity=0)  # nothing is left to do but to count the words
    found |= {"counts": indexed(), "python": by_python(), "api": by_api(client), "pages": pages(client)}
    found["admin"] = admin_pages(client, products["Red mug"])
    found["changed"] = change(products["Blue mug"])
    found["deleted"] = delete(client, products["Red mug"])
    call_command("xsearch_sweep")
    call_command("xsearch_tidy", verbosity=0)
    found["findings_at_the_end"] = findings()
    return found


def findings() -> list[str]:
    """Return the ids of what the checks say."""
    from django.core.checks import run_checks

    return sorted(
        str(message.id)
        for message in run_checks(databases=[alias for alias in connections if alias != "owner"])
        if message.level >= 30
    )


def wait_until_indexed() -> None:
    """Wait for the worker, if there is one."""
    wait_until(lambda: indexed()["pending"] == 0, "everything is indexed")


def indexed() -> dict[str, int]:
    """Return how many products there are, by their status."""
    return {
        name: count for name, count in counts(get_index(Product)).items() if name in ("total", "indexed", "pending")
    }


def titles(results: Any) -> list[str]:
    return [str(hit.object) for hit in results]


def by_python() -> dict[str, Any]:
    """Search by words, by a photo, and for what is similar."""
    results = xsearch.search(Product.objects.all(), text=WORDS[language()][0])
    photo = xsearch.search(Product.objects.all(), image=drawing("mug", "red", 300))
    similar = xsearch.similar(Product.objects.all(), photo.hits[0].object)
    facets = {name: {value.label: value.count for value in values} for name, values in results.facets.items()}
    return {
        "text": titles(results)[0],
        "photo": titles(photo)[0],
        "facets": facets,
        "similar": titles(similar),
        "corrected": xsearch.search(Product.objects.all(), text="gren jakcet").corrected,
        "degraded": results.degraded + photo.degraded,
    }


def by_api(client: Client) -> dict[str, Any]:
    """Search over HTTP: words, a photo, a filter that a facet offers, suggestions, something similar, the schema."""
    words, beginning, *_ = WORDS[language()]
    text = client.get(f"{API}/search/", {"q": words}).json()
    upload = SimpleUploadedFile("photo.jpg", drawing("mug", "red", 300), "image/jpeg")
    photo = client.post(f"{API}/search/", {"image": upload}).json()
    [mugs] = [value for value in text["facets"]["category"] if value["label"] in ("Mugs", "马克杯")]
    filtered = client.get(f"{API}/search/", {"q": words, "category": mugs["value"]}).json()
    suggested = client.get(f"{API}/suggest/", {"q": beginning}).json()
    similar = client.get(f"{API}/similar/{text['hits'][0]['id']}/").json()
    return {
        "text": text["hits"][0]["title"],
        "photo": photo["hits"][0]["title"],
        "image": text["hits"][0]["image"],
        "filtered": sorted(hit["title"] for hit in filtered["hits"]),
        "suggestions": suggested["suggestions"],
        "similar": [hit["title"] for hit in similar["hits"]],
        "health": client.get(f"{API}/health/").json()["status"],
        "schema": client.get(f"{API}/schema/").status_code,
    }


def pages(client: Client) -> dict[str, Any]:
    """Look at the search page, and at what an asynchronous view answers."""
    words = WORDS[language()][0]
    page = client.get("/search/", {"q": words}).content.decode()
    return {
        "titles": sorted(set(re.findall("Red mug|红色马克杯", page))),
        "inline": INLINE.findall(page),
        "async": client.get("/async-search/", {"q": words}).json()["titles"][0],
    }


def admin_pages(client: Client, product: Product) -> dict[str, int]:
    """Log in, and return the status of the admin's pages."""
    users = get_user_model()._default_manager
    name = {} if "custom_user" in settings.TRAITS else {"username": "owner"}
    client.force_login(users.create_superuser(email="owner@example.com", password="x", **name))  # noqa: S106
    paths = {
        "overview": "/admin/xsearch/searchoverview/",
        "records": "/admin/xsearch/indexrecord/",
        "list": "/admin/catalogue/product/",
        "change": f"/admin/catalogue/product/{product.pk}/change/",
    }
    return {page: client.get(path).status_code for page, path in paths.items()}


def change(product: Product) -> dict[str, Any]:
    """Rename a product, and return what its new name finds, and whether by its words."""
    _, _, product.title, word = WORDS[language()]
    product.save()
    wait_until_indexed()
    [hit, *_] = xsearch.search(Product.objects.all(), text=word, explain=True)
    return {"first": str(hit.object), "by_words": "lexical" in (hit.explain or {})}


def delete(client: Client, product: Product) -> dict[str, Any]:
    """Delete a product, and return what still finds it."""
    key, name = product.pk, str(product)
    product.delete()
    wait_until_indexed()
    found = titles(xsearch.search(get_index(Product).get_queryset(), text=name))
    by_http = [hit["title"] for hit in client.get(f"{API}/search/", {"q": name}).json()["hits"]]
    similar = client.get(f"{API}/similar/{key}/").status_code
    return {"python": name in found, "api": name in by_http, "similar": similar, "counts": indexed()}
