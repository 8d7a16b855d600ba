"""Adapters in the database: used without a deploy, rebuilt beside the live vectors, seen and taken back in the admin."""

from __future__ import annotations

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User

import xsearch
from shop.models import Product
from tests.support.adapters import rotating, rotation
from tests.support.encoders import HashEncoder
from tests.support.indexing import add, expected, picture, run, statuses
from xsearch.encoders import EncoderError
from xsearch.index.registry import get_index
from xsearch.indexing.adapters import install, stop_using, use
from xsearch.indexing.spaces import configured_encoder, live_spaces
from xsearch.indexing.status import status
from xsearch.models import Adapter, IndexRecord

pytestmark = pytest.mark.django_db
PAGE = "/admin/xsearch/adapter/"


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker):
    use_encoder()


@pytest.fixture
def products():
    found = [add(f"A{number}", f"Bag {number}", photo=number) for number in range(3)]
    run()
    return found


@pytest.fixture
def owner(client):
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    return client


def live():
    return {space.fingerprint for space in live_spaces(get_index(Product)).values()}


def is_turned(product, seed):
    product.refresh_from_db()
    turned = rotation(16, seed) @ expected(picture(int(product.sku[1:])))
    return np.allclose(product.image_embedding, turned, atol=2e-3)


def first_hit(photo):
    results = xsearch.search(Product.objects.all(), image=photo)
    assert results.degraded == []
    return results.hits[0].object.sku


def test_an_installed_adapter_is_built_beside_the_live_vectors_and_taken_back(products):
    plain = live()
    adapter = install("test", rotating(HashEncoder(), 5))
    assert live() == plain
    assert set(statuses().values()) == {"pending"}
    assert first_hit(picture(1)) == "A1"
    run()
    assert live() == {configured_encoder("test").fingerprint} == {f"hash:16:1+{adapter.digest[:12]}"}
    assert all(is_turned(product, 5) for product in products)
    assert first_hit(picture(2)) == "A2"
    stop_using(adapter)
    run()
    assert live() == plain
    assert not any(is_turned(product, 5) for product in products)
    assert first_hit(picture(2)) == "A2"


def test_of_several_adapters_one_is_used(products):
    first, second = install("test", rotating(HashEncoder(), 1)), install("test", rotating(HashEncoder(), 2))
    assert list(Adapter.objects.filter(is_live=True)) == [second]
    run()
    assert all(is_turned(product, 2) for product in products)
    first.refresh_from_db()
    use(first)
    run()
    assert all(is_turned(product, 1) for product in products)


def test_installing_the_same_file_again_changes_nothing(products):
    content = rotating(HashEncoder(), 1)
    install("test", content)
    run()
    install("test", content)
    assert Adapter.objects.count() == 1
    assert set(statuses().values()) == {"indexed"}


def test_what_is_no_adapter_is_not_installed():
    with pytest.raises(EncoderError, match="no adapter"):
        install("test", b"nothing")
    assert not Adapter.objects.exists()


def test_an_adapter_of_another_encoder_is_left_out_and_the_admin_says_so(products, use_encoder, owner):
    install("test", rotating(HashEncoder(), 1))
    use_encoder(revision="2")
    assert configured_encoder("test").fingerprint == "hash:16:2"
    run()
    assert "not the one that it was trained on" in owner.get(PAGE).content.decode()


def test_the_status_shows_the_encoder_with_its_adapter(products):
    adapter = install("test", rotating(HashEncoder(), 1))
    columns = status()["models"]["shop.Product"]["columns"]
    assert {column["state"] for column in columns if column["key"] in ("text", "image")} == {"rebuilding"}
    run()
    assert status()["encoders"]["test"]["fingerprint"].endswith(adapter.digest[:12])


def test_a_search_goes_on_without_an_adapter_that_is_gone(products):
    install("test", rotating(HashEncoder(), 1))
    run()
    Adapter.objects.all().delete()
    from xsearch.encoders import registry

    registry._built.clear()  # as in a process that starts now
    results = xsearch.search(Product.objects.all(), text="Bag 1")
    assert results.hits[0].object.sku == "A1"
    assert results.degraded


class TestAdmin:
    """What the shop owner sees and does."""

    def test_a_shop_without_any_reads_where_they_come_from(self, owner):
        assert "installed by manage.py xsearch_finetune" in owner.get(PAGE).content.decode()

    def test_it_shows_what_was_gained_and_which_is_in_use(self, owner):
        install("test", rotating(HashEncoder(), 1))
        adapter = install("test", rotating(HashEncoder(), 2))
        page = owner.get(PAGE).content.decode()
        assert page.count("50% → 75%") == 2
        assert page.count("icon-yes.svg") == 1
        details = owner.get(f"{PAGE}{adapter.pk}/change/").content.decode()
        assert "0.550 → 0.780" in details
        assert "40 products, 44 photos, 90 texts, 3 pairs clicked together" in details

    def test_an_earlier_one_is_used_again_and_then_none(self, owner, products):
        first = install("test", rotating(HashEncoder(), 1))
        install("test", rotating(HashEncoder(), 2))
        answer = owner.post(PAGE, {"action": "use_this", "_selected_action": [first.pk]}, follow=True)
        assert "is used from now on" in answer.content.decode()
        assert Adapter.objects.get(is_live=True) == first
        answer = owner.post(PAGE, {"action": "go_back", "_selected_action": [first.pk]}, follow=True)
        assert "without an adapter" in answer.content.decode()
        assert not Adapter.objects.filter(is_live=True).exists()

    def test_two_cannot_be_used_at_once(self, owner):
        pks = [install("test", rotating(HashEncoder(), seed)).pk for seed in (1, 2)]
        answer = owner.post(PAGE, {"action": "use_this", "_selected_action": pks}, follow=True)
        assert "only one can be in use" in answer.content.decode()
        assert Adapter.objects.get(is_live=True).pk == pks[1]

    def test_only_those_that_nothing_needs_can_be_deleted(self, owner, products):
        searched, unused = install("test", rotating(HashEncoder(), 1)), install("test", rotating(HashEncoder(), 2))
        use(Adapter.objects.get(pk=searched.pk))
        run()
        stop_using(Adapter.objects.get(pk=searched.pk))  # its vectors are still those that customers search
        for adapter, answer in ((searched, 403), (unused, 302)):
            assert owner.post(f"{PAGE}{adapter.pk}/delete/", {"post": "yes"}).status_code == answer
        assert [adapter.pk for adapter in Adapter.objects.all()] == [searched.pk]

    def test_whoever_may_only_look_cannot_choose(self, client):
        user = User.objects.create(username="clerk", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_adapter"))
        client.force_login(user)
        adapter = install("test", rotating(HashEncoder(), 1))
        assert "use_this" not in client.get(PAGE).content.decode()
        client.post(PAGE, {"action": "go_back", "_selected_action": [adapter.pk]})
        assert Adapter.objects.get().is_live
        assert client.get(f"{PAGE}add/").status_code == 403


def test_records_are_marked_once(products):
    before = {record.pk: record.revision for record in IndexRecord.objects.all()}
    install("test", rotating(HashEncoder(), 1))
    assert all(record.revision == before[record.pk] + 1 for record in IndexRecord.objects.all())
