"""Products and xsearch in another database than users and content types; layouts that are refused; saves never fail."""

import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections

import xsearch
from shop.models import Brand, Product
from tests.support.databases import alias
from tests.support.indexing import add, picture, record, run, statuses
from tests.support.visitors import act
from xsearch.index.registry import get_index
from xsearch.indexing import signals, statistics, tasks
from xsearch.indexing.database import execute, fetch_one
from xsearch.models import Event, IndexRecord, QueryLog, Visitor
from xsearch.search import similar, suggest
from xsearch.visitors.identity import visitor_of_user

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = {"shop", "xsearch", "showcase"}


class CatalogueElsewhere:
    """The catalogue has a database of its own; users, content types and sessions stay in the default one."""

    apps = CATALOGUE

    def db_for_read(self, model, **hints):
        return "second" if model._meta.app_label in self.apps else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        return (db == "second") == (app_label in self.apps)


class ProductsElsewhere(CatalogueElsewhere):
    """The products alone are in another database: refused by a check."""

    apps = CATALOGUE - {"xsearch"}


@pytest.fixture
def second(use_encoder, no_broker):
    use_encoder(more={"TRANSCRIBERS": []})
    execute("CREATE DATABASE test_second TEMPLATE template0")
    signals._proven.clear()
    with alias("second", NAME="test_second"):
        yield "second"
    execute("DROP DATABASE test_second")


@pytest.fixture
def catalogue(second, settings):
    settings.DATABASE_ROUTERS = ["tests.databases.test_layouts.CatalogueElsewhere"]
    call_command("migrate", database=second, verbosity=0)
    yield
    settings.DATABASE_ROUTERS = []


def ids(databases=()):
    return {message.id for message in run_checks(tags=["xsearch"], databases=databases)}


def test_the_whole_catalogue_elsewhere(catalogue, client, admin_client):
    assert fetch_one("SELECT to_regclass('django_content_type')") == (None,)
    assert fetch_one("SELECT to_regclass('auth_user')") == (None,)
    products = [
        add(f"A{number}", f"Red bag {number}", photo=1, brand=Brand.objects.create(name=f"Brand {number}"))
        for number in (1, 2)
    ]
    run()
    assert set(statuses().values()) == {"indexed"}
    assert not IndexRecord.objects.using("default").exists()
    tasks.sweep_task()
    statistics.refresh(get_index(Product))
    assert len(xsearch.search(Product.objects.all(), text="bag", image=picture(1), facets=["brand"]).hits) == 2
    assert len(similar(Product.objects.all(), products[0]).hits) == 1
    assert suggest(get_index(Product), "re") != []
    assert client.get("/api/xsearch/search/?q=bag").json()["total"] == 2
    assert QueryLog.objects.count() == 1
    assert "Red bag 1" in admin_client.get("/admin/xsearch/indexrecord/?model=shop.product").content.decode()
    products[0].title = "Blue hat"
    products[0].save()
    assert record(products[0]).status == "pending"
    products[1].delete()
    assert record(products[0]) == IndexRecord.objects.get()
    str(record(products[0]))
    call_command("xsearch_tidy")
    assert ids(["default", "second"]) & {"xsearch.E040", "xsearch.E041", "xsearch.W031"} == set()


def test_visitors_of_users_who_are_elsewhere(catalogue, client):
    product = add("A", "Bag", photo=1)
    user = User.objects.create_user("ann")
    client.force_login(user)
    assert (
        client.post("/api/xsearch/events/", json.dumps(event(product)), content_type="application/json").status_code
        == 201
    )
    visitor = visitor_of_user(user)
    act(visitor, product)
    assert Event.objects.filter(visitor__user=user).count() == 1
    user.delete()
    assert not Visitor.objects.exists()
    assert Event.objects.count() == 1  # the anonymous one


def event(product):
    return {"query_id": str(uuid.uuid4()), "object_id": str(product.pk), "event": "click", "model": "shop.Product"}


def test_products_alone_elsewhere_are_refused_and_saved(second, settings, caplog):
    settings.DATABASE_ROUTERS = ["tests.databases.test_layouts.CatalogueElsewhere"]
    call_command("migrate", "shop", database=second, verbosity=0)
    execute("DROP TABLE IF EXISTS xsearch_indexrecord CASCADE", using=second)
    settings.DATABASE_ROUTERS = ["tests.databases.test_layouts.ProductsElsewhere"]
    [message] = [each for each in run_checks(tags=["xsearch"]) if each.id == "xsearch.E040" and each.obj is Product]
    assert "shop.Product is written to the database 'second', and xsearch.IndexRecord to 'default'" in message.msg
    assert "migrate --database second" in message.hint
    product = add("A", "Bag", photo=1)
    product.title = "Hat"
    product.save()
    assert Product.objects.get().title == "Hat"
    product.delete()
    assert not Product.objects.exists()
    assert "cannot be marked for the search" in caplog.text
    settings.DATABASE_ROUTERS = []


def test_a_save_through_another_alias_is_marked_where_it_is_saved(use_encoder, no_broker):
    use_encoder()
    with alias("direct"):
        product = Product(sku="A", title="Bag")
        product.save(using="direct")
        assert record(product).status == "pending"


def test_a_save_goes_on_before_xsearch_is_migrated(use_encoder, no_broker, caplog):
    use_encoder()
    signals._proven.clear()
    execute("ALTER TABLE xsearch_indexrecord RENAME TO not_there_yet")
    try:
        add("A", "Bag", photo=1)
        assert Product.objects.count() == 1
        assert "cannot be marked for the search" in caplog.text
    finally:
        execute("ALTER TABLE not_there_yet RENAME TO xsearch_indexrecord")
    add("B", "Bag")
    assert "default" in signals._proven


def test_constraints_to_other_apps_are_dropped(second):
    """Those that earlier versions created."""
    found = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'django_content_type'::regclass AND conrelid::regclass::text LIKE 'xsearch%'"
    assert fetch_one(found) == (0,)
    execute(
        "ALTER TABLE xsearch_event ADD CONSTRAINT old_key FOREIGN KEY (content_type_id)"
        " REFERENCES django_content_type (id) DEFERRABLE INITIALLY DEFERRED"
    )
    assert fetch_one(found) == (1,)
    call_command("migrate", "xsearch", "0010", verbosity=0)
    call_command("migrate", "xsearch", verbosity=0)
    assert fetch_one(found) == (0,)
    assert ContentType.objects.exists()
    assert connections["default"].is_usable()
