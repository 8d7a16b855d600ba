"""Filling a column for the first time: the vector index comes afterwards, in enough memory; rows are written once."""

import pytest
from django.db import OperationalError, connection

from shop.models import Product, ProductPhoto
from tests.support.indexing import add, is_vector, picture, picture_file, run, run_some
from xsearch.index.registry import get_index
from xsearch.indexing import marking, vector_indexes, worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker, monkeypatch):
    monkeypatch.setattr(worker, "_BULK_SIZE", 2)
    use_encoder()


def products(numbers):
    return [add(f"A{number}", photo=number) for number in numbers]


def store():
    return next(store for store in get_index(Product).stores() if store.key == "image")


def is_indexed():
    return vector_indexes.has_index(store(), "image_embedding")


def shown(setting, own=connection):
    with own.cursor() as cursor:
        cursor.execute(f"SHOW {setting}")
        return cursor.fetchone()[0]


class TestVectorIndex:
    def test_it_is_not_built_before_most_objects_have_their_vector(self):
        products(range(10))
        for _ in range(2):
            run_some(3)
            worker.settle(get_index(Product))  # as the sweep does meanwhile
            assert not is_indexed()
        run()
        assert is_indexed()

    def test_one_that_is_in_the_way_of_a_bulk_is_dropped_and_built_again(self):
        products(range(4))
        run()
        assert is_indexed()
        products(range(4, 12))
        seen = []
        run(batch_size=4, progress=lambda _report: seen.append(is_indexed()))
        assert seen == [False, False]
        assert is_indexed()

    def test_it_stays_when_the_smaller_part_is_new(self):
        products(range(6))
        run()
        products(range(6, 10))
        seen = []
        run(batch_size=2, progress=lambda _report: seen.append(is_indexed()))
        assert seen == [True, True]

    def test_it_stays_when_everything_is_indexed_again(self):
        products(range(6))
        run()
        marking.mark_stale(get_index(Product), forced=True)
        run(progress=lambda _report: worker.settle(get_index(Product)) or is_indexed() or pytest.fail("it is gone"))


@pytest.mark.django_db(transaction=True)
class TestBuilding:
    def test_the_graph_fits_into_memory_as_far_as_the_setting_allows(self, monkeypatch, settings):
        products(range(3))
        run()
        monkeypatch.setattr(vector_indexes, "_GRAPH_BYTES_A_ROW", 2**30)
        settings.XSEARCH = {**settings.XSEARCH, "INDEX_BUILD_MAX_MB": 2048}
        assert vector_indexes._build_memory_kb(store(), "image_embedding", 16) == 2048 * 1024
        settings.XSEARCH = {**settings.XSEARCH, "INDEX_BUILD_MAX_MB": 4096}
        assert 3 * 2**20 <= vector_indexes._build_memory_kb(store(), "image_embedding", 16) < 4096 * 1024
        settings.XSEARCH = {**settings.XSEARCH, "INDEX_BUILD_MAX_MB": 1}
        assert vector_indexes._build_memory_kb(store(), "image_embedding", 16) >= 16 * 1024  # PostgreSQL's own setting

    def test_the_session_s_settings_are_as_before_afterwards(self, monkeypatch):
        during = []
        build = vector_indexes._build
        monkeypatch.setattr(vector_indexes, "_GRAPH_BYTES_A_ROW", 100 * 2**20)
        monkeypatch.setattr(
            vector_indexes,
            "_build",
            lambda own, *given: during.append(shown("maintenance_work_mem", own)) or build(own, *given),
        )
        before = shown("maintenance_work_mem")
        products(range(3))
        run()
        assert during == ["300MB", "300MB", before]  # texts, photos, and the rows of further photos, which are none
        assert shown("maintenance_work_mem") == before
        assert is_indexed()

    def test_where_shared_memory_is_short_one_process_builds_it(self, monkeypatch):
        build, tries = vector_indexes._build, []

        def short_of_memory(own, *given):
            tries.append(shown("max_parallel_maintenance_workers", own))
            if tries[-1] != "0":
                build(own, *given)  # leaves something behind
                raise OperationalError("could not resize shared memory segment: No space left on device")
            build(own, *given)

        monkeypatch.setattr(vector_indexes, "_build", short_of_memory)
        products(range(3))
        run()
        assert tries == ["2", "0"] * 3  # texts, photos, further photos
        assert is_indexed()


class TestRows:
    def versions(self, model=Product):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, ctid::text FROM {model._meta.db_table} ORDER BY 1")
            return cursor.fetchall()

    def test_each_row_is_written_once(self):
        products(range(3))
        before = self.versions()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE writings (id bigint) ON COMMIT DROP;"
                "CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN INSERT INTO writings VALUES (NEW.id); RETURN NULL; END $$;"
                "CREATE TRIGGER note AFTER UPDATE ON shop_product FOR EACH ROW EXECUTE FUNCTION pg_temp.note()"
            )
            run()
            cursor.execute("SELECT count(*) FROM writings")
            assert cursor.fetchone()[0] == len(before)

    def test_what_comes_out_the_same_is_not_written_anew(self):
        product, *_ = products(range(3))
        ProductPhoto.objects.create(product=product, image=picture_file(9))
        run()
        before = self.versions(), self.versions(ProductPhoto)
        marking.mark_stale(get_index(Product), forced=True)
        assert run().indexed == 3
        assert (self.versions(), self.versions(ProductPhoto)) == before

    def test_objects_with_different_changes_are_written_together(self):
        changed, without, new = [*products(range(2)), add("B")]
        run()
        changed.title = "Sack"
        changed.save()
        without.photo = ""
        without.save()
        new.photo = picture_file(5)
        new.save()
        assert run().indexed == 3
        for product in (changed, without, new):
            product.refresh_from_db()
        assert is_vector(changed.text_embedding, "Sack\nA0")
        assert is_vector(changed.image_embedding, picture(0))
        assert without.image_embedding is None
        assert is_vector(without.text_embedding, "Thing\nA1")
        assert is_vector(new.image_embedding, picture(5))
