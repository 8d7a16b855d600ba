"""The mixin for a shop's own admin: column, filter, box and action."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from shop.models import Product
from xsearch.admin import IndexedAdmin
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending
from xsearch.models import IndexRecord, SearchOverview

SHOP_XSEARCH = {
    "ENCODERS": {"hash": {"BACKEND": "tests.support.encoders.HashEncoder"}},
    "EMBEDDINGS": {"text": "hash", "image": "hash", "audio": None},
    "TRANSCRIBERS": [],
}

site = admin.AdminSite()


@admin.register(Product, site=site)
class ProductAdmin(IndexedAdmin, admin.ModelAdmin):
    list_display = ("title", "price")
    list_editable = ("price",)
    actions = ()


site.register(IndexRecord, type(admin.site._registry[IndexRecord]))
site.register(SearchOverview, type(admin.site._registry[SearchOverview]))
urlpatterns = [path("admin/", site.urls)]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _shop():
    with override_settings(XSEARCH=SHOP_XSEARCH):
        yield


@pytest.fixture
def owner(client, django_user_model):
    client.force_login(django_user_model.objects.create(username="owner", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def products():
    """One product in each state, by the name of the state."""
    made = {
        name: Product.objects.create(sku=name, title=f"Mug {name}")
        for name in ("indexed", "failed", "pending", "never")
    }
    index_pending(get_index(Product))
    records = IndexRecord.objects.all()
    records.filter(object_id=made["failed"].pk).update(
        status="failed", last_error='photo <b>"mug.jpg"</b> is broken', attempts=5
    )
    records.filter(object_id=made["pending"].pk).update(status="pending")
    records.filter(object_id=made["never"].pk).delete()
    return made


LIST = "/admin/shop/product/"


def rows(response):
    return {obj.sku for obj in response.context["cl"].result_list}


def test_list_says_of_each_product_whether_it_is_indexed(owner, products):
    page = owner.get(LIST).content.decode()
    for status, words in {
        "indexed": "indexed",
        "failed": "failed",
        "pending": "to be indexed",
        "never": "never seen",
    }.items():
        assert f'class="xsearch-mark xsearch-{status}"' in page
        assert f'alt=""> {words}</span>' in page
    assert 'title="photo &lt;b&gt;&quot;mug.jpg&quot;&lt;/b&gt; is broken"' in page
    assert "<b>" not in page


def test_status_stands_beside_the_name_unless_the_shop_places_it(rf):
    class Elsewhere(ProductAdmin):
        list_display = ("title", "price", "index_status", "sku")

    class Second(ProductAdmin):
        list_display = ("sku", "title", "price")
        list_display_links = ("sku", "title")

    assert ProductAdmin(Product, site).get_list_display(rf.get("/")) == ["title", "index_status", "price"]
    assert Elsewhere(Product, site).get_list_display(rf.get("/")) == ["title", "price", "index_status", "sku"]
    assert Second(Product, site).get_list_display(rf.get("/")) == ["sku", "title", "index_status", "price"]


@pytest.mark.parametrize("status", ["indexed", "failed", "pending", "never"])
def test_filter_leaves_the_products_in_one_state(owner, products, status):
    assert rows(owner.get(LIST, {"index_status": status})) == {status}


def test_unknown_filter_value_shows_everything(owner, products):
    assert rows(owner.get(LIST, {"index_status": "x'y"})) == set(products)


def test_list_needs_no_more_queries_for_more_products(owner, products):
    with CaptureQueriesContext(connection) as few:
        owner.get(LIST)
    Product.objects.bulk_create(Product(sku=f"s{number}", title="Mug") for number in range(30))
    with CaptureQueriesContext(connection) as many:
        owner.get(LIST)
    assert len(many) == len(few)
    assert not any("embedding" in query["sql"] for query in many)


def test_index_again_marks_what_is_selected_and_says_how_many(owner, products):
    chosen = [products["failed"].pk, products["never"].pk]
    response = owner.post(LIST, {"action": "index_again", "_selected_action": chosen}, follow=True)
    assert "2 products will be indexed again." in response.content.decode()
    marked = IndexRecord.objects.filter(object_id__in=map(str, chosen))
    assert set(marked.values_list("status", "forced")) == {("pending", True)}
    assert marked.count() == 2


def test_index_again_is_for_those_who_may_change_products(client, products):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(viewer)
    client.post(LIST, {"action": "index_again", "_selected_action": [products["failed"].pk]})
    assert IndexRecord.objects.get(object_id=products["failed"].pk).status == "failed"
    page = client.get(f"{LIST}{products['failed'].pk}/change/").content.decode()
    assert "is broken" in page
    assert "_index_again" not in page


def test_change_page_tells_what_is_wrong_and_what_next(owner, products):
    page = owner.get(f"{LIST}{products['failed'].pk}/change/").content.decode()
    assert page.count("xsearch-state") == 1
    assert "is broken" in page
    assert "correct the product, or index it again" in page
    assert "hash:16:1" in page
    assert "never seen" in owner.get(f"{LIST}{products['never'].pk}/change/").content.decode()
    assert "xsearch-state" not in owner.get(f"{LIST}add/").content.decode()


def test_save_and_index_again_does_both(owner, products):
    product = products["indexed"]
    url = f"{LIST}{product.pk}/change/"
    form = {"sku": product.sku, "title": "Cup", "attributes": "{}", "in_stock": "on", "_index_again": "1"}
    response = owner.post(url, form, follow=True)
    assert response.redirect_chain == [(url, 302)]
    assert "1 product will be indexed again." in response.content.decode()
    product.refresh_from_db()
    assert product.title == "Cup"
    assert product.text_embedding is not None
    assert IndexRecord.objects.get(object_id=product.pk).forced is True


def test_prices_edited_in_the_list_are_saved(owner, products):
    product = products["indexed"]
    form = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": product.pk,
        "form-0-price": "5.50",
        "_save": "Save",
    }
    owner.post(f"{LIST}?index_status=indexed", form)
    product.refresh_from_db()
    assert str(product.price) == "5.50"


RECORDS = "/admin/xsearch/indexrecord/"


def test_records_show_failures_first_with_title_and_error(owner, products):
    response = owner.get(RECORDS)
    assert response.context["cl"].result_list[0].object_id == str(products["failed"].pk)
    page = response.content.decode()
    assert f'<a href="{LIST}{products["failed"].pk}/change/">Mug failed</a>' in page
    assert "photo &lt;b&gt;" in page
    assert "correct the product, or index it again" in page


@pytest.mark.parametrize("term", ["mug failed", "mug.jpg", "pk"])
def test_records_are_found_by_name_error_and_number(owner, products, term):
    term = str(products["failed"].pk) if term == "pk" else term
    found = owner.get(RECORDS, {"q": term}).context["cl"].result_list
    assert [record.object_id for record in found] == [str(products["failed"].pk)]


def test_records_are_filtered_by_status_and_cannot_be_changed(owner, products):
    assert [r.status for r in owner.get(RECORDS, {"status__exact": "failed"}).context["cl"].result_list] == ["failed"]
    record = IndexRecord.objects.get(status="failed")
    detail = owner.get(f"{RECORDS}{record.pk}/change/")
    assert "photo &lt;b&gt;" in detail.content.decode()
    assert 'name="_save"' not in detail.content.decode()
    assert owner.post(f"{RECORDS}{record.pk}/change/", {"status": "indexed"}).status_code == 403
    assert owner.get(f"{RECORDS}add/").status_code == 403
    assert owner.post(f"{RECORDS}{record.pk}/delete/", {"post": "yes"}).status_code == 403


def test_records_of_gone_objects_and_apps_are_listed(owner, products):
    gone = ContentType.objects.create(app_label="gone", model="thing")
    IndexRecord.objects.create(content_type=gone, object_id="7")
    IndexRecord.objects.create(content_type=ContentType.objects.get_for_model(Product), object_id="99999")
    page = owner.get(RECORDS).content.decode()
    assert "thing 7" in page
    assert "product 99999" in page
    chosen = list(IndexRecord.objects.values_list("pk", flat=True))
    response = owner.post(RECORDS, {"action": "index_again", "_selected_action": chosen}, follow=True)
    assert "3 objects will be indexed again." in response.content.decode()


def test_records_list_needs_no_more_queries_for_more_records(owner, products):
    with CaptureQueriesContext(connection) as few:
        owner.get(RECORDS)
    for number in range(20):
        Product.objects.create(sku=f"s{number}", title="Mug")
    with CaptureQueriesContext(connection) as many:
        owner.get(RECORDS)
    assert len(many) == len(few)
