"""Swaps at the worst moments, and the way back: what a search compares, what a writer writes, what is left."""

import io
import threading

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

import xsearch
from shop.models import Product, ProductPhoto
from tests.indexing.test_workers import in_thread, while_encoding
from tests.showcase.models import Furniture, Instrument, InstrumentPhoto
from tests.support.indexing import add, beside, is_vector, picture, picture_file, records, run, run_some, wait_until
from tests.support.searching import search_context
from xsearch.encoders import EncoderAway
from xsearch.index.registry import get_index
from xsearch.indexing import columns, database, marking, outbox, spaces, vector_indexes, worker
from xsearch.indexing import rebuild as rebuilding
from xsearch.indexing.status import status
from xsearch.models import EncoderSpace
from xsearch.search.compiled_query import CompiledQuery
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.vectors.live import SpaceSwapped, holds_vectors_of, mean_vectors
from xsearch.search.vectors.query_vectors import VectorPart

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker):
    use_encoder()


@pytest.fixture
def products():
    found = [add(f"A{number}", f"Bag {number}", photo=number) for number in range(4)]
    run()
    return found


def index(model=Product):
    return get_index(model)


def live(model=Product):
    return {modality: space.fingerprint for modality, space in spaces.live_spaces(index(model)).items()}


def next_ready(use_encoder, model=Product, **options):
    """Let the next encoder's vectors be all there, and not swapped yet."""
    use_encoder(**{"revision": "2", **options})
    marking.mark_stale(index(model))
    run_some(99, model)


def rebuild(*arguments):
    out = io.StringIO()
    call_command("xsearch_rebuild", *arguments, stdout=out)
    return out.getvalue()


def photo_vector(product):
    product.refresh_from_db()
    return product.image_embedding


def photo_part():
    """Return the part of a query by the photo of product A1, of the space that is live now."""
    space = spaces.live_spaces(index())["image"]
    vector = np.asarray(photo_vector(Product.objects.get(sku="A1")), dtype=np.float32)
    return CompiledQuery([VectorPart("image", "image", vector, space, tuple(index().stores_for("image")))], None)


@pytest.mark.django_db(transaction=True)
class TestSearchAcrossASwap:
    @pytest.fixture
    def swap(self, products, use_encoder, monkeypatch):
        """Return a function that starts a swap and returns when it holds the tables; its result lets it commit."""
        next_ready(use_encoder)
        reached, go, names = threading.Event(), threading.Event(), columns.swap_names

        def halting(stores, space):
            names(stores, space)
            if space.modality == "image":  # that of the texts comes first, and is over
                reached.set()
                assert go.wait(30)

        def start():
            monkeypatch.setattr(rebuilding, "swap_names", halting)
            swapping = in_thread(lambda: worker.settle(index()))
            assert reached.wait(30)

            def finish():
                go.set()
                swapping()

            return finish

        return start

    def waiting(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'shop_product'::regclass")
            return cursor.fetchone()[0]

    def test_a_statement_that_waited_for_the_swap_compares_nothing(self, swap):
        wanted = photo_part()
        finish = swap()
        retrieving = in_thread(lambda: retrieve(search_context(), wanted, Product.objects.all()))
        wait_until(self.waiting)
        finish()
        with pytest.raises(SpaceSwapped):
            retrieving()

    def test_a_search_that_waited_for_the_swap_is_answered_from_the_new_space(self, swap):
        finish = swap()
        searching = in_thread(lambda: xsearch.search(Product.objects.all(), image=picture(2), explain=True))
        wait_until(self.waiting)
        finish()
        results = searching()
        assert (results.hits[0].object.sku, results.degraded) == ("A2", [])
        assert results.hits[0].explain["image:image"]["similarity"] == pytest.approx(1, abs=1e-3)
        assert live()["image"] == "hash:16:2"

    def test_vectors_of_examples_are_read_from_the_space_that_they_are_compared_in(self, products, use_encoder):
        context = search_context()
        assert set(mean_vectors(context, products)) == {"text", "image"}
        next_ready(use_encoder)
        worker.settle(index())
        assert mean_vectors(context, products) == {}

    @pytest.mark.parametrize("back", [False, True])
    def test_a_transaction_with_an_old_snapshot_compares_nothing(self, products, use_encoder, back):
        next_ready(use_encoder)
        if back:
            worker.settle(index())
        wanted, before = photo_part(), spaces.live_spaces(index())["image"]
        # Made before, for it waits for old snapshots.
        assert rebuilding._create_staged_indexes(columns.column_set(index(), "image"), wanted.parts[0].space)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            assert len(spaces.live_spaces(index())) == 2  # takes the snapshot
            in_thread(lambda: rebuilding.roll_back(index(), "image") if back else rebuilding.swap(index(), before))()
            assert live()["image"] == wanted.parts[0].space.fingerprint  # as far as this transaction sees
            assert not holds_vectors_of("default", wanted.parts[0].space, wanted.parts[0].stores[0])
            with pytest.raises(SpaceSwapped):
                retrieve(search_context(), wanted, Product.objects.all())
            results = xsearch.search(Product.objects.all(), text="bag", image=picture(1))
            assert len(results.hits) == 4  # by the word
            assert {"image:image", "text:image"} <= set(results.degraded)
        assert xsearch.search(Product.objects.all(), image=picture(1)).hits[0].object.sku == "A1"


class TestWriters:
    def test_vectors_made_for_columns_that_were_replaced_are_not_written(self, products, use_encoder, monkeypatch):
        use_encoder(revision="2")
        marking.mark_stale(index())

        def another_encoder():
            use_encoder(revision="3")
            rebuilding.stage_columns(index())

        with while_encoding(monkeypatch, another_encoder):
            assert run_some(9).handled == 0
        assert beside() == {}
        run()
        assert live() == {"text": "hash:16:3", "image": "hash:16:3"}

    @pytest.mark.django_db(transaction=True)
    def test_a_table_that_is_held_all_the_time_lets_objects_wait(self, products, use_encoder):
        use_encoder(revision="2")
        with transaction.atomic():
            Product.objects.filter(pk=products[0].pk).update(price=3)
            space, encoder = spaces.live_spaces(index())["image"], spaces.target_encoder("image")
            with pytest.raises(EncoderAway, match="shop_product"):
                in_thread(lambda: rebuilding.ensure_columns(index(), space, encoder))()
        rebuilding.stage_columns(index())
        assert database.has_column("shop_product", "image_embedding_beside")

    def test_a_table_that_joins_later_gets_its_column_beside(self, products, use_encoder):
        next_ready(use_encoder)
        worker.settle(index())
        with connection.cursor() as cursor:  # as it is when the shop adds photo rows only now
            cursor.execute("ALTER TABLE shop_productphoto DROP COLUMN image_embedding_beside")
        row = ProductPhoto.objects.create(product=products[0], image=picture_file(9))
        run()
        row.refresh_from_db()
        assert is_vector(row.image_embedding, picture(9), revision="2")

    def test_an_object_that_is_hidden_takes_its_vectors_in_both_columns_along(self, products, use_encoder, monkeypatch):
        next_ready(use_encoder)
        assert products[0].pk in beside()
        hidden = Product.objects.exclude(pk=products[0].pk)
        monkeypatch.setattr(type(index()), "get_queryset", lambda _index: hidden)
        outbox.mark(products[0])
        run_some(9)
        assert photo_vector(products[0]) is None
        assert products[0].pk not in beside()


class TestWayBack:
    @pytest.fixture
    def swapped(self, products, use_encoder):
        next_ready(use_encoder, dimension=24)
        worker.settle(index())
        assert live() == {"text": "hash:24:2", "image": "hash:24:2"}
        return products

    def test_nothing_is_encoded_for_it_but_what_changed(self, swapped, use_encoder):
        swapped[0].photo = picture_file(50)
        swapped[0].save()
        run()
        assert swapped[0].pk not in beside()
        rebuild("--rollback")
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}
        assert all(is_vector(photo_vector(product), picture(n)) for n, product in enumerate(swapped) if n)
        use_encoder()  # the settings are set back, too
        assert marking.mark_stale(index()) == 1
        run()
        assert is_vector(photo_vector(swapped[0]), picture(50))

    def test_it_stays_until_somebody_asks_for_the_next_space_again(self, swapped):
        rebuild("--rollback")
        run()
        marking.mark_stale(index())
        run()
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}
        added = add("A9", photo=9)
        run()
        assert is_vector(photo_vector(added), picture(9))  # found meanwhile
        rebuild()
        assert live() == {"text": "hash:24:2", "image": "hash:24:2"}
        assert is_vector(photo_vector(added), picture(9), 24, "2")

    def test_one_column_may_go_back_alone(self, swapped):
        rebuild("--rollback", "--column", "image")
        assert live() == {"text": "hash:24:2", "image": "hash:16:1"}

    def test_what_was_not_marked_before_a_kill_is_marked_later(self, swapped, monkeypatch):
        swapped[0].photo = picture_file(50)
        swapped[0].save()
        run()
        monkeypatch.setattr(rebuilding, "_mark_changed_since_swap", lambda _columns: None)
        rebuild("--rollback")
        monkeypatch.undo()
        run()
        assert photo_vector(swapped[0]) is None
        run()
        assert is_vector(photo_vector(swapped[0]), picture(50))

    def test_settings_that_are_set_back_find_the_former_vectors(self, swapped, use_encoder):
        use_encoder()
        assert marking.mark_stale(index()) == 0
        run()
        assert live() == {"text": "hash:16:1", "image": "hash:16:1"}

    def test_there_is_none_once_the_former_vectors_are_dropped(self, swapped):
        assert "dropped text, image" in rebuild("--forget")
        assert not database.has_column("shop_product", "image_embedding_beside")
        with pytest.raises(CommandError, match="no former vectors"):
            rebuild("--rollback")
        assert "dropped nothing" in rebuild("--forget")
        assert all(is_vector(photo_vector(product), picture(n), 24, "2") for n, product in enumerate(swapped))

    def test_there_is_none_to_an_encoder_that_is_gone(self, swapped):
        for space in EncoderSpace.objects.all():
            space.beside["spec"] = {"BACKEND": "gone.Encoder", "OPTIONS": {}}
            space.save()
        with pytest.raises(CommandError, match="Put its weights back"):
            rebuild("--rollback")
        assert live() == {"text": "hash:24:2", "image": "hash:24:2"}

    def test_what_is_being_built_is_not_forgotten(self, products, use_encoder):
        next_ready(use_encoder)
        with pytest.raises(CommandError, match="Set XSEARCH back"):
            rebuild("--forget")
        use_encoder()
        assert "dropped text, image" in rebuild("--forget")

    def test_columns_that_were_dropped_are_filled_again(self, products, use_encoder):
        next_ready(use_encoder)
        use_encoder()
        rebuild("--forget")
        use_encoder(revision="2")
        rebuild()
        assert all(is_vector(photo_vector(product), picture(n), revision="2") for n, product in enumerate(products))


class TestCommand:
    def test_it_says_what_it_swapped(self, products, use_encoder):
        use_encoder(revision="2")
        out = rebuild("shop.Product")
        assert "shop.Product: image vectors swapped: hash:16:1 → hash:16:2" in out
        assert "0 failed" in out
        assert "nothing to rebuild" in rebuild("shop.Product")

    def test_it_refuses_to_swap_when_too_much_failed(self, products, use_encoder):
        for number in range(4, 8):
            add(f"A{number}", "poison", photo=number)
        run()
        use_encoder("PickyEncoder", revision="2")
        with pytest.raises(
            CommandError, match=r"4 of 8 vectors of shop_product could not be made. Nothing was swapped"
        ):
            rebuild()
        assert live()["text"] == "hash:16:1"
        assert all(product.text_embedding for product in Product.objects.all())

    def test_an_encoder_that_cannot_be_had_is_an_error_before_anything_begins(self, products, use_encoder):
        use_encoder("NoSuchEncoder")
        with pytest.raises(CommandError, match="NoSuchEncoder"):
            rebuild()
        assert not database.has_column("shop_product", "image_embedding_beside")

    @pytest.mark.parametrize("arguments", [["--batch-size", "0"], ["--column", "image"], ["no.Model"]])
    def test_bad_arguments_are_refused(self, products, arguments):
        with pytest.raises(CommandError):
            rebuild(*arguments)

    def test_status_shows_how_far_it_is_and_what_is_kept(self, products, use_encoder):
        use_encoder(revision="2")
        marking.mark_stale(index())
        run_some(1)
        [image] = [c for c in status()["models"]["shop.Product"]["columns"] if c["key"] == "image"]
        assert (image["state"], image["beside"]["state"]) == ("rebuilding", "next")
        assert (image["beside"]["filled"], image["beside"]["lacking"]) == (1, 3)
        out = io.StringIO()
        call_command("xsearch_status", stdout=out)
        assert "1 made, 3 to come" in out.getvalue()
        run()
        out = io.StringIO()
        call_command("xsearch_status", stdout=out)
        assert "kept beside: hash:16:1 (4)" in out.getvalue()


class TestOtherStores:
    def test_companions_and_photo_rows_with_other_keys(self, register, use_encoder):
        register(Instrument, text={"A": ["name"]}, image=["picture", "instrumentphoto__file"], store="vectors")
        flute = Instrument.objects.create(name="Flute", picture=picture_file(1))
        drum = Instrument.objects.create(name="Drum")
        row = InstrumentPhoto.objects.create(instrument=drum, file=picture_file(2))
        run(Instrument)
        next_ready(use_encoder, Instrument, dimension=24)
        worker.settle(index(Instrument))
        row.refresh_from_db()
        assert is_vector(flute.vectors.image_embedding, picture(1), 24, "2")
        assert is_vector(row.image_embedding, picture(2), 24, "2")
        row.file = picture_file(3)
        row.save()
        run(Instrument)
        rebuilding.roll_back(index(Instrument), "image")
        assert list(records(Instrument).filter(status="pending").values_list("object_id", flat=True)) == [str(drum.pk)]
        run(Instrument)
        row.refresh_from_db()
        flute.vectors.refresh_from_db()
        assert is_vector(flute.vectors.image_embedding, picture(1))
        assert is_vector(row.image_embedding, picture(3))

    def test_indexes_on_one_table_are_swapped_together(self, register, use_encoder):
        from tests.showcase.models import Chair

        register(Furniture, text={"A": ["title"]})
        register(Chair, text={"A": ["title"]})
        table, chair = Furniture.objects.create(title="Table"), Chair.objects.create(title="Armchair")
        run(Furniture)
        run(Chair)
        next_ready(use_encoder, Chair)
        worker.settle(index(Chair))
        assert (live(Chair), live(Furniture)) == ({"text": "hash:16:1"}, {"text": "hash:16:1"})  # the table lacks one
        next_ready(use_encoder, Furniture)
        worker.settle(index(Furniture))
        assert (live(Chair), live(Furniture)) == ({"text": "hash:16:2"}, {"text": "hash:16:2"})
        for row in (table, chair):
            row.refresh_from_db()
            assert is_vector(row.text_embedding, row.title, revision="2")

    def test_the_vector_index_comes_along(self, products, use_encoder):
        next_ready(use_encoder)
        worker.settle(index())
        for store in columns.column_set(index(), "image").stores:
            assert vector_indexes.has_index(store, store.column, 16)
            assert vector_indexes.has_index(store, store.staged_column, 16)
