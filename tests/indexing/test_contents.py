"""From a product to its vectors: what is encoded, what is not again, and what happens to bad input."""

import io

import pytest
from django.core.files.storage import Storage
from django.db import connection
from PIL import Image

from shop.models import Brand, Product, ProductPhoto
from tests.support.encoders import HashEncoder
from tests.support.indexing import add, is_vector, make_due, picture, picture_file, record, run, settled, statuses
from xsearch.indexing import pipeline, worker
from xsearch.models import EncoderSpace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


def fresh(obj):
    return type(obj).objects.get(pk=obj.pk)


class TestWhatIsEncoded:
    @pytest.fixture
    def product(self):
        product = add("A", "Red bag", photo=1, description="Holds a lot.")
        settled()
        return product

    def test_a_product_gets_its_vectors_document_and_record(self, product):
        row, found = fresh(product), record(product)
        assert is_vector(row.text_embedding, "Red bag\nA\nHolds a lot.")
        assert is_vector(row.image_embedding, picture(1))
        assert "'bag':2A" in row.search_document
        assert (found.status, found.attempts, found.last_error, found.claim) == ("indexed", 0, "", None)
        assert found.fingerprints == {"text": "hash:16:1", "image": "hash:16:1"}
        assert found.phrases == ["Red bag", "A"]
        assert found.indexed_at

    def test_a_change_of_nothing_that_is_read_encodes_nothing(self, product):
        product.price, product.in_stock = 5, False
        product.save()
        assert run().indexed == 1
        assert HashEncoder.calls == []

    def test_only_what_changed_is_encoded(self, product):
        product.title = "Blue bag"
        product.save()
        run()
        assert HashEncoder.calls == [("text", 1)]
        HashEncoder.calls.clear()
        product.photo = picture_file(2)
        product.save()
        run()
        assert HashEncoder.calls == [("image", 1)]
        assert is_vector(fresh(product).image_embedding, picture(2))

    def test_of_a_product_s_photos_only_the_new_one_is_encoded(self, product):
        photos = [ProductPhoto.objects.create(product=product, image=picture_file(n)) for n in (2, 3)]
        run()
        assert HashEncoder.calls == [("image", 2)]
        HashEncoder.calls.clear()
        photos[0].image = picture_file(4)
        photos[0].save()
        run()
        assert HashEncoder.calls == [("image", 1)]
        assert is_vector(fresh(photos[0]).image_embedding, picture(4))
        assert is_vector(fresh(photos[1]).image_embedding, picture(3))
        keys = {"image", "text", "document", *(f"image:photos:{photo.pk}" for photo in photos)}
        assert record(product).source_hashes.keys() == keys

    def test_the_same_photo_under_another_name_is_not_encoded_again(self, product):
        product.photo = picture_file(1, name="renamed.png")
        product.save()
        run()
        assert HashEncoder.calls == []

    def test_a_renamed_brand_reaches_the_document_and_the_vector(self, product):
        product.brand = Brand.objects.create(name="Acme")
        product.save()
        run()
        product.brand.name = "Zenith"
        product.brand.save()
        run()
        assert "zenith" in fresh(product).search_document
        assert "acm" not in fresh(product).search_document

    def test_many_photos_are_encoded_in_groups_that_fit_into_memory(self, monkeypatch):
        monkeypatch.setattr(pipeline, "MAX_BYTES", 3 * 8 * 8 * 3)
        for number in range(7):
            add(f"B{number}", photo=number)
        run()
        assert [size for modality, size in HashEncoder.calls if modality == "image"] == [3, 3, 1]
        assert Product.objects.exclude(image_embedding=None).count() == 7

    def test_a_switched_off_column_stays_empty(self, use_encoder):
        use_encoder(more={"EMBEDDINGS": {"text": None, "image": None, "audio": None}})
        product = add("B", photo=1)
        run()
        row = fresh(product)
        assert (row.text_embedding, row.image_embedding) == (None, None)
        assert row.search_document
        assert record(product).status == "indexed"


class TestWhatIsMissing:
    def test_a_product_without_a_photo_has_no_photo_vector(self):
        product = add("A")
        assert run().failed == 0
        assert fresh(product).image_embedding is None
        assert record(product).status == "indexed"

    def test_a_product_without_a_word_has_no_text_vector(self, register):
        from tests.showcase.models import Furniture

        register(Furniture, text={"A": ["title"]}, image="front")
        sofa = Furniture.objects.create(title="", front=picture_file(1))
        assert run(Furniture).failed == 0
        row = fresh(sofa)
        assert row.text_embedding is None
        assert row.search_document == ""
        assert is_vector(row.image_embedding, picture(1))

    def test_words_that_are_taken_away_take_their_vector_along(self, register):
        from tests.showcase.models import Furniture

        register(Furniture, text={"A": ["title"]})
        sofa = Furniture.objects.create(title="Sofa")
        run(Furniture)
        sofa.title = ""
        sofa.save()
        run(Furniture)
        assert fresh(sofa).text_embedding is None

    def test_a_photo_that_is_taken_away_takes_its_vector_along(self):
        product = add("A", photo=1)
        run()
        product.photo = ""
        product.save()
        run()
        assert fresh(product).image_embedding is None
        assert "image" not in record(product).source_hashes

    def test_of_two_places_for_a_photo_the_first_that_has_one_counts(self, register):
        from tests.showcase.models import Furniture

        register(Furniture, image=["front", "back"])
        both = Furniture.objects.create(title="a", front=picture_file(1), back=picture_file(2))
        only_back = Furniture.objects.create(title="b", back=picture_file(2))
        run(Furniture)
        assert is_vector(fresh(both).image_embedding, picture(1))
        assert is_vector(fresh(only_back).image_embedding, picture(2))
        both.front = ""
        both.save()
        run(Furniture)
        assert is_vector(fresh(both).image_embedding, picture(2))


def bomb():
    stream = io.BytesIO()
    Image.new("1", (9000, 9000)).save(stream, "PNG")
    return stream.getvalue()


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "photo|image"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "A.png"),
            (picture(1)[:60], "A.png"),
            (bomb(), "pixel"),
        ],
    )
    def test_a_broken_photo_fails_with_its_name_and_leaves_the_words_searchable(self, content, reason):
        import re

        product = add("A", photo=content)
        good = add("B", photo=2)
        report = run()
        assert (report.indexed, report.failed) == (1, 1)
        row, found = fresh(product), record(product)
        assert found.status == "failed"
        assert found.last_error.startswith("image products/A")
        assert re.search(reason, found.last_error)
        assert row.image_embedding is None
        assert is_vector(row.text_embedding, "Thing\nA")
        assert row.search_document
        assert is_vector(fresh(good).image_embedding, picture(2))

    def test_a_photo_over_the_limit_names_the_limit(self, use_encoder):
        use_encoder(more={"IMAGE_MAX_BYTES": 200})
        product = add("A", photo=1)
        run()
        assert "larger than 200 bytes; raise IMAGE_MAX_BYTES in XSEARCH" in record(product).last_error

    def test_a_file_that_the_storage_lost_fails_once_and_clears_the_old_vector(self):
        product = add("A", photo=1)
        run()
        product.photo.storage.delete(product.photo.name)
        product.save()
        run()
        assert fresh(product).image_embedding is None
        assert "not in the storage" in record(product).last_error
        make_due()
        assert run().handled == 0

    def test_a_name_that_leads_out_of_the_storage_is_refused(self):
        product = add("A")
        Product.objects.filter(pk=product.pk).update(photo="../../etc/passwd")
        run()
        assert "not in the storage (SuspiciousFileOperation)" in record(product).last_error

    def test_a_good_photo_after_a_bad_one_heals_the_product(self):
        product = add("A", photo=b"nonsense")
        run()
        product.photo = picture_file(1)
        product.save()
        run()
        assert is_vector(fresh(product).image_embedding, picture(1))
        assert (record(product).status, record(product).last_error) == ("indexed", "")

    def test_one_bad_photo_of_several_spoils_only_itself(self):
        product = add("A", photo=1)
        bad = ProductPhoto.objects.create(product=product, image=add_file(b"nonsense"))
        good = ProductPhoto.objects.create(product=product, image=picture_file(2))
        run()
        assert record(product).status == "failed"
        assert fresh(bad).image_embedding is None
        assert is_vector(fresh(good).image_embedding, picture(2))
        assert is_vector(fresh(product).image_embedding, picture(1))


def add_file(content, name="photo.png"):
    from django.core.files.base import ContentFile

    return ContentFile(content, name=name)


class Outage(Storage):
    """A storage whose server does not answer."""

    def open(self, name, mode="rb"):
        raise ConnectionError("the storage does not answer")


class TestOutages:
    def test_a_storage_that_is_down_costs_no_vector_and_is_tried_again(self, monkeypatch):
        product = add("A", "Bag", photo=1)
        settled()
        product.title = "Sack"
        product.save()
        field = Product._meta.get_field("photo")
        with monkeypatch.context() as patch:
            patch.setattr(field, "storage", Outage())
            assert run().failed == 1
        found, row = record(product), fresh(product)
        assert "ConnectionError: the storage does not answer" in found.last_error
        assert (found.status, found.attempts) == ("failed", 1)
        assert is_vector(row.image_embedding, picture(1))
        assert is_vector(row.text_embedding, "Sack\nA")
        make_due()
        assert run().indexed == 1
        assert is_vector(fresh(product).image_embedding, picture(1))

    def test_a_property_of_the_shop_that_fails_costs_nothing_that_was_indexed(self, monkeypatch, register):
        from tests.showcase.models import Furniture

        monkeypatch.setattr(Furniture, "blurb", property(lambda self: self.title.upper()), raising=False)
        register(Furniture, text={"A": ["title", "blurb"]})
        sofa, chair = Furniture.objects.create(title="Sofa"), Furniture.objects.create(title="Chair")
        run(Furniture)

        def blurb(self):
            if self.title == "Sofa":
                raise KeyError("no blurb")
            return "new"

        monkeypatch.setattr(Furniture, "blurb", property(blurb))
        sofa.save()
        chair.save()
        report = run(Furniture)
        assert (report.indexed, report.failed) == (1, 1)
        assert "KeyError" in record(sofa).last_error
        assert is_vector(fresh(sofa).text_embedding, "Sofa\nSOFA")
        assert is_vector(fresh(chair).text_embedding, "Chair\nnew")


class TestBadEncoders:
    def test_poison_spoils_only_itself(self, use_encoder):
        use_encoder("PickyEncoder")
        products = [add(f"A{n}", "poison" if n == 2 else "fine", photo=n) for n in range(5)]
        report = run()
        assert (report.indexed, report.failed) == (4, 1)
        bad = products[2]
        assert record(bad).last_error == "text: RuntimeError: cannot encode poison"
        assert fresh(bad).text_embedding is None
        assert is_vector(fresh(bad).image_embedding, picture(2))
        assert "poison" in fresh(bad).search_document
        assert all(is_vector(fresh(p).text_embedding, f"fine\n{p.sku}") for p in products if p is not bad)

    def test_an_encoder_that_cannot_load_leaves_the_words_searchable(self, use_encoder):
        use_encoder("BrokenEncoder")
        product = add("A", "Bag", photo=1)
        assert run().failed == 1
        row, found = fresh(product), record(product)
        assert "'bag':1A" in row.search_document
        assert row.text_embedding is None
        assert found.last_error == "The weights are missing; run: python manage.py xsearch_download"
        assert found.phrases == ["Bag", "A"]

    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            ({"BACKEND": "tests.support.encoders.NoSuchEncoder"}, "cannot be imported"),
            (
                {"BACKEND": "tests.support.encoders.HashEncoder", "OPTIONS": {"colour": "red"}},
                "cannot be made: TypeError",
            ),
            ({"BACKEND": "pathlib.Path"}, "is not an xsearch.encoders.Encoder"),
            ({}, "cannot be made: KeyError"),
        ],
    )
    def test_an_encoder_that_cannot_be_made_says_why(self, settings, spec, reason):
        settings.XSEARCH = {"ENCODERS": {"x": spec}, "EMBEDDINGS": {"text": "x", "image": None, "audio": None}}
        product = add("A", "Bag")
        run()
        assert reason in record(product).last_error
        assert fresh(product).search_document
        assert not EncoderSpace.objects.exists()

    def test_an_encoder_for_another_modality_is_named(self, settings):
        settings.XSEARCH = {"EMBEDDINGS": {"text": "logmel", "image": None, "audio": None}}
        product = add("A", "Bag")
        run()
        assert "is 'logmel', which encodes only audio" in record(product).last_error

    def test_vectors_that_are_no_numbers_are_refused(self, use_encoder, monkeypatch):
        monkeypatch.setattr(HashEncoder, "_vector", lambda self, _content: [float("nan")] * self.dimension)
        product = add("A", "Bag")
        run()
        assert "HashEncoder returned vectors of shape (1, 16), not finite ones of (1, 16)" in record(product).last_error
        assert fresh(product).search_document

    def test_failures_are_tried_again_ever_later_and_then_no_more(self, use_encoder):
        use_encoder("BrokenEncoder", more={"RETRY_BACKOFF_S": 30, "MAX_ATTEMPTS": 3})
        product = add("A")
        waits = []
        for _ in range(3):
            make_due()
            run()
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM not_before - indexed_at) FROM xsearch_indexrecord")
                waits.append(round(cursor.fetchone()[0]))
            assert run().handled == 0
        assert waits == [30, 60, 120]
        make_due()
        assert run().handled == 0
        assert record(product).attempts == 3

    def test_a_change_gives_a_failed_object_new_attempts(self, use_encoder):
        use_encoder("BrokenEncoder", more={"MAX_ATTEMPTS": 1})
        product = add("A")
        run()
        assert run().handled == 0
        use_encoder()
        product.save()
        assert run().indexed == 1

    def test_an_unexpected_failure_of_a_batch_spoils_only_its_cause(self, monkeypatch):
        products = [add(f"A{n}", photo=n) for n in range(4)]
        write = worker.writing.write

        def fail_on_one(index, jobs, live):
            if any(job.obj.sku == "A1" for job in jobs):
                raise LookupError("of A1")
            return write(index, jobs, live)

        monkeypatch.setattr(worker.writing, "write", fail_on_one)
        report = run()
        assert (report.indexed, report.failed) == (3, 1)
        assert record(products[1]).last_error == "LookupError: of A1"
        assert record(products[1]).claim is None
        assert sorted(statuses().values()) == ["failed", "indexed", "indexed", "indexed"]
