"""A router that sends every read to a replica: whoever writes reads elsewhere; searches use the replica."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections, transaction
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

import xsearch
from shop.models import Brand, Product
from tests.support.databases import alias
from tests.support.indexing import add, picture, record, run, statuses
from xsearch.index.registry import get_index
from xsearch.indexing import mark, tasks
from xsearch.indexing.database import execute
from xsearch.indexing.status import status
from xsearch.models import Event, QueryLog, Visitor
from xsearch.search import similar, suggest
from xsearch.visitors import consent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _replica(settings, use_encoder, no_broker):
    use_encoder()
    with alias("replica", options={"options": "-c default_transaction_read_only=on"}):
        settings.DATABASE_ROUTERS = ["tests.support.databases.ReplicaRouter"]
        yield
        settings.DATABASE_ROUTERS = []


@pytest.fixture
def bags():
    made = [add(f"A{number}", f"Red bag {number}", photo=1) for number in range(3)]
    run()
    return made


@pytest.fixture
def late_replica():
    """Let the replica have nothing of what the test writes from now on: it reads copies of the tables."""
    execute("CREATE SCHEMA past")
    for table in connections["default"].introspection.table_names():
        execute(f'CREATE TABLE past."{table}" (LIKE public."{table}" INCLUDING ALL)')
        execute(f'INSERT INTO past."{table}" SELECT * FROM public."{table}"')
    connections["replica"].close()
    options = connections["replica"].settings_dict["OPTIONS"]
    options["options"] += " -c search_path=past,public"
    yield
    connections["replica"].close()
    execute("DROP SCHEMA past CASCADE")


def test_the_replica_refuses_writes():
    with pytest.raises(Exception, match="read-only"):
        Product.objects.using("replica").update(title="x")


def test_workers_index(bags):
    assert set(statuses().values()) == {"indexed"}
    Product.objects.filter(pk=bags[0].pk).update(title="Blue hat")
    mark(Product.objects.filter(pk=bags[0].pk))
    assert record(bags[0]).status == "pending"
    run()
    assert record(bags[0]).status == "indexed"


def test_the_sweep_and_the_commands_work(bags, capsys):
    Product.objects.bulk_create([Product(sku="B", title="Green shoe")])
    tasks.sweep_task()
    call_command("xsearch_index", "--all")
    assert "4 indexed, 0 failed" in capsys.readouterr().out
    call_command("xsearch_status")
    call_command("xsearch_tidy")
    call_command("xsearch_rebuild")
    assert status()["models"]["shop.Product"]["counts"]["indexed"] == 4


def test_searches_read_the_replica(bags):
    with (
        CaptureQueriesContext(connections["replica"]) as on_replica,
        CaptureQueriesContext(connections["default"]) as own,
    ):
        found = xsearch.search(Product.objects.all(), text="bag", image=picture(1), facets=["brand"])
        assert len(found.hits) == 3
        assert suggest(get_index(Product), "re") != []
    assert any("search_document" in query["sql"] for query in on_replica)
    assert not any("shop_product" in query["sql"] for query in own)


def test_searches_see_several_replicas_as_one(bags, settings):
    with alias("replica2", options={"options": "-c default_transaction_read_only=on"}):
        settings.DATABASE_ROUTERS = ["tests.databases.test_replica.AnyReplica"]
        for _ in range(4):
            assert len(xsearch.search(Product.objects.all(), text="bag", image=picture(1)).hits) == 3
            assert suggest(get_index(Product), "re") != []


class AnyReplica:
    """Names the replicas in turn."""

    turn = 0

    def db_for_read(self, model, **hints):
        AnyReplica.turn += 1
        return ("replica", "replica2")[AnyReplica.turn % 2]

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, one, other, **hints):
        return True


def test_a_worker_indexes_the_present_where_the_replica_is_late(late_replica):
    brand = Brand.objects.create(name="Acme")
    product = add("A", "Bag", photo=1, brand=brand)
    brand.name = "Zenith"
    brand.save()
    run()
    assert record(product).status == "indexed"
    assert "Zenith" in record(product).phrases


def test_similar_objects_of_one_that_was_just_saved(bags, client, late_replica):
    new = add("NEW", "Red bag new", photo=1)
    run()
    assert not Product.objects.filter(pk=new.pk).exists()  # on the replica
    assert len(similar(Product.objects.all(), new).hits) == 3
    answer = client.get(f"/api/xsearch/similar/{new.pk}/?model=shop.Product")
    assert answer.status_code == 200
    assert len(answer.json()["hits"]) == 3
    assert client.get("/api/xsearch/similar/987654/?model=shop.Product").status_code == 404


def test_consent_and_queries_are_read_where_they_were_written(bags, late_replica):
    user = User.objects.db_manager("default").create_user("ann")
    visitor = Visitor.objects.create(user=user)
    assert Visitor.objects.filter(user=user).exists()
    QueryLog.objects.create(
        query_id="0" * 32,
        content_type=get_index(Product).content_type,
        text="bag",
        total=3,
        is_close=True,
        visitor=visitor,
    )
    consent.forget(visitor)
    assert not QueryLog.objects.exists()
    assert not Visitor.objects.exists()


def test_an_event_names_an_object_that_was_just_saved(client, late_replica):
    product = add("A", "Bag", photo=1)
    body = {
        "query_id": "00000000-0000-0000-0000-000000000001",
        "object_id": str(product.pk),
        "event": "click",
        "model": "shop.Product",
    }
    answer = client.post("/api/xsearch/events/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201
    assert Event.objects.get().object_id == str(product.pk)


def test_the_admin_shows_what_its_last_action_did(admin_client, bags, late_replica):
    product = add("NEW", "Just saved", photo=9)
    run()
    page = admin_client.get("/admin/shop/product/?index_status=indexed")
    assert "Just saved" in page.content.decode()
    keys = {"action": "index_again", "_selected_action": [str(product.pk)]}
    page = admin_client.post("/admin/shop/product/", keys, follow=True)
    assert "1 product will be indexed again" in page.content.decode()
    assert record(product).status == "pending"
    assert "Just saved" in admin_client.get("/admin/xsearch/indexrecord/?status=pending").content.decode()


def test_the_tag_shows_similar_objects_in_a_transaction_of_the_page(bags):
    page = Template("{% load xsearch %}{% xsearch_similar product %}")
    with transaction.atomic():
        shown = page.render(Context({"product": Product.objects.get(pk=bags[0].pk)}))
    assert "Red bag 1" in shown
    assert "Red bag 2" in shown
