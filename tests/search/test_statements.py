"""Statements of a search: as many for a thousand values and a page of hits as for ten."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.showcase.garments import Department, Garment, GarmentVariant, House, Line, Season
from tests.showcase.models import Instrument, InstrumentPhoto, Maker, Tag
from tests.support.indexing import picture
from xsearch.search import search
from xsearch.web.responses import results_body

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


def statements(ask):
    with CaptureQueriesContext(connection) as queries:
        found = ask()
    return [query["sql"] for query in queries], found


def stock(values, first=0):
    """Make a garment for each of ``values`` houses, lines, sizes and departments, three levels deep."""
    top = Department.objects.get_or_create(name="Top")[0]
    middle = [Department(name=f"M{number}", parent=top) for number in range(first, values)]
    Department.objects.bulk_create(middle)
    leaves = [Department(name=f"L{each.name}", parent=each) for each in middle]
    Department.objects.bulk_create(leaves)
    houses = House.objects.bulk_create(House(name=f"H{number}") for number in range(first, values))
    lines = Line.objects.bulk_create(Line(code=f"c{number}", name=f"N{number}") for number in range(first, values))
    garments = [
        Garment(
            title=f"shirt {number}", house=house, line=line, price=number, sizes=[f"s{number}"], details={"a": number}
        )
        for number, (house, line) in enumerate(zip(houses, lines, strict=True), start=first)
    ]
    Garment.objects.bulk_create(garments)
    through = Garment.departments.through
    through.objects.bulk_create(
        through(garment=garment, department=leaf) for garment, leaf in zip(garments, leaves, strict=True)
    )
    GarmentVariant.objects.bulk_create(
        GarmentVariant(garment=garment, size=str(number), colour=str(number)) for number, garment in enumerate(garments)
    )


class TestFacets:
    FACETS = ["house", "line", "departments", "sizes", "details__a", "price", "variants__size", "variants__colour"]

    @pytest.fixture(autouse=True)
    def _index(self, register):
        register(Garment, text={"A": ["title"]}, filters=self.FACETS, facets=self.FACETS)

    def browse(self):
        return results_body(search(Garment.objects.all(), filters={"price_min": 0}, exact=True))

    def test_a_thousand_values_cost_what_ten_cost(self):
        stock(10)
        self.browse()
        few, body = statements(self.browse)
        assert {name: len(values) for name, values in body["facets"].items()}["house"] == 10
        stock(1_000, first=10)
        many, body = statements(self.browse)
        assert body["total"] == 1_000
        assert len(body["facets"]["departments"]) == 50
        assert len(many) == len(few) <= 16, many

    def test_no_statement_joins_two_relations_to_several_rows(self):
        stock(3)
        tables = [each._meta.db_table for each in (GarmentVariant, Garment.departments.through)]
        found, _body = statements(self.browse)
        for sql in found:
            assert sum(sql.count(f'JOIN "{table}"') for table in tables) <= 1, sql
            assert sql.count("unnest(") <= 1


class TestHits:
    def test_relations_that_cards_show_are_loaded_with_the_hits(self, register):
        def title(self, obj):
            return f"{obj.title} by {obj.season.house}"

        texts = {"A": ["title"], "B": ["season__house__name"]}
        register(Garment, text=texts, filters=["season", "price"], facets=["season"], title=title)
        season = Season.objects.create(slug="s", name="S", house=House.objects.create(name="Acme"))
        Garment.objects.bulk_create(Garment(title=f"shirt {number}", season=season, price=1) for number in range(24))

        def browse(size):
            return results_body(search(Garment.objects.all(), filters={"price": 1}, page_size=size))

        browse(1)
        one, _body = statements(lambda: browse(1))
        page, body = statements(lambda: browse(24))
        assert {hit["title"] for hit in body["hits"]} == {f"shirt {number} by Acme" for number in range(24)}
        assert len(page) == len(one)

    def test_rows_of_photos_are_loaded_together_where_they_are_needed(self, register, settings, tmp_path):
        register(
            Instrument,
            text={"A": ["name"]},
            store="vectors",
            image=["picture", "instrumentphoto__file"],
            filters=["tags"],
        )
        tag = Tag.objects.create(name="new")
        for number in range(6):
            made = Instrument.objects.create(name=f"Drum {number}")
            made.tags.add(tag)
            if number % 2:
                made.picture.save(f"{number}.png", ContentFile(picture(number)))
            InstrumentPhoto.objects.create(instrument=made, file=ContentFile(picture(number), name=f"p{number}.png"))

        def browse(size, **filters):
            return results_body(search(Instrument.objects.all(), filters={"tags": tag.pk}, page_size=size))

        browse(1)
        one, _body = statements(lambda: browse(1))
        page, body = statements(lambda: browse(6))
        assert all(hit["image"] for hit in body["hits"])
        assert abs(len(page) - len(one)) <= 1

    @pytest.mark.parametrize(
        "chosen",
        [
            lambda objects: objects.only("name"),
            lambda objects: objects.defer("maker"),
            lambda objects: objects.select_related("maker__country"),
            lambda objects: objects.prefetch_related("tags"),
            lambda objects: objects.distinct(),
        ],
    )
    def test_what_the_caller_chose_to_load_stays(self, register, chosen):
        register(Instrument, text={"A": ["name"], "B": ["maker__name"]}, store="vectors", filters=["is_visible"])
        Instrument.objects.create(name="Drum", maker=Maker.objects.create(name="Acme"))
        found = search(chosen(Instrument.objects.all()), filters={"is_visible": True})
        assert [hit.object.maker.name for hit in found.hits] == ["Acme"]
