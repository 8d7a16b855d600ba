"""Where vectors live: companions, photo rows, inherited tables; keys of other types."""

import pytest
from django.db.models import Count, Prefetch

import xsearch
from tests.showcase.models import (
    Album,
    Bargain,
    Chair,
    Furniture,
    Instrument,
    InstrumentPhoto,
    InstrumentVectors,
    Maker,
    Page,
    PageManager,
    Scan,
    ScanVectors,
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


def test_the_companion_of_a_photo_has_the_photos_vector(register):
    register(Instrument, store="vectors", text={"A": ["name"]}, image="scan_vectors__scan__file")
    flute, drum = (Instrument.objects.create(name=name) for name in ("Flute", "Drum"))
    scans = [Scan.objects.create(instrument=drum, file=picture_file(number)) for number in (1, 2)]
    rows = [ScanVectors.objects.create(instrument=drum, scan=scan) for scan in scans]
    run(Instrument)
    for number, row in enumerate(rows, start=1):
        row.refresh_from_db()
        assert is_vector(row.image_embedding, picture(number))
        assert xsearch.search(Instrument.objects.all(), image=picture(number)).hits[0].object == drum
    scans[0].file.save("other.png", picture_file(3))
    assert statuses(Instrument) == {str(flute.pk): "indexed", str(drum.pk): "pending"}


class TestQuerysetsOfShops:
    """What the index's queryset, or the manager of its photos, selects, prefetches and defers is of no consequence."""

    TEXT = {"A": ["name"], "B": ["maker__name", "tags__name"]}

    @pytest.mark.parametrize(
        "narrow",
        [
            lambda rows: rows.prefetch_related("instrumentphoto_set", "tags"),
            lambda rows: rows.prefetch_related(
                Prefetch("instrumentphoto_set", InstrumentPhoto.objects.order_by("-pk"))
            ),
            lambda rows: rows.prefetch_related(Prefetch("tags", Tag.objects.all(), to_attr="labels")),
            lambda rows: rows.select_related("maker__country", "vectors"),
            lambda rows: rows.only("name"),
            lambda rows: rows.defer("name", "maker"),
            lambda rows: rows.annotate(n=Count("instrumentphoto")).filter(n=2),
            lambda rows: rows.filter(instrumentphoto__isnull=False).distinct(),
            lambda rows: rows.order_by("-maker__name").reverse(),
        ],
        ids=["by name", "by queryset", "to an attribute", "joined", "only", "defer", "annotate", "distinct", "ordered"],
    )
    def test_every_vector_is_there(self, register, narrow):
        narrowed = lambda _index: narrow(Instrument.objects.all())  # noqa: E731
        register(Instrument, text=self.TEXT, image="instrumentphoto__file", store="vectors", get_queryset=narrowed)
        flute = Instrument.objects.create(name="Flute", maker=Maker.objects.create(name="Acme"))
        flute.tags.add(Tag.objects.create(name="loud"))
        photos = [InstrumentPhoto.objects.create(instrument=flute, file=picture_file(n)) for n in (1, 2)]
        run(Instrument)
        assert statuses(Instrument) == {str(flute.pk): "indexed"}
        assert is_vector(InstrumentVectors.objects.get().text_embedding, "Flute\nAcme\nloud")
        for number, photo in enumerate(photos, start=1):
            assert is_vector(InstrumentPhoto.objects.get(pk=photo.pk).image_embedding, picture(number))
        assert [hit.object for hit in xsearch.search(Instrument.objects.all(), image=picture(2)).hits] == [flute]

    @pytest.mark.parametrize(
        "narrow",
        [
            lambda rows: rows.prefetch_related("album"),
            lambda rows: rows.prefetch_related(Prefetch("album", Album.objects.all())),
            lambda rows: rows.select_related("album"),
            lambda rows: rows.defer("file"),
            lambda rows: rows.annotate(Count("album__pages")),
        ],
        ids=["prefetched", "by queryset", "joined", "defer", "annotate"],
    )
    def test_the_manager_of_the_photos_may_do_the_same(self, register, monkeypatch, narrow):
        monkeypatch.setattr(PageManager, "narrow", staticmethod(narrow))
        register(Album, text={"A": ["title"]}, image="pages__file")
        album = Album.objects.create(title="Roses")
        page = Page.objects.create(album=album, file=picture_file(1))
        gone = Page.objects.create(album=album, file=picture_file(2), is_deleted=True)
        run(Album)
        assert statuses(Album) == {str(album.pk): "indexed"}
        assert is_vector(Page._base_manager.get(pk=page.pk).image_embedding, picture(1))
        assert Page._base_manager.get(pk=gone.pk).image_embedding is None

    def test_soft_delete_by_the_default_manager_takes_the_vectors_away_and_gives_them_back(self, register):
        register(Album, text={"A": ["title"]})
        album = Album.objects.create(title="Roses")
        run(Album)
        album.is_deleted = True
        album.save()
        run(Album)
        assert not Album.objects.exists()
        assert Album._base_manager.get().text_embedding is None
        assert statuses(Album) == {}
        album.is_deleted = False
        album.save()
        run(Album)
        assert is_vector(Album.objects.get().text_embedding, "Roses")


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
