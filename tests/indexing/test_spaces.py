"""One space at a time: another encoder's vectors are built beside the live ones and swapped at once."""

import threading

import numpy as np
import pytest
from django.db import connection, transaction

import xsearch
from shop.models import Product, ProductPhoto
from tests.indexing.test_workers import in_thread, while_encoding
from tests.support.encoders import HashEncoder
from tests.support.indexing import (
    add,
    beside,
    expire_leases,
    is_vector,
    make_due,
    picture,
    picture_file,
    record,
    records,
    run,
    run_some,
    wait_until,
)
from tests.support.searching import search_context
from xsearch.index.registry import get_index
from xsearch.indexing import columns, marking, rebuild, spaces, vector_indexes, worker
from xsearch.models import EncoderSpace
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.query_vectors import encode_parts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker):
    use_encoder()


@pytest.fixture
def products():
    found = [add(f"A{number}", f"Bag {number}", photo=number) for number in range(4)]
    run()
    HashEncoder.calls.clear()
    return found


def index():
    return get_index(Product)


def stale():
    return marking.mark_stale(index())


def live():
    return {space.modality: space.fingerprint for space in EncoderSpace.objects.all()}


def are_all(dimension, revision):
    return all(
        is_vector(product.text_embedding, f"{product.title}\n{product.sku}", dimension, revision)
        and is_vector(product.image_embedding, picture(int(product.sku[1:])), dimension, revision)
        for product in Product.objects.all()
    )


def index_definition(column="image_embedding"):
    store = next(store for store in index().stores() if store.column == column)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [vector_indexes.index_name(store, column)]
        )
        row = cursor.fetchone()
    return row[0] if row else None


class TestChange:
    @pytest.mark.django_db(transaction=True)  # PostgreSQL cannot index what changed its dimension in one transaction
    @pytest.mark.parametrize("options", [{"revision": "2"}, {"dimension": 24, "revision": "2"}])
    def test_live_vectors_stay_until_all_new_ones_are_there(self, products, use_encoder, options):
        use_encoder(**options)
        assert stale() == 4
        for done in (1, 2, 3):
            report = run_some(1)
            worker.settle(index())
            assert report.indexed == 1
            assert are_all(16, "1")
            assert live() == {"text": "hash:16:1", "image": "hash:16:1"}
            assert len(beside()) == done
        assert run().indexed == 1
        dimension = options.get("dimension", 16)
        assert are_all(dimension, "2")
        assert live() == {"text": f"hash:{dimension}:2", "image": f"hash:{dimension}:2"}
        assert f"halfvec({dimension})" in index_definition()

    def test_the_space_remembers_how_its_encoder_is_made(self, products, use_encoder):
        use_encoder(revision="2")
        stale()
        run()
        space = EncoderSpace.objects.get(modality="image")
        assert space.dimension == 16
        assert space.spec == {
            "BACKEND": "tests.support.encoders.HashEncoder",
            "OPTIONS": {"revision": "2"},
        }

    def test_each_object_is_encoded_once_and_a_second_run_does_nothing(self, products, use_encoder):
        use_encoder(revision="2")
        stale()
        run()
        assert sorted(HashEncoder.calls) == [("image", 4), ("text", 4)]
        HashEncoder.calls.clear()
        assert stale() == 0
        assert run().handled == 0
        assert HashEncoder.calls == []

    def test_only_the_column_whose_encoder_changed_is_built_anew(self, products, settings):
        settings.XSEARCH = {
            "ENCODERS": {
                "one": {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {}},
                "two": {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {"revision": "2"}},
            },
            "EMBEDDINGS": {"text": "two", "image": "one", "audio": None},
        }
        stale()
        run()
        assert HashEncoder.calls == [("text", 4)]
        assert live() == {"text": "hash:16:2", "image": "hash:16:1"}

    def test_an_interrupted_rebuild_goes_on_where_it_was(self, products, use_encoder, monkeypatch):
        use_encoder(revision="2")
        stale()

        def stop():
            raise KeyboardInterrupt

        run_some(2)
        with pytest.raises(KeyboardInterrupt), while_encoding(monkeypatch, stop):
            run()
        HashEncoder.calls.clear()
        assert stale() == 2
        assert run().indexed == 2
        assert HashEncoder.calls == [("text", 2), ("image", 2)]
        assert are_all(16, "2")

    def test_a_swap_that_was_missed_is_made_by_the_sweep(self, products, use_encoder, monkeypatch):
        use_encoder(revision="2")
        stale()
        with monkeypatch.context() as patch:
            patch.setattr(worker, "settle", lambda _index: None)
            run()
        assert are_all(16, "1")
        from xsearch.indexing.tasks import sweep_task

        sweep_task()
        assert are_all(16, "2")

    def test_going_back_before_the_swap_encodes_only_what_changed(self, products, use_encoder):
        use_encoder(revision="2")
        stale()
        run_some(2)
        use_encoder()
        stale()
        run()
        assert are_all(16, "1")
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}

    def test_photo_rows_are_swapped_with_the_main_photo(self, products, use_encoder):
        row = ProductPhoto.objects.create(product=products[0], image=picture_file(9))
        run()
        use_encoder(revision="2")
        stale()
        run()
        row.refresh_from_db()
        assert is_vector(row.image_embedding, picture(9), revision="2")
        assert are_all(16, "2")


class TestChangesMeanwhile:
    @pytest.fixture
    def half_built(self, products, use_encoder):
        use_encoder(revision="2")
        stale()
        run_some(2)
        return products

    def work_on_one(self, product):
        records().exclude(object_id=str(product.pk)).update(not_before="2100-01-01T00:00:00Z")
        run()
        assert live()["text"] == "hash:16:1"
        make_due()

    @pytest.mark.parametrize("number", [0, 3])
    def test_a_changed_product_is_right_in_both_spaces(self, half_built, number):
        product = half_built[number]
        product.title, product.photo = "Sack", picture_file(50)
        product.save()
        self.work_on_one(product)
        row = Product.objects.get(pk=product.pk)
        assert is_vector(row.text_embedding, f"Sack\n{product.sku}")
        assert is_vector(row.image_embedding, picture(50))
        run()
        row.refresh_from_db()
        assert live()["text"] == "hash:16:2"
        assert is_vector(row.text_embedding, f"Sack\n{product.sku}", revision="2")
        assert is_vector(row.image_embedding, picture(50), revision="2")

    def test_a_new_product_is_found_before_and_after_the_swap(self, half_built):
        product = add("A9", "Bag 9", photo=9)
        self.work_on_one(product)
        row = Product.objects.get(pk=product.pk)
        assert is_vector(row.image_embedding, picture(9))
        run()
        assert are_all(16, "2")

    @pytest.mark.parametrize("photo", ["", "broken"])
    def test_a_photo_taken_away_does_not_come_back_with_the_swap(self, half_built, photo):
        from django.core.files.base import ContentFile

        product = half_built[0]
        assert product.pk in beside()
        product.photo = ContentFile(b"nonsense", name="x.png") if photo else ""
        product.save()
        run()
        product.refresh_from_db()
        assert live()["image"] == "hash:16:2"
        assert product.image_embedding is None

    def test_a_deleted_product_does_not_hold_up_the_swap(self, half_built):
        half_built[0].delete()
        half_built[3].delete()
        run()
        assert are_all(16, "2")

    def test_new_content_is_found_while_the_next_encoder_cannot_work(self, products, use_encoder):
        use_encoder("BrokenEncoder", revision="2")
        products[0].photo = picture_file(50)
        products[0].save()
        stale()
        run()
        assert is_vector(Product.objects.get(pk=products[0].pk).image_embedding, picture(50))
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}


class TestFailures:
    def test_an_encoder_that_cannot_work_swaps_nothing(self, products, use_encoder):
        use_encoder("BrokenEncoder", revision="2", more={"MAX_ATTEMPTS": 1})
        stale()
        assert run().failed == 4
        assert run().handled == 0
        assert are_all(16, "1")
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}

    def test_an_encoder_that_fails_on_everything_swaps_nothing(self, products, use_encoder, monkeypatch):
        use_encoder(revision="2")
        stale()

        def fail(self, content):
            raise RuntimeError("out of memory")

        with monkeypatch.context() as patch:
            patch.setattr(HashEncoder, "_vector", fail)
            assert run().failed == 4
        assert are_all(16, "1")
        stale()
        run()
        assert are_all(16, "2")

    def test_one_product_that_cannot_be_encoded_does_not_hold_up_the_others(self, products, use_encoder):
        bad = add("A9", "poison", photo=9)
        run()
        use_encoder("PickyEncoder", revision="2")
        stale()
        run()
        assert live() == {"text": "hash:16:2", "image": "hash:16:2"}
        row = Product.objects.get(pk=bad.pk)
        assert row.text_embedding is None
        assert is_vector(row.image_embedding, picture(9), revision="2")

    def test_when_the_live_encoder_is_gone_search_says_so_and_the_rest_answers(self, products, use_encoder):
        EncoderSpace.objects.update(spec={"BACKEND": "gone.Encoder", "OPTIONS": {}})
        results = xsearch.search(Product.objects.all(), text="bag", image=picture(1))
        assert {"text:text", "text:image", "image:image", "image:text"} <= set(results.degraded)
        assert results.total == 4
        use_encoder(revision="2")
        products[0].title = "Sack"
        products[0].save()
        stale()
        run()
        assert are_all(16, "2")

    def test_a_live_encoder_that_became_another_one_is_not_used(self, products):
        EncoderSpace.objects.update(fingerprint="hash:16:0")
        results = xsearch.search(Product.objects.all(), image=picture(1))
        assert results.hits == []
        assert "image:image" in results.degraded


class TestAtTheSameTime:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_vectors_made_for_a_space_that_is_gone_are_not_written(self, products, use_encoder, monkeypatch):
        products[0].title = "Sack"
        products[0].save()

        def swap():
            EncoderSpace.objects.filter(modality="text").update(fingerprint="hash:16:other")

        with while_encoding(monkeypatch, swap):
            report = run_some(9)
        assert report.handled == 0
        assert is_vector(Product.objects.get(pk=products[0].pk).text_embedding, "Bag 0\nA0")
        assert (record(products[0]).status, record(products[0]).claim) == ("pending", None)

    def test_two_workers_that_finish_together_swap_once(self, products, use_encoder):
        use_encoder(dimension=24, revision="2")
        stale()
        for result in [in_thread(lambda: run(batch_size=1)) for _ in range(3)]:
            result()
        worker.settle(index())  # as the sweep does, where one gave way to the other
        assert live() == {"text": "hash:24:2", "image": "hash:24:2"}
        assert are_all(24, "2")
        worker.settle(index())
        assert are_all(24, "2")
        assert "halfvec(24)" in index_definition()

    def test_a_second_swap_to_the_same_space_does_nothing(self, products, use_encoder):
        use_encoder(revision="2")
        stale()
        run_some(9)
        before = spaces.live_spaces(index())["image"]
        worker.settle(index())
        assert not rebuild.swap_columns(columns.column_set(index(), "image"), before, "former")
        assert are_all(16, "2")

    def test_a_swap_gives_way_to_a_transaction_of_the_shop(self, products, use_encoder, monkeypatch):
        use_encoder(revision="2")
        stale()
        with monkeypatch.context() as patch:
            patch.setattr(worker, "settle", lambda _index: None)
            run()
        ours, space = columns.column_set(index(), "image"), spaces.live_spaces(index())["image"]
        with transaction.atomic():
            Product.objects.filter(pk=products[0].pk).update(price=3)
            assert in_thread(lambda: rebuild.swap_columns(ours, space, "former"))() is None
            assert live()["image"] == "hash:16:1"
        worker.settle(index())
        assert are_all(16, "2")

    def test_the_shop_goes_on_while_a_swap_waits(self, products, use_encoder):
        use_encoder(dimension=24, revision="2")
        stale()
        run_some(1)
        with transaction.atomic():
            Product.objects.filter(pk=products[0].pk).update(price=3)
            swapping = in_thread(run)
            wait_until(lambda: len(beside()) == 4)
            Product.objects.get(pk=products[1].pk).save()
            assert xsearch.search(Product.objects.all(), image=picture(2)).hits[0].object.sku == "A2"
        swapping()
        run()
        assert are_all(24, "2")

    def test_a_search_begun_before_the_swap_compares_nothing_after_it(self, products, use_encoder):
        from PIL import Image

        photo = Image.open(picture_file(1)).convert("RGB")
        context = search_context()
        wanted = CompiledQuery(encode_parts(context, {"image": photo}), None)
        assert any(np.isfinite(retrieve(context, wanted, Product.objects.all()).columns["image:image"]))
        use_encoder(dimension=24, revision="2")
        stale()
        run()
        with pytest.raises(SpaceSwapped):
            retrieve(context, wanted, Product.objects.all())

    def test_every_search_during_a_rebuild_finds_its_photo(self, products, use_encoder):
        use_encoder(dimension=24, revision="2")
        stale()
        stop = threading.Event()

        def customer():
            found = []
            while not stop.is_set():
                results = xsearch.search(Product.objects.all(), image=picture(2))
                found.append((results.hits[0].object.sku, results.degraded) if results.hits else None)
            return found

        searching = in_thread(customer)
        expire_leases()
        run(batch_size=1)
        stop.set()
        found = [result for result in searching() if result]
        assert found
        assert all(result == ("A2", []) for result in found)
        assert xsearch.search(Product.objects.all(), image=picture(2)).hits[0].object.sku == "A2"
        assert are_all(24, "2")

    def test_an_index_left_unfinished_is_built_again(self, products):
        store = next(store for store in index().stores() if store.key == "image")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)",
                [vector_indexes.index_name(store, store.column)],
            )
        assert not vector_indexes.has_index(store, store.column)
        worker.settle(index())
        assert vector_indexes.has_index(store, store.column)
