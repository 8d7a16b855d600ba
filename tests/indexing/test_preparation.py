"""Values that ``prepare_<name>`` of an index computes: when, how often, of what type, and what an error leaves."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.showcase.models import Furniture, Instrument, InstrumentPhoto, Offer
from tests.support.encoders import HashEncoder
from tests.support.indexing import marked, picture_file, record, run, statuses
from xsearch.checks.indexes import check_index
from xsearch.index.registry import get_index
from xsearch.indexing import marking
from xsearch.models import IndexRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture
def furniture(register):
    """Register furniture with values from its offers; returns the numbers of objects in each call."""
    calls = []

    def offers_of(objects):
        found = defaultdict(list)
        for offer in Offer.objects.filter(furniture__in=objects):
            found[offer.furniture_id].append(offer)
        return found

    def prepare_price(_index, objects):
        calls.append(len(objects))
        return {pk: min(offer.price for offer in offers) for pk, offers in offers_of(objects).items()}

    def prepare_size(_index, objects):
        found = offers_of(objects)
        return [[offer.size for offer in found[obj.pk]] for obj in objects]

    register(
        Furniture,
        text={"A": ["title"]},
        prepared={"price": Decimal, "size": str},
        depends_on=["offers"],
        filters=["price", "size"],
        prepare_price=prepare_price,
        prepare_size=prepare_size,
    )
    return calls


def registered_values(register, **methods):
    """Register furniture whose value ``x`` has the declared type; returns one indexed piece."""
    declared = {"prepared": {"x": methods.pop("type")}, "prepare_x": methods.pop("method")}
    register(Furniture, text={"A": ["title"]}, **declared)
    return Furniture.objects.create(title="Chair")


def kept(obj):
    return record(obj).values


class TestComputing:
    def test_values_of_a_batch_come_from_one_call(self, furniture):
        pieces = [Furniture.objects.create(title=f"Chair {number}") for number in range(30)]
        Offer.objects.create(furniture=pieces[3], price="12.50", size="M")
        Offer.objects.create(furniture=pieces[3], price="9.99", size="L")
        run(Furniture)
        assert furniture == [30]
        assert kept(pieces[3]) == {"price": [9.99], "size": ["L", "M"]}
        assert kept(pieces[4]) == {"price": [], "size": []}

    def test_they_are_computed_again_although_nothing_is_encoded(self, furniture):
        piece = Furniture.objects.create(title="Chair")
        run(Furniture)
        HashEncoder.calls.clear()
        Offer.objects.create(furniture=piece, price=5)
        run(Furniture)
        assert kept(piece)["price"] == [5]
        assert HashEncoder.calls == []

    def test_saving_and_deleting_a_row_that_they_depend_on_marks_the_object(self, furniture):
        piece, other = Furniture.objects.create(title="Chair"), Furniture.objects.create(title="Table")
        run(Furniture)
        assert marked(piece, lambda: Offer.objects.create(furniture=piece, price=5))
        assert marked(piece, Offer.objects.get().save)
        assert not marked(other, Offer.objects.get().save)
        assert marked(piece, Offer.objects.get().delete)

    def test_an_object_costs_no_statement_of_its_own(self, furniture):
        def statements(count):
            Furniture.objects.all().delete()
            for number in range(count):
                piece = Furniture.objects.create(title=f"Chair {number}")
                Offer.objects.create(furniture=piece, price=number)
            with CaptureQueriesContext(connection) as seen:
                run(Furniture)
            return len(seen)

        statements(1)  # the space of the vectors is opened
        assert statements(3) == statements(30)

    def test_a_companion_and_photo_rows_keep_them_too(self, register):
        register(
            Instrument,
            text={"A": ["name"]},
            image="instrumentphoto__file",
            store="vectors",
            prepared={"price": Decimal},
            depends_on=["offers"],
            prepare_price=lambda _index, objects: [obj.offers.first().price for obj in objects],
        )
        flute = Instrument.objects.create(name="Flute")
        InstrumentPhoto.objects.create(instrument=flute, file=picture_file())
        Offer.objects.create(instrument=flute, price="199.90")
        run(Instrument)
        assert kept(flute) == {"price": [199.9]}

    def test_a_value_that_was_declared_later_is_found_missing(self, furniture):
        piece = Furniture.objects.create(title="Chair")
        run(Furniture)
        get_index(Furniture).prepared["new"] = str
        get_index(Furniture).prepare_new = lambda objects: ["x" for _ in objects]
        marking.mark_stale(get_index(Furniture))
        assert statuses(Furniture) == {str(piece.pk): "pending"}
        run(Furniture)
        assert kept(piece)["new"] == ["x"]
        marking.mark_stale(get_index(Furniture))
        assert statuses(Furniture) == {str(piece.pk): "indexed"}

    def test_a_record_of_the_release_before_gets_no_values(self):
        """Its processes go on for a while after the migration; they name no values in their statements."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO xsearch_indexrecord (content_type_id, object_id, status, revision, forced, source_hashes,"
                " fingerprints, phrases, attempts, last_error, marked_at, not_before)"
                " SELECT min(id), '1', 'pending', 1, false, '{}', '{}', '[]', 0, '', now(), now()"
                " FROM django_content_type"
            )
        assert IndexRecord.objects.get().values == {}


class TestTypes:
    @pytest.mark.parametrize(
        ("declared", "value", "stored"),
        [
            (Decimal, Decimal("1234567.89"), [1234567.89]),
            (float, 0.1, [0.1]),
            (int, 7, [7]),
            (int, Decimal("7.00"), [7]),
            (int, [3, 1, None, 3], [1, 3]),
            (str, "L", ["L"]),
            (str, ("b", "", "a", "b"), ["a", "b"]),
            (str, "a\x00b", ["ab"]),
            (bool, False, [False]),
            (date, date(2026, 1, 2), ["2026-01-02"]),
            (datetime, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), ["2026-01-02T03:04:00+00:00"]),
            (str, None, []),
            (str, [], []),
        ],
    )
    def test_values_are_kept_as_what_they_are(self, register, declared, value, stored):
        piece = registered_values(register, type=declared, method=lambda _index, objects: {objects[0].pk: value})
        run(Furniture)
        assert record(piece).last_error == ""
        assert kept(piece) == {"x": stored}

    @pytest.mark.parametrize(
        ("declared", "value", "told"),
        [
            (Decimal, "12", "prepare_x must return numbers, not '12' (str)."),
            (int, True, "prepare_x must return numbers, not 'True' (bool)."),
            (float, float("nan"), "prepare_x must return numbers, not 'nan' (float)."),
            (bool, 1, "prepare_x must return True or False, not '1' (int)."),
            (date, "2026-01-02", "prepare_x must return dates, not '2026-01-02' (str)."),
            (str, "x" * 301, "prepare_x must return texts of at most 300 characters, not"),
            (int, list(range(101)), "prepare_x returned 101 values for an object; at most 100."),
        ],
    )
    def test_a_value_of_another_type_fails_with_what_is_allowed(self, register, declared, value, told):
        piece = registered_values(register, type=declared, method=lambda _index, objects: {objects[0].pk: value})
        run(Furniture)
        assert told in record(piece).last_error
        assert record(piece).status == "failed"

    def test_a_list_must_have_a_value_for_each_object(self, register):
        piece = registered_values(register, type=int, method=lambda _index, _objects: [1, 2])
        run(Furniture)
        assert "returned 2 values for 1 objects. Return one for each" in record(piece).last_error


class TestErrors:
    def test_only_the_object_at_fault_fails_and_loses_nothing(self, furniture):
        good, bad = Furniture.objects.create(title="Chair"), Furniture.objects.create(title="Table")
        for piece in (good, bad):
            Offer.objects.create(furniture=piece, price=5, size="M")
        run(Furniture)
        bad.title = "Round table"
        bad.save()
        Offer.objects.filter(furniture=bad).update(size="L")
        Offer.objects.create(furniture=bad, price=None, size="L")
        good.save()
        run(Furniture)
        bad.refresh_from_db()
        assert statuses(Furniture) == {str(good.pk): "indexed", str(bad.pk): "failed"}
        assert record(bad).last_error.startswith("prepare_price: TypeError: '<' not supported")
        assert kept(good) == {"price": [5], "size": ["M"]}
        assert kept(bad) == {"price": [5], "size": ["L"]}
        assert "round" in str(bad.search_document)

    def test_an_error_of_the_database_spoils_nothing(self, register):
        def prepare(_index, objects):
            return [Furniture.objects.extra(select={"x": "1/0"}).values_list("x", flat=True)[0] for _ in objects]

        piece = registered_values(register, type=int, method=prepare)
        run(Furniture)
        piece.refresh_from_db()
        assert "prepare_x: DataError: division by zero" in record(piece).last_error
        assert piece.search_document is not None


class TestDeclaration:
    def test_a_type_without_a_method_a_method_without_a_type_and_a_wrong_type_are_errors(self, register):
        register(Furniture, text={"A": ["title"]}, prepared={"a": str, "b": list}, prepare_b=None, prepare_c=print)
        found = [(message.id, message.msg) for message in check_index(get_index(Furniture))]
        label = "showcase.Furniture: "
        assert found == [
            ("xsearch.E070", label + "prepared['a'] has no method: write prepare_a(self, objects)."),
            (
                "xsearch.E070",
                label + "prepared['b'] is <class 'list'>. It must be one of these types: "
                "Decimal, int, float, str, bool, date, datetime.",
            ),
            ("xsearch.E070", label + "prepared['b'] has no method: write prepare_b(self, objects)."),
            (
                "xsearch.E070",
                label + "prepare_c has no type: add 'c' to `prepared`, such as prepared = {'c': str}.",
            ),
        ]

    def test_what_they_depend_on_must_be_a_path(self, register):
        register(Furniture, text={"A": ["title"]}, depends_on=["offer"])
        [found] = check_index(get_index(Furniture))
        assert found.id == "xsearch.E010"
        assert "'offer'" in found.msg
