"""EmbeddedModel: only indexing writes vectors, and a save carries its mark in the same transaction."""

import io

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import transaction
from django.db.models.signals import post_save

from shop.models import Product, ProductPhoto
from tests.showcase.models import Chair, LongKey
from tests.support.indexing import add, add_and_fail, is_vector, picture, picture_file, record, run, settled
from xsearch.models import IndexRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


def is_searchable_as(product, title, photo):
    row = Product.objects.get(pk=product.pk)
    return is_vector(row.text_embedding, f"{title}\n{row.sku}") and is_vector(row.image_embedding, picture(photo))


@pytest.fixture
def stale():
    """A product that was loaded before it was indexed."""
    product = add("A", "Red bag", photo=1)
    settled()
    assert is_searchable_as(product, "Red bag", 1)
    assert product.text_embedding is None
    return product


def test_saving_a_stale_instance_keeps_the_vectors(stale):
    stale.price = 5
    stale.save()
    assert is_searchable_as(stale, "Red bag", 1)
    assert Product.objects.get(pk=stale.pk).search_document


def test_saving_an_instance_with_old_vectors_keeps_the_new_ones(stale):
    old = Product.objects.get(pk=stale.pk)
    stale.title = "Blue bag"
    stale.save()
    run()
    old.price = 7
    old.save()
    assert old.title == "Red bag"
    assert is_vector(Product.objects.get(pk=stale.pk).text_embedding, "Blue bag\nA")


def test_no_way_of_updating_other_fields_touches_the_vectors(stale):
    Product.objects.update_or_create(sku="A", defaults={"price": 8})
    Product.objects.get_or_create(sku="A", defaults={"price": 9})
    stale.price = 10
    Product.objects.bulk_update([stale], ["price"])
    stale.save(update_fields=["price"])
    stale.save(force_update=True)
    assert Product.objects.get(pk=stale.pk).price == 10
    assert is_searchable_as(stale, "Red bag", 1)


def test_refreshing_and_deferring_bring_what_indexing_wrote(stale):
    stale.refresh_from_db()
    assert is_vector(stale.image_embedding, picture(1))
    stale.save()
    light = Product.objects.only("sku").get(pk=stale.pk)
    light.save()
    assert is_searchable_as(stale, "Red bag", 1)


def test_a_photo_row_keeps_its_vector_when_it_is_saved(stale):
    photo = ProductPhoto.objects.create(product=stale, image=picture_file(2))
    run()
    photo.position = 3
    photo.save()
    photo.refresh_from_db()
    assert is_vector(photo.image_embedding, picture(2))


def test_a_copy_starts_without_the_vectors_of_its_original(stale):
    copy = Product.objects.get(pk=stale.pk)
    assert copy.text_embedding is not None
    copy.pk, copy.sku, copy.title = None, "B", "Green bag"
    copy._state.adding = True
    copy.save()
    row = Product.objects.get(sku="B")
    assert (row.text_embedding, row.image_embedding, row.search_document) == (None, None, None)
    run()
    assert is_searchable_as(row, "Green bag", 1)


def test_a_child_of_an_embedded_model_keeps_what_its_parent_holds(register):
    register(Chair, text={"A": ["title"]})
    chair = Chair.objects.create(title="Armchair")
    run(Chair)
    chair.legs = 3
    chair.save()
    chair.refresh_from_db()
    assert is_vector(chair.text_embedding, "Armchair")
    assert chair.search_document


def test_a_key_may_be_as_long_as_a_shop_likes(register):
    register(LongKey, text={"A": ["code"]})
    key = LongKey.objects.create(code="k" * 200)
    run(LongKey)
    assert record(key).status == "indexed"


def test_a_dump_can_be_loaded_again(stale):
    out = io.StringIO()
    call_command("dumpdata", "shop.product", stdout=out)
    stale.delete()
    for loaded in serializers.deserialize("json", out.getvalue()):
        loaded.save()
    run()
    assert is_searchable_as(Product.objects.get(sku="A"), "Red bag", 1)


@pytest.mark.django_db(transaction=True)
def test_a_save_that_fails_after_its_row_was_written_leaves_neither_row_nor_mark():
    def explode(**kwargs):
        raise RuntimeError("a receiver of the shop")

    post_save.connect(explode, sender=Product)
    try:
        with pytest.raises(RuntimeError):
            Product.objects.create(sku="A", title="x")
    finally:
        post_save.disconnect(explode, sender=Product)
    assert not Product.objects.exists()
    assert not IndexRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_save_leaves_no_mark():
    with pytest.raises(RuntimeError), transaction.atomic():
        add_and_fail()
    assert not IndexRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_caught_error_of_a_receiver_does_not_break_the_transaction_around_the_save():
    def refuse(**kwargs):
        raise ValueError("not this one")

    post_save.connect(refuse, sender=Product)
    try:
        with transaction.atomic():
            with pytest.raises(ValueError, match="not this one"):
                Product.objects.create(sku="A", title="x")
            assert Product.objects.count() == 1
    finally:
        post_save.disconnect(refuse, sender=Product)
