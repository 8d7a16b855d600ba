"""Several workers, and the shop, at the same time: nothing lost, nothing twice, no save in anybody's way."""

import signal
import threading
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction

from shop.models import Product, ProductPhoto
from tests.support.encoders import HashEncoder
from tests.support.indexing import (
    add,
    expire_leases,
    is_vector,
    make_due,
    picture,
    picture_file,
    record,
    records,
    run,
    settled,
    start_process,
    statuses,
    wait_until,
)
from xsearch.index.registry import get_index
from xsearch.indexing import outbox, worker, writing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


def fresh(obj):
    return type(obj).objects.get(pk=obj.pk)


def in_thread(function):
    """Run ``function`` with a database connection of its own; returns a function that waits for its result."""
    outcome = {}

    def target():
        try:
            outcome["result"] = function()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome["error"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=target)
    thread.start()

    def result():
        thread.join(60)
        assert not thread.is_alive(), "it waits for something"
        if "error" in outcome:
            raise outcome["error"]
        return outcome["result"]

    return result


@contextmanager
def while_encoding(monkeypatch, action):
    """Run ``action`` once, after objects were read and before anything is written."""
    write, done = writing.write, []

    def interrupted(index, jobs, live):
        if not done:
            done.append(True)
            action()
        return write(index, jobs, live)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", interrupted)
        yield
    assert done


class TestClaims:
    def test_two_workers_take_different_objects(self):
        for number in range(6):
            add(f"A{number}")
        index = get_index(Product)
        first, second, third = (outbox.claim(index, 3) for _ in range(3))
        assert len({r.pk for r in first} | {r.pk for r in second}) == 6
        assert third == []

    def test_workers_side_by_side_index_each_object_once(self):
        for number in range(24):
            add(f"A{number}", photo=number)
        reports = [in_thread(lambda: run(batch_size=2)) for _ in range(3)]
        assert sum(result().indexed for result in reports) == 24
        assert sum(size for modality, size in HashEncoder.calls if modality == "image") == 24
        assert set(statuses().values()) == {"indexed"}

    def test_a_claim_waits_for_nobody(self):
        one, two = add("A"), add("B")
        with transaction.atomic():
            Product.objects.get(pk=one.pk).save()  # its record is locked now
            claimed = in_thread(lambda: outbox.claim(get_index(Product), 9))()
        assert [r.object_id for r in claimed] == [str(two.pk)]

    def test_a_released_claim_is_free_at_once(self):
        add("A")
        index = get_index(Product)
        outbox.release(outbox.claim(index, 9))
        assert len(outbox.claim(index, 9)) == 1

    def test_a_worker_that_is_stopped_releases_its_whole_batch(self, monkeypatch):
        for number in range(3):
            add(f"A{number}")

        def stop():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), while_encoding(monkeypatch, stop):
            run()
        assert not records().exclude(claim=None).exists()
        assert run().indexed == 3


class TestLeases:
    def test_a_worker_that_was_believed_dead_writes_nothing(self, monkeypatch):
        product = add("A", "Old", photo=1)

        def take_over():
            product.title = "New"
            product.save()
            expire_leases()
            assert in_thread(run)().indexed == 1

        with while_encoding(monkeypatch, take_over):
            assert run().indexed == 0
        assert is_vector(fresh(product).text_embedding, "New\nA")
        assert "'new':1A" in fresh(product).search_document
        assert record(product).status == "indexed"

    def test_an_expired_lease_that_nobody_took_over_still_counts(self, monkeypatch):
        product = add("A")
        with while_encoding(monkeypatch, expire_leases):
            assert run().indexed == 1
        assert record(product).status == "indexed"


class TestChangesMeanwhile:
    def test_a_product_deleted_while_it_is_indexed_leaves_nothing(self, monkeypatch):
        gone, kept = add("A", photo=1), add("B", photo=2)
        ProductPhoto.objects.create(product=gone, image=picture_file(3))
        with while_encoding(monkeypatch, lambda: Product.objects.get(pk=gone.pk).delete()):
            assert run().indexed == 1
        assert statuses() == {str(kept.pk): "indexed"}
        assert is_vector(fresh(kept).image_embedding, picture(2))

    def test_a_row_deleted_by_raw_sql_while_it_is_indexed_is_forgotten(self, monkeypatch):
        product = add("A")

        def delete():
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM shop_product")

        with while_encoding(monkeypatch, delete):
            assert run().handled == 0
        expire_leases()
        assert run().forgotten == 1
        assert statuses() == {}
        assert product.pk

    def test_a_product_changed_while_it_is_indexed_is_indexed_again(self, monkeypatch):
        product = add("A", "Old", photo=1)

        def change():
            product.title = "New"
            product.save()

        with while_encoding(monkeypatch, change):
            assert run().handled == 2
        assert is_vector(fresh(product).text_embedding, "New\nA")
        assert record(product).status == "indexed"
        assert [call for call in HashEncoder.calls if call[0] == "image"] == [("image", 1)]

    def test_a_change_during_a_failure_is_tried_at_once(self, monkeypatch, use_encoder):
        use_encoder("PickyEncoder", more={"MAX_ATTEMPTS": 1})
        product = add("A", "poison")

        def change():
            product.title = "cured"
            product.save()

        with while_encoding(monkeypatch, change):
            report = run()
        assert (report.indexed, report.failed) == (1, 1)
        assert (record(product).status, record(product).attempts) == ("indexed", 0)

    def test_a_photo_deleted_while_it_is_encoded_does_no_harm(self, monkeypatch):
        product = add("A", photo=1)
        photo = ProductPhoto.objects.create(product=product, image=picture_file(2))
        with while_encoding(monkeypatch, photo.delete):
            run()
        assert record(product).status == "indexed"
        assert f"image:photos:{photo.pk}" not in record(product).source_hashes

    def test_two_saves_at_once_end_with_the_last_one_indexed(self):
        product = add("A", "Zero")
        settled()
        barrier = threading.Barrier(2)

        def save(title):
            mine = Product.objects.get(pk=product.pk)
            mine.title = title
            barrier.wait(10)
            mine.save()

        for result in [in_thread(lambda title=title: save(title)) for title in ("One", "Two")]:
            result()
        run()
        row = fresh(product)
        assert row.title in {"One", "Two"}
        assert is_vector(row.text_embedding, f"{row.title}\nA")

    def test_the_first_two_saves_of_one_record_do_not_collide(self):
        Product.objects.bulk_create([Product(sku="A", title="x")])
        barrier = threading.Barrier(2)

        def save():
            mine = Product.objects.get(sku="A")
            barrier.wait(10)
            mine.save()

        for result in [in_thread(save) for _ in range(2)]:
            result()
        assert records().count() == 1


class TestRowsThatTheShopHolds:
    """A save must never wait for, or be the victim of a deadlock with, a worker."""

    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch):
        monkeypatch.setattr(writing, "_PAUSES_S", (0.01,))
        monkeypatch.setattr(writing, "_LEFT_ALONE_S", 3600.0)
        monkeypatch.setattr(worker, "settle", lambda _index: None)  # PostgreSQL builds indexes after the transaction

    def held(self, lock, free_object=None):
        """Run a worker while another transaction holds what ``lock`` locks; returns its report."""
        locked, done = threading.Event(), threading.Event()

        def hold():
            with transaction.atomic():
                lock()
                locked.set()
                done.wait(30)

        holder = in_thread(hold)
        assert locked.wait(30)
        try:
            return in_thread(run)()
        finally:
            done.set()
            holder()

    def test_a_worker_leaves_a_locked_product_and_writes_the_others(self):
        busy, free = add("A"), add("B")
        report = self.held(lambda: Product.objects.filter(pk=busy.pk).update(price=3))
        assert report.indexed == 1
        assert statuses() == {str(busy.pk): "pending", str(free.pk): "indexed"}
        assert record(busy).claim is None
        assert run().handled == 0  # it is left alone for a while
        make_due()
        assert run().indexed == 1

    def test_a_worker_leaves_a_product_whose_photo_row_is_locked(self):
        product = add("A", photo=1)
        ProductPhoto.objects.create(product=product, image=picture_file(2))
        assert self.held(lambda: ProductPhoto.objects.update(position=2)).handled == 0
        make_due()
        assert run().indexed == 1

    def test_a_product_marked_in_a_long_transaction_comes_after_it(self, monkeypatch):
        product = add("A", "Old")
        locked, done = threading.Event(), threading.Event()

        def save_slowly():
            with transaction.atomic():
                mine = Product.objects.get(pk=product.pk)
                mine.title = "New"
                mine.save()
                locked.set()
                done.wait(30)

        holders = []

        def hold():
            holders.append(in_thread(save_slowly))
            assert locked.wait(30)

        with while_encoding(monkeypatch, hold):
            assert run().handled == 0
        done.set()
        holders[0]()
        assert record(product).status == "pending"
        expire_leases()
        make_due()
        assert run().indexed == 1
        assert is_vector(fresh(product).text_embedding, "New\nA")

    def test_saves_in_any_order_meet_no_deadlock_with_workers(self):
        products = [add(f"A{number}") for number in range(8)]

        def shop(order):
            for turn in range(6):
                with transaction.atomic():
                    for product in order:
                        Product.objects.filter(pk=product.pk).update(price=turn)
                        Product.objects.get(pk=product.pk).save()

        saves = in_thread(lambda: shop(products[::-1]))
        workers = [in_thread(lambda: [run(batch_size=8) for _ in range(6)]) for _ in range(2)]
        try:
            saves()
        except OperationalError as error:
            raise AssertionError("a save was sacrificed") from error
        for wait in workers:
            wait()
        expire_leases()
        make_due()
        run()
        assert set(statuses().values()) == {"indexed"}

    def test_hiding_is_put_off_while_the_row_is_held(self, register):
        import xsearch
        from tests.showcase.models import Furniture
        from xsearch.index.registry import unregister

        class Visible(xsearch.Index):
            text = {"A": ["title"]}

            def get_queryset(self):
                return Furniture.objects.exclude(title="hidden")

        xsearch.register(Furniture)(Visible)
        try:
            sofa = Furniture.objects.create(title="Sofa")
            run(Furniture)
            sofa.title = "hidden"
            sofa.save()
            locked, done = threading.Event(), threading.Event()

            def hold():
                with transaction.atomic():
                    Furniture.objects.update(title="hidden")
                    locked.set()
                    done.wait(30)

            holder = in_thread(hold)
            assert locked.wait(30)
            assert in_thread(lambda: run(Furniture))().handled == 0
            done.set()
            holder()
            make_due(Furniture)
            assert run(Furniture).forgotten == 1
            assert fresh(sofa).search_document is None
        finally:
            unregister(Furniture)


class TestProcesses:
    """Real processes, really killed."""

    @pytest.fixture
    def start(self, tmp_path, settings):
        processes = []

        def start():
            spec = {"BACKEND": "tests.support.encoders.SlowEncoder", "OPTIONS": {"folder": str(tmp_path)}}
            process = start_process(
                "manage.py",
                "xsearch_index",
                XSEARCH={
                    "ENCODERS": {"test": spec},
                    "EMBEDDINGS": {"text": "test", "image": "test", "audio": None},
                    "TRANSCRIBERS": [],
                },
                MEDIA_ROOT=settings.MEDIA_ROOT,
            )
            processes.append(process)
            wait_until(lambda: (tmp_path / "begun").exists() or process.poll() is not None)
            assert process.poll() is None, process.stdout.read()
            return process

        yield start
        for process in processes:
            process.kill()
            process.communicate()

    def test_what_a_killed_worker_held_is_indexed_by_another_after_its_lease(self, start):
        for number in range(3):
            add(f"A{number}")
        process = start()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert records().exclude(claim=None).count() == 3
        assert run().handled == 0
        expire_leases()
        assert run().indexed == 3

    def test_a_terminated_worker_gives_back_what_it_held(self, start):
        for number in range(3):
            add(f"A{number}")
        process = start()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) != 0
        assert not records().exclude(claim=None).exists()
        assert run().indexed == 3


class TestKilledInTheMiddle:
    """Two real workers on one catalogue, one of them killed: every product once, but for what it held."""

    PRODUCTS = 80

    @pytest.fixture
    def start(self, tmp_path, settings):
        processes = []

        def start():
            spec = {"BACKEND": "tests.support.encoders.DiaryEncoder", "OPTIONS": {"folder": str(tmp_path)}}
            chosen = {
                "ENCODERS": {"test": spec},
                "EMBEDDINGS": {"text": "test", "image": None, "audio": None},
                "TRANSCRIBERS": [],
                "LEASE_S": 3,
            }
            arguments = ["manage.py", "xsearch_index", "--batch-size", "4"]
            processes.append(start_process(*arguments, XSEARCH=chosen, MEDIA_ROOT=settings.MEDIA_ROOT))
            return processes[-1]

        yield start
        for process in processes:
            process.kill()
            process.communicate()

    @pytest.fixture
    def writings(self):
        """Count in the database how often each object is written."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE writings (object_id text);"
                "CREATE FUNCTION note_writing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " INSERT INTO writings VALUES (NEW.object_id); RETURN NULL; END $$;"
                "CREATE TRIGGER note_writing AFTER UPDATE ON xsearch_indexrecord FOR EACH ROW"
                " WHEN (OLD.indexed_at IS DISTINCT FROM NEW.indexed_at) EXECUTE FUNCTION note_writing()"
            )

        def counted():
            with connection.cursor() as cursor:
                cursor.execute("SELECT object_id, count(*) FROM writings GROUP BY 1")
                return dict(cursor.fetchall())

        yield counted
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE writings; DROP FUNCTION note_writing() CASCADE")

    def test_the_other_worker_does_its_share_once_more_and_nothing_else(self, start, writings, tmp_path):
        for number in range(self.PRODUCTS):
            add(f"A{number}", f"Thing {number}")

        def diary(process):
            path = tmp_path / f"{process.pid}.diary"
            return path.read_text().splitlines() if path.exists() else []

        killed, survivor = start(), start()
        wait_until(lambda: len(diary(killed)) >= 12 and len(diary(survivor)) >= 4)
        killed.send_signal(signal.SIGKILL)
        killed.wait(30)
        out, _ = survivor.communicate(timeout=60)
        assert survivor.returncode == 0, out
        assert set(statuses().values()) == {"indexed"}
        assert writings() == {str(product.pk): 1 for product in Product.objects.all()}
        first, second = diary(killed), diary(survivor)
        assert len(set(first)) == len(first)
        assert len(set(second)) == len(second)
        assert set(first) | set(second) == {f"Thing {number}" for number in range(self.PRODUCTS)}
        in_flight = set(first) & set(second)
        assert len(in_flight) <= 3 * 4  # no more than it had claimed


class TestLivingWorkers:
    def test_a_slow_batch_stays_its_worker_s(self, use_encoder, tmp_path):
        use_encoder("SlowEncoder", more={"LEASE_S": 2}, folder=str(tmp_path))
        product = add("A")
        slow = in_thread(run)
        wait_until((tmp_path / "begun").exists)
        claimed_until = record(product).claimed_until
        wait_until(lambda: record(product).claimed_until > claimed_until)
        (tmp_path / "go").touch()
        assert slow().indexed == 1

    def test_renewing_waits_for_nobody_and_takes_nothing_back(self):
        mine, locked, lost = add("A"), add("B"), add("C")
        held = outbox.claim(get_index(Product), 9)
        expire_leases()
        records().filter(object_id=str(lost.pk)).update(claim=None)
        with transaction.atomic():
            Product.objects.get(pk=locked.pk).save()
            in_thread(lambda: outbox.renew(held))()
        now = {r.object_id: r.claimed_until.year > 2020 for r in records()}
        assert now == {str(mine.pk): True, str(locked.pk): False, str(lost.pk): False}
