"""Where vectors live: companions, photo rows, inherited tables; keys of other types."""

import pytest

import xsearch
from tests.showcase.models import (
    Bargain,
    Chair,
    Furniture,
    Instrument,
    InstrumentPhoto,
    InstrumentVectors,
    Maker,
    Shelf,
    Tag,
)
from tests.support.encoders import HashEncoder
from tests.support.indexing import is_vector, picture, picture_file, record, run, statuses
from xsearch.index.registry import get_index
from xsearch.indexing import vector_indexes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


class TestCompanion:
    @pytest.fixture(autouse=True)
    def _index(self, register):
        register(
            Instrument,
            text={"A": ["name"], "B": ["maker__name", "tags__name", "shelves__name"]},
            image=["picture", "instrumentphoto__file"],
            store="vectors",
        )

    def test_a_companion_is_made_and_filled(self):
        instrument = Instrument.objects.create(name="Flute", picture=picture_file(1))
        run(Instrument)
        vectors = InstrumentVectors.objects.get(instrument=instrument)
        assert is_vector(vectors.text_embedding, "Flute")
        assert is_vector(vectors.image_embedding, picture(1))
        assert vectors.search_document == "'flute':1A"
        assert record(instrument).object_id == str(instrument.pk)

    def test_a_companion_that_is_there_is_filled_and_kept(self):
        instrument = Instrument.objects.create(name="Flute")
        companion = InstrumentVectors.objects.create(instrument=instrument)
        run(Instrument)
        assert is_vector(InstrumentVectors.objects.get(pk=companion.pk).text_embedding, "Flute")
        HashEncoder.calls.clear()
        companion.save()
        instrument.save()
        run(Instrument)
        assert HashEncoder.calls == []
        assert is_vector(InstrumentVectors.objects.get(pk=companion.pk).text_embedding, "Flute")

    def test_texts_of_all_relations_are_read(self):
        instrument = Instrument.objects.create(name="Flute", maker=Maker.objects.create(name="Acme"))
        instrument.tags.add(Tag.objects.create(name="loud"), Tag.objects.create(name="silver"))
        instrument.shelves.add(Shelf.objects.create(name="top"))
        run(Instrument)
        vectors = instrument.vectors
        assert is_vector(vectors.text_embedding, "Flute\nAcme\nloud\nsilver\ntop")

    def test_photo_rows_without_a_related_name_keep_a_vector_each(self):
        instrument = Instrument.objects.create(name="Flute")
        photos = [InstrumentPhoto.objects.create(instrument=instrument, file=picture_file(n)) for n in (1, 2)]
        run(Instrument)
        for number, photo in enumerate(photos, start=1):
            photo.refresh_from_db()
            assert is_vector(photo.image_embedding, picture(number))
            assert f"image:instrumentphoto:{photo.pk}" in record(instrument).source_hashes

    def test_a_deleted_object_takes_everything_along(self):
        instrument = Instrument.objects.create(name="Flute", picture=picture_file(1))
        InstrumentPhoto.objects.create(instrument=instrument, file=picture_file(2))
        run(Instrument)
        instrument.delete()
        assert not InstrumentVectors.objects.exists()
        assert statuses(Instrument) == {}

    def test_a_search_finds_by_companion_and_photo_rows(self):
        flute = Instrument.objects.create(name="Flute", picture=picture_file(1))
        drum = Instrument.objects.create(name="Drum")
        InstrumentPhoto.objects.create(instrument=drum, file=picture_file(2))
        run(Instrument)
        assert xsearch.search(Instrument.objects.all(), text="flute").hits[0].object == flute
        assert xsearch.search(Instrument.objects.all(), image=picture(1)).hits[0].object == flute
        assert xsearch.search(Instrument.objects.all(), image=picture(2)).hits[0].object == drum

    def test_the_columns_of_every_table_get_their_index(self):
        Instrument.objects.create(name="Flute", picture=picture_file(1))
        run(Instrument)
        stores = get_index(Instrument).stores()
        assert {store.table for store in stores} == {"showcase_instrumentvectors", "showcase_instrumentphoto"}
        assert all(vector_indexes.has_index(store, store.column) for store in stores)


class TestProxy:
    def test_a_proxy_beside_its_model_costs_no_product_its_vector(self, register):
        register(Furniture, text={"A": ["title"]})
        register(Bargain, text={"A": ["title"]}, get_queryset=lambda _index: Bargain.objects.filter(title="Sofa"))
        sofa, table = (Furniture.objects.create(title=title) for title in ("Sofa", "Table"))
        run(Furniture)
        run(Bargain)
        for row in (sofa, table):
            row.refresh_from_db()
            assert is_vector(row.text_embedding, row.title)
        assert get_index(Bargain).model is Furniture
        assert [hit.object for hit in xsearch.search(Bargain.objects.all(), text="table").hits] == [
            Bargain(pk=table.pk)
        ]


class TestInheritedTable:
    def test_what_the_parent_hides_keeps_what_the_index_of_the_child_wrote(self, register):
        register(Furniture, text={"A": ["title"]}, get_queryset=lambda _index: Furniture.objects.filter(chair=None))
        register(Chair, text={"A": ["title"]})
        chair = Chair.objects.create(title="Armchair")
        run(Chair)
        chair.save()
        run(Furniture)
        run(Chair)
        assert is_vector(Furniture.objects.get(pk=chair.pk).text_embedding, "Armchair")
        assert statuses(Furniture) == {}

    def test_an_index_on_a_child_fills_the_columns_of_its_parent(self, register):
        register(Chair, text={"A": ["title"]}, image="front")
        chair = Chair.objects.create(title="Armchair", front=picture_file(1))
        table = Furniture.objects.create(title="Table")
        run(Chair)
        row = Furniture.objects.get(pk=chair.pk)
        assert is_vector(row.text_embedding, "Armchair")
        assert is_vector(row.image_embedding, picture(1))
        assert row.search_document
        assert Furniture.objects.get(pk=table.pk).text_embedding is None
        assert all(vector_indexes.has_index(store, store.column) for store in get_index(Chair).stores())

    def test_the_nearest_registered_model_indexes_an_object(self, register):
        register(Furniture, text={"A": ["title"]})
        assert get_index(Chair).model is Furniture
        register(Chair, text={"A": ["title"]})
        assert get_index(Chair).model is Chair
