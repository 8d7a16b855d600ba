"""What a shop's ordinary queries load and write: never vectors and documents, unless they are named."""

import copy
import io
import json
import pickle

import django
import pytest
from django import forms
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ModelState
from django.db.models import Count
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from rest_framework.serializers import ModelSerializer

import xsearch
from shop.models import Product, ProductPhoto
from tests.showcase.models import Chair, Delivery, Instrument, InstrumentVectors
from tests.support.indexing import add, is_vector, picture, picture_file, record, run, statuses
from xsearch.models import EmbeddedModel

pytestmark = pytest.mark.django_db

COLUMNS = [field.name for field in EmbeddedModel._meta.local_fields]


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture
def bag():
    """An indexed product with a photo row."""
    product = add("A", "Red bag", photo=1)
    ProductPhoto.objects.create(product=product, image=picture_file(2))
    run()
    return Product.objects.get(pk=product.pk)


def statements(action):
    """Return what ``action`` returns, and its statements."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        result = action()
    return result, [query["sql"] for query in caught]


def loaded(action):
    """Return the columns of ours that a statement of ``action`` selects, in the order of their names."""
    _result, sent = statements(action)
    assert sent
    return sorted({column for column in COLUMNS for sql in sent if f'"{column}"' in sql.partition(" FROM ")[0]})


def is_as_indexed(product, title="Red bag"):
    row = Product.objects.get(pk=product.pk)
    return is_vector(row.text_embedding, f"{title}\n{row.sku}") and is_vector(row.image_embedding, picture(1))


ORDINARY = {
    "all": lambda: list(Product.objects.all()),
    "get": lambda: Product.objects.get(sku="A"),
    "filter": lambda: Product.objects.filter(sku="A").order_by("-title").first(),
    "base manager": lambda: list(Product._base_manager.all()),
    "in_bulk": lambda: Product.objects.in_bulk(),
    "iterator": lambda: list(Product.objects.iterator()),
    "defer": lambda: list(Product.objects.defer("description")),
    "defer nothing": lambda: list(Product.objects.defer(None)),
    "only": lambda: list(Product.objects.only("title")),
    "annotate": lambda: list(Product.objects.annotate(Count("photos"))),
    "distinct": lambda: list(Product.objects.distinct()),
    "union": lambda: list(Product.objects.filter(pk=1).union(Product.objects.filter(pk=2))),
    "locked": lambda: list(Product.objects.select_for_update()),
    "slice": lambda: list(Product.objects.all()[:3]),
    "count of distinct": lambda: Product.objects.distinct().count(),
    "select_related": lambda: list(ProductPhoto.objects.select_related("product")),
    "only a relation": lambda: list(ProductPhoto.objects.select_related("product").only("product")),
    "prefetch_related": lambda: list(Product.objects.prefetch_related("photos")),
    "related manager": lambda: list(Product.objects.get(sku="A").photos.all()),
    "foreign key": lambda: ProductPhoto.objects.first().product,
    "one to one": lambda: list(Instrument.objects.select_related("vectors")),
    "inheritance": lambda: list(Chair.objects.all()),
    "values": lambda: list(Product.objects.values()),
    "values_list": lambda: list(Product.objects.values_list()),
    "values with annotations": lambda: list(Product.objects.annotate(n=Count("photos")).values()),
    "earliest": lambda: Product.objects.latest("pk"),
    "refresh": lambda: Product.objects.first().refresh_from_db(),
    "full_clean": lambda: Product.objects.get(sku="A").full_clean(exclude=["category", "brand"]),
    "form": lambda: forms.models.model_to_dict(Product.objects.get(sku="A")),
    "save": lambda: Product.objects.get(sku="A").save(),
    "dumpdata": lambda: call_command("dumpdata", "shop.product", stdout=io.StringIO()),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_query_leaves_the_vectors_in_the_database(bag, name):
    assert loaded(ORDINARY[name]) == []


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        (lambda: list(Product.objects.only("title", "text_embedding")), ["text_embedding"]),
        (lambda: list(Product.objects.values("image_embedding")), ["image_embedding"]),
        (lambda: list(Product.objects.values_list("search_document", flat=True)), ["search_document"]),
        (
            lambda: list(ProductPhoto.objects.select_related("product").only("product__text_embedding")),
            ["text_embedding"],
        ),
        (lambda: Product.objects.get(sku="A").text_embedding, ["text_embedding"]),
        (lambda: Product.objects.get(sku="A").refresh_from_db(fields=["search_document"]), ["search_document"]),
    ],
)
def test_what_is_named_is_loaded(bag, query, columns):
    assert loaded(query) == columns


class TestReading:
    def test_the_attribute_has_the_value_and_asks_once(self, bag, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert is_vector(bag.text_embedding, "Red bag\nA")
            assert bag.text_embedding is bag.text_embedding
        named = Product.objects.only("title", "text_embedding").get(pk=bag.pk)
        with django_assert_num_queries(0):
            assert is_vector(named.text_embedding, "Red bag\nA")

    def test_values_have_all_other_columns_in_their_order(self, bag):
        names = [field.attname for field in Product._meta.concrete_fields if field.name not in COLUMNS]
        [row] = Product.objects.annotate(n=Count("photos")).values()
        assert list(row) == [*names, "n"]
        assert (row["title"], row["n"]) == ("Red bag", 1)
        assert len(Product.objects.values_list()[0]) == len(names)
        assert list(Product.objects.values("sku").annotate(n=Count("photos"))) == [{"sku": "A", "n": 1}]

    def test_a_raw_query_loads_what_it_selects(self, bag, django_assert_num_queries):
        [row] = Product.objects.raw("SELECT * FROM shop_product")
        with django_assert_num_queries(0):
            assert is_vector(row.text_embedding, "Red bag\nA")

    def test_a_new_product_has_none_and_after_a_refresh_what_was_indexed(self):
        product = add("B", "Sack")
        assert product.text_embedding is None
        run()
        assert product.text_embedding is None
        product.refresh_from_db()
        assert is_vector(product.text_embedding, "Sack\nB")

    def test_a_refresh_forgets_what_was_read(self, bag):
        assert is_vector(bag.text_embedding, "Red bag\nA")
        Product.objects.filter(pk=bag.pk).update(title="Blue bag")
        xsearch.mark(bag)
        run()
        bag.refresh_from_db()
        assert is_vector(bag.text_embedding, "Blue bag\nA")

    @pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda obj: pickle.loads(pickle.dumps(obj))])
    def test_a_twin_reads_the_value_too(self, bag, twin):
        assert is_vector(twin(bag).text_embedding, "Red bag\nA")
        assert bag.text_embedding is not None
        assert is_vector(twin(bag).text_embedding, "Red bag\nA")

    def test_django_counts_them_among_the_deferred(self, bag):
        assert bag.get_deferred_fields() == set(COLUMNS)
        assert Product.objects.only("sku").get(pk=bag.pk).get_deferred_fields() > set(COLUMNS)
        assert Product(sku="B").get_deferred_fields() == set()

    @pytest.mark.skipif(django.VERSION < (6, 1), reason="fetch modes came with Django 6.1")
    def test_peers_are_read_too(self, bag):
        from django.db.models import FETCH_PEERS

        add("B", "Sack")
        run()
        both = list(Product.objects.fetch_mode(FETCH_PEERS).order_by("sku"))
        assert [is_vector(each.text_embedding, f"{each.title}\n{each.sku}") for each in both] == [True, True]


class TestWriting:
    @pytest.fixture
    def heard(self):
        """The fields that receivers of a shop are told of."""
        fields = []

        def listen(update_fields, **sent):
            fields.append(update_fields and set(update_fields))

        post_save.connect(listen, sender=Product)
        yield fields
        post_save.disconnect(listen, sender=Product)

    def test_a_save_is_an_ordinary_one(self, bag, heard):
        bag.price = 5
        _none, sent = statements(bag.save)
        assert heard == [None]
        assert not [sql for sql in sent for column in COLUMNS if column in sql and "xsearch_indexrecord" not in sql]
        assert is_as_indexed(bag)

    def test_a_loaded_product_that_was_deleted_is_saved_again(self, bag):
        Product.objects.all().delete()
        bag.save()
        assert Product.objects.get().title == "Red bag"

    def test_update_or_create_updates_what_it_is_told(self, bag, heard):
        Product.objects.update_or_create(sku="A", defaults={"title": "Blue bag"})
        assert heard == [{"title", "created_at", "photo", "sound"}]  # Django adds fields that a save may change
        run()
        assert is_as_indexed(bag, "Blue bag")

    def test_get_or_create_marks_only_what_it_creates(self, bag):
        before = record(bag).revision
        assert Product.objects.get_or_create(sku="A", defaults={"title": "x"})[1] is False
        assert record(bag).revision == before
        created, is_new = Product.objects.get_or_create(sku="B", defaults={"title": "Sack"})
        assert is_new
        assert record(created).status == "pending"

    def test_bulk_create_writes_no_vectors_and_needs_a_mark(self, bag):
        assert bag.text_embedding is not None
        bag.pk, bag.sku = None, "B"
        [copied] = Product.objects.bulk_create([bag])
        assert (copied.pk, Product.objects.get(sku="B").text_embedding) == (Product.objects.get(sku="B").pk, None)
        assert statuses().keys() == {str(Product.objects.get(sku="A").pk)}
        xsearch.mark([copied])
        run()
        assert is_vector(Product.objects.get(sku="B").text_embedding, "Red bag\nB")

    def test_bulk_update_and_update_need_a_mark(self, bag):
        bag.title = "Blue bag"
        Product.objects.bulk_update([bag], ["title"])
        run()
        assert is_as_indexed(bag, "Red bag")
        Product.objects.filter(pk=bag.pk).update(title="Green bag")
        xsearch.mark(Product.objects.all())
        run()
        assert is_as_indexed(bag, "Green bag")

    def test_a_key_of_two_columns_is_saved_and_deleted_though_it_is_not_indexed(self, register):
        register(Delivery, text={"A": ["title"]})
        delivery = Delivery.objects.create(depot="A", number=1, title="Parcel")
        delivery.title = "Letter"
        delivery.save()
        assert Delivery.objects.get(pk=("A", 1)).title == "Letter"
        delivery.delete()
        assert not Delivery.objects.exists()

    def test_a_copy_has_no_vectors_before_and_after_its_save(self, bag):
        bag.pk, bag.sku, bag._state.adding = None, "B", True
        assert bag.text_embedding is None
        bag.save()
        assert Product.objects.get(sku="B").text_embedding is None

    def test_delete_of_a_queryset_takes_records_and_photos_along(self, bag):
        add("B", "Sack")
        Product.objects.filter(sku="A").delete()
        assert statuses().keys() == {str(Product.objects.get().pk)}
        assert not ProductPhoto.objects.exists()

    def test_actions_of_the_admin(self, bag, admin_client):
        form = {"action": "delete_selected", "_selected_action": [bag.pk], "post": "yes"}
        _answer, sent = statements(lambda: admin_client.post("/admin/shop/product/", form))
        assert not [sql for sql in sent for column in COLUMNS if column in sql]
        assert not Product.objects.exists()
        assert statuses() == {}
        assert User.objects.exists()


class TestPublishing:
    def test_forms_and_serializers_of_all_fields_leave_them_out(self, bag):
        form = forms.modelform_factory(Product, fields="__all__")
        meta = type("Meta", (), {"model": Product, "fields": "__all__"})
        serializer = type("ProductSerializer", (ModelSerializer,), {"Meta": meta})
        assert not set(COLUMNS) & set(form().fields)
        shown = serializer(bag).data
        assert not set(COLUMNS) & set(shown)
        assert shown["title"] == "Red bag"
        named = type("Meta", (), {"model": Product, "fields": ["sku", "search_document"]})
        assert "'bag'" in type("Named", (ModelSerializer,), {"Meta": named})(bag).data["search_document"]

    def test_a_dump_has_none_and_is_indexed_when_it_is_loaded(self, bag, tmp_path):
        dump = tmp_path / "products.json"
        call_command("dumpdata", "shop.product", output=str(dump), verbosity=0)
        [found] = json.loads(dump.read_text())
        assert not set(COLUMNS) & set(found["fields"])
        Product.objects.all().delete()
        call_command("loaddata", str(dump), verbosity=0)
        run()
        assert is_as_indexed(Product.objects.get())

    def test_a_dump_of_an_earlier_version_is_loaded_without_its_vectors(self, bag):
        fields = {
            "sku": "Z",
            "title": "Old",
            "created_at": "2020-01-01T00:00:00Z",
            "text_embedding": "[1,2,3]",
            "search_document": "'old':1A",
        }
        dump = json.dumps([{"model": "shop.product", "pk": 77, "fields": fields}])
        for loaded_object in serializers.deserialize("json", dump):
            loaded_object.save()
        assert Product.objects.get(pk=77).text_embedding is None

    def test_migrations_know_nothing_of_it(self):
        # Of this app: the benchmark's model without a table may have been made before, in that of xsearch.
        call_command("makemigrations", "shop", check=True, dry_run=True, verbosity=0)
        fields = ModelState.from_model(InstrumentVectors).fields
        described = {name: fields[name].deconstruct()[1:] for name in COLUMNS}
        vector = ("pgvector.django.halfvec.HalfVectorField", [], {"null": True, "editable": False})
        document = ("django.contrib.postgres.search.SearchVectorField", [], {"null": True, "editable": False})
        assert described == {**dict.fromkeys(COLUMNS[:3], vector), "search_document": document}
