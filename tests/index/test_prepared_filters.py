"""Prepared values as filters, facets, ranges, orders and parts of a result, wherever the vectors are."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import translation

from tests.showcase.models import Furniture, Instrument, InstrumentPhoto, Offer
from tests.support import widget_shop
from tests.support.indexing import picture_file, run
from xsearch import mark
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index, unregister
from xsearch.indexing import marking, statistics, suggestions
from xsearch.models import IndexRecord, Suggestion
from xsearch.search import search
from xsearch.search.context import SearchContext
from xsearch.search.ranking.personalisation import affinities
from xsearch.views import SearchView
from xsearch.visitors.stored_data import _likes, _prices
from xsearch.web.responses import results_body

pytestmark = pytest.mark.django_db

VALUES = {
    "Oak chair": {"price": Decimal("19.99"), "size": ["S", "M"], "ready": True, "since": date(2026, 1, 31)},
    "Pine chair": {"price": [Decimal(5), Decimal(50)], "size": ["M"], "ready": False, "since": date(2026, 2, 1)},
    "Oak table": {"price": Decimal("120"), "size": "L", "ready": True, "since": date(2025, 12, 24)},
    "Stool": {},
}


def name_of(obj):
    """Return the title of a piece of furniture, or the name of an instrument."""
    return getattr(obj, "title", "") or obj.name


DECLARED = {
    "filters": ["price", "size", "ready", "since", "seen"],
    "facets": ["size", "ready"],
    "prepared": {"price": Decimal, "size": str, "ready": bool, "since": date, "seen": datetime},
    "prepare_price": lambda _index, objects: {obj.pk: VALUES[name_of(obj)].get("price") for obj in objects},
    "prepare_size": lambda _index, objects: [VALUES[name_of(obj)].get("size") for obj in objects],
    "prepare_ready": lambda _index, objects: [VALUES[name_of(obj)].get("ready") for obj in objects],
    "prepare_since": lambda _index, objects: [VALUES[name_of(obj)].get("since") for obj in objects],
    "prepare_seen": lambda _index, objects: [
        datetime(2026, 3, 1, 12, 30, tzinfo=UTC) if name_of(obj) == "Stool" else None for obj in objects
    ],
    "title": lambda _index, obj: name_of(obj),
}
urlpatterns = [path("furniture/", SearchView.as_view(model=Furniture)), *widget_shop.urlpatterns]
LAYOUTS = {
    Furniture: {"text": {"A": ["title"]}},
    Instrument: {"text": {"A": ["name"]}, "image": "instrumentphoto__file", "store": "vectors"},
}


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture(params=LAYOUTS, ids=lambda model: model.__name__)
def model(request, register):
    """Register a model with its own columns, or one with a companion, photos and UUIDs; four objects are indexed."""
    model = request.param
    register(model, **LAYOUTS[model], **DECLARED)
    for name in VALUES:
        obj = model.objects.create(**{"title" if model is Furniture else "name": name})
        if model is Instrument:
            InstrumentPhoto.objects.create(instrument=obj, file=picture_file())
    run(model)
    statistics.refresh(get_index(model))
    return model


def found(model, sort="price_asc", text=None, **filters):
    results = search(model.objects.all(), text=text, filters=filters, sort=sort, browse=True)
    return [name_of(hit.object) for hit in results.hits]


def facet(model, name, **options):
    facets = search(model.objects.all(), browse=True, **options).facets
    return {value.label: value.count for value in facets[name]}


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ({"size": "M"}, ["Pine chair", "Oak chair"]),
            ({"size": ["L", "S"]}, ["Oak chair", "Oak table"]),
            ({"size": "XL"}, []),
            ({"price": "19,99"}, ["Oak chair"]),
            ({"price_min": 20}, ["Pine chair", "Oak table"]),
            ({"price_max": 19.99}, ["Pine chair", "Oak chair"]),
            ({"price_min": 10, "price_max": 40}, ["Oak chair"]),  # neither 5 nor 50 lies between
            ({"ready": "yes"}, ["Oak chair", "Oak table"]),
            ({"ready": False, "size": "M"}, ["Pine chair"]),
            ({"since": "2026-01-31"}, ["Oak chair"]),
            ({"since_min": "2026-01-31"}, ["Pine chair", "Oak chair"]),
            ({"since_max": "2026-01-31", "since_min": "2026-01-01"}, ["Oak chair"]),
            ({"seen": "2026-03-01"}, ["Stool"]),
            ({"seen_min": "2026-03-02"}, []),
            ({"seen_max": "2026-03-01"}, ["Stool"]),
        ],
    )
    def test_objects_pass_by_their_values(self, model, filters, names):
        assert found(model, **filters) == names

    def test_moments_without_time_zones(self, register, settings):
        settings.USE_TZ = False
        register(
            Furniture,
            text={"A": ["title"]},
            filters=["seen"],
            facets=["seen"],
            prepared={"seen": datetime},
            prepare_seen=lambda _index, objects: [datetime(2026, 3, 1, 23, 30)] * len(objects),  # noqa: DTZ001
        )
        Furniture.objects.create(title="Chair")
        run(Furniture)
        assert IndexRecord.objects.get().values == {"seen": ["2026-03-01T23:30:00"]}
        for day, total in (("2026-03-01", 1), ("2026-03-02", 0), ("2026-03-01T23:30", 1)):
            assert search(Furniture.objects.all(), filters={"seen": day}).total == total
        assert [value.value for value in search(Furniture.objects.all(), browse=True).facets["seen"]] == [
            date(2026, 3, 1)
        ]

    def test_they_hold_for_words_too(self, model):
        assert found(model, text="chair", size="S") == ["Oak chair"]
        assert found(model, text="chair") == ["Pine chair", "Oak chair"]

    @pytest.mark.parametrize(
        ("filters", "told"),
        [
            ({"price": "cheap"}, "price must be a number"),
            ({"price_max": "cheap"}, "price_max must be a number"),
            ({"ready": "perhaps"}, "ready must be true or false"),
            ({"since_min": "soon"}, "since_min must be a date"),
            ({"size": "M\x00"}, "no NUL"),
        ],
    )
    def test_a_bad_value_is_refused(self, model, filters, told):
        with pytest.raises(BadQuery, match=told):
            found(model, **filters)

    @pytest.mark.parametrize("size", ['"', "\\", "'; --", '") || (@ != "', "%s", "[*]", "大"])
    def test_a_value_is_a_value_whatever_it_holds(self, model, size, monkeypatch):
        assert found(model, size=size) == []
        monkeypatch.setitem(VALUES, "Stool", {"size": size})
        stool = model.objects.get(**{"title" if model is Furniture else "name": "Stool"})
        stool.save()
        run(model)
        assert found(model, size=size) == ["Stool"]

    def test_values_that_changed_are_found_after_the_next_indexing(self, model, monkeypatch):
        monkeypatch.setitem(VALUES, "Stool", {"size": "XXL"})
        next(obj for obj in model.objects.all() if name_of(obj) == "Stool").save()
        assert found(model, size="XXL") == []
        run(model)
        assert found(model, size="XXL") == ["Stool"]


class TestFacets:
    def test_values_are_counted_with_their_labels(self, model):
        assert facet(model, "size") == {"M": 2, "S": 1, "L": 1}
        assert facet(model, "ready") == {"Yes": 2, "No": 1}
        with translation.override("zh-hans"):
            assert facet(model, "ready") == {"是": 2, "否": 1}

    def test_a_facet_is_counted_without_its_own_filter(self, model):
        assert facet(model, "size", filters={"size": "L"}) == {"M": 2, "S": 1, "L": 1}
        assert facet(model, "size", filters={"ready": True}) == {"M": 1, "S": 1, "L": 1}
        assert facet(model, "size", text="chair") == {"M": 2, "S": 1}

    def test_the_shop_may_name_values(self, model, monkeypatch):
        monkeypatch.setattr(type(get_index(model)), "facet_label", lambda _index, _name, value: f"*{value}*")
        assert facet(model, "size") == {"*M*": 2, "*S*": 1, "*L*": 1}

    def test_they_are_suggested(self, model):
        suggestions.refresh(get_index(model))
        rows = Suggestion.objects.filter(facet="size").order_by("text")
        assert list(rows.values_list("text", "objects_with")) == [("L", 1), ("M", 2), ("S", 1)]

    def test_the_statements_do_not_grow_with_the_values(self, register):
        register(
            Furniture,
            text={"A": ["title"]},
            filters=["size", "seller"],
            facets=["size", "seller"],
            prepared={"size": str, "seller": str},
            prepare_size=lambda _index, objects: [[f"{obj.title} {number}" for number in range(5)] for obj in objects],
            prepare_seller=lambda _index, objects: [obj.title for obj in objects],
        )

        def statements(count):
            Furniture.objects.bulk_create(Furniture(title=f"Chair {number}") for number in range(count))
            mark(Furniture.objects.all())
            run(Furniture)
            with CaptureQueriesContext(connection) as seen:
                results = search(Furniture.objects.all(), browse=True, filters={"seller": "Chair 1"})
                assert results.total
                assert results_body(results)
            return len(seen)

        statements(2)
        assert statements(10) == statements(200)


class TestTaste:
    """Whoever chose chairs of size M sees more of that size first, and can read why."""

    def test_values_are_reasons(self, model):
        keys = {name_of(obj): obj.pk for obj in model.objects.all()}
        context = SearchContext(get_index(model), "default")
        parts = affinities(context, {str(keys["Pine chair"]): 3.0}, list(keys.values()))
        liked = dict(zip(keys, parts["size"], strict=True))
        assert liked["Oak chair"] == liked["Pine chair"] > liked["Oak table"] == liked["Stool"] == 0

    def test_customers_read_what_is_known_of_them(self, model):
        index = get_index(model)
        acts = {str(obj.pk): 1.0 for obj in model.objects.all()}
        tastes = {taste.label: taste.liked for taste in _likes(index, acts)}
        assert sorted(tastes["Size"]) == ["L", "M", "S"]
        assert _prices(index, acts) == (8.0, 100.0)

    def test_values_are_read_one_by_one_for_training(self, model):
        field = get_index(model).field("size")
        by_name = {name_of(obj): list(field.read(obj)) for obj in model.objects.all()}
        assert by_name == {"Oak chair": ["M", "S"], "Pine chair": ["M"], "Oak table": ["L"], "Stool": []}


class TestPages:
    """As the HTTP interface and the search page show them."""

    @pytest.fixture(autouse=True)
    def _mounted(self, register, settings, use_encoder):
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
        settings.ROOT_URLCONF = "tests.index.test_prepared_filters"
        use_encoder(more={"THROTTLE_RATES": dict.fromkeys(("search", "media", "suggest", "events"))})
        labelled = {**DECLARED, "filter_label": lambda _index, name: {"size": "Grösse"}.get(name, "")}
        register(Furniture, text={"A": ["title"]}, **labelled)
        for name in VALUES:
            Furniture.objects.create(title=name)
        run(Furniture)

    def test_the_api_filters_counts_and_sorts(self, client):
        asked = {"model": "showcase.Furniture", "price_max": "50", "sort": "price_desc"}
        body = client.get("/api/xsearch/search/", asked).json()
        assert [(hit["title"], hit.get("price")) for hit in body["hits"]] == [
            ("Oak chair", 19.99),
            ("Pine chair", [5.0, 50.0]),
        ]
        assert body["facets"]["size"] == [
            {"value": "M", "label": "M", "count": 2},
            {"value": "S", "label": "S", "count": 1},
        ]
        assert body["hits"][0]["since"] == "2026-01-31"
        names = [
            each["name"]
            for each in client.get("/api/xsearch/schema/").json()["paths"]["/api/xsearch/search/"]["get"]["parameters"]
        ]
        assert {"size", "price_min", "since_max"} <= set(names)

    def test_the_page_offers_them(self, client):
        page = client.get("/furniture/", {"size": "M"}).content.decode()
        assert 'name="price_min"' in page
        assert "Grösse" in page
        assert re.search(r'<input type="date"[^>]*name="since_max"', page)
        assert re.search(
            r'aria-current="true"><span class="xs-box" aria-hidden="true"></span>\s*<span[^>]*>M</span>', page
        )
        assert re.findall(r'xs-hit-title">([^<]*)<', page) == ["Oak chair", "Pine chair"]


class TestOrder:
    def test_prices_rise_and_fall_by_the_smallest_of_several(self, model):
        assert found(model, sort="price_asc") == ["Pine chair", "Oak chair", "Oak table", "Stool"]
        assert found(model, sort="price_desc") == ["Oak table", "Oak chair", "Pine chair", "Stool"]

    def test_any_value_is_an_order(self, model, monkeypatch):
        monkeypatch.setattr(type(get_index(model)), "sorts", {"newest": "-since", "sizes": ["size", "-price"]})
        assert found(model, sort="newest") == ["Pine chair", "Oak chair", "Oak table", "Stool"]
        assert found(model, sort="sizes") == ["Oak table", "Oak chair", "Pine chair", "Stool"]
        assert found(model, sort="newest", text="oak") == ["Oak chair", "Oak table"]


class TestWords:
    def test_sums_of_money_are_about_the_prepared_price(self, model):
        results = search(model.objects.all(), text="chair under 10")
        assert [(each.field, each.op) for each in results.interpretation.conditions] == [("price", "at_most")]
        assert name_of(results.hits[0].object) == "Pine chair"
        strict = search(
            model.objects.all(), text="oak under 50", modes={results.interpretation.conditions[0].id: "strict"}
        )
        assert "Oak chair" in [name_of(hit.object) for hit in strict.hits]

    def test_values_are_named_in_words(self, model, monkeypatch):
        monkeypatch.setitem(VALUES, "Stool", {"size": "Gigantic"})
        next(obj for obj in model.objects.all() if name_of(obj) == "Stool").save()
        run(model)
        statistics.refresh(get_index(model))
        conditions = search(model.objects.all(), text="gigantic chair").interpretation.conditions
        assert [(each.field, each.values) for each in conditions] == [("size", ("Gigantic",))]


class TestResults:
    def test_a_hit_carries_its_values_without_a_statement_each(self, model):
        results = search(model.objects.all(), sort="price_asc", browse=True)
        with CaptureQueriesContext(connection) as seen:
            bodies = results_body(results)["hits"]
        assert [body.get("price") for body in bodies] == [[5, 50], 19.99, 120, None]
        assert bodies[1]["size"] == ["M", "S"]
        assert (bodies[1]["ready"], bodies[1]["since"]) == (True, date(2026, 1, 31))
        assert "size" not in bodies[3]
        assert len([query for query in seen if "instrumentphoto" not in query["sql"]]) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((str, "cheap"), (Decimal, Decimal(3))),
        ((str, "late"), (date, date(2026, 1, 1))),
        ((str, "yes"), (bool, True)),
        ((int, 3), (date, date(2026, 1, 1))),
        ((date, date(2026, 1, 1)), (datetime, datetime(2026, 1, 1, 12, tzinfo=UTC))),
        ((datetime, datetime(2026, 1, 1, 12, tzinfo=UTC)), (date, date(2026, 1, 1))),
        ((bool, True), (int, 3)),
        ((Decimal, Decimal(3)), (str, "three")),
    ],
)
def test_values_of_a_type_that_was_declared_before_are_replaced(register, before, after):
    def declare(kind, value):
        declared = {"prepared": {"it": kind}, "prepare_it": lambda _index, objects: [value for _obj in objects]}
        unregister(Furniture)
        register(Furniture, text={"A": ["title"]}, filters=["it"], facets=["it"], sorts={"it": "it"}, **declared)

    declare(*before)
    Furniture.objects.create(title="Chair")
    run(Furniture)
    declare(*after)
    for sort in ("relevance", "it"):  # until it is indexed again
        assert search(Furniture.objects.all(), text="chair", sort=sort, facets=[]).total == 1
        assert search(Furniture.objects.all(), browse=True, sort=sort, facets=[]).total == 1
    suggestions.refresh(get_index(Furniture))
    marking.mark_outdated(get_index(Furniture))
    run(Furniture)
    found = search(Furniture.objects.all(), filters={"it": after[1]}, facets=[])
    assert [value.count for value in found.facets["it"]] == [1]
    marking.mark_outdated(get_index(Furniture))
    assert IndexRecord.objects.get().status == IndexRecord.Status.INDEXED


def test_related_rows_feed_them(register):
    """The usual case: the price and stock of what others sell."""

    def prepare_price(_index, objects):
        offers = Offer.objects.filter(furniture__in=objects, quantity__gt=0).order_by("-price")
        return {offer.furniture_id: offer.price for offer in offers}

    register(
        Furniture,
        text={"A": ["title"]},
        filters=["price"],
        prepared={"price": Decimal},
        depends_on=["offers"],
        prepare_price=prepare_price,
    )
    chair = Furniture.objects.create(title="Chair")
    Offer.objects.create(furniture=chair, price=30, quantity=1)
    cheap = Offer.objects.create(furniture=chair, price=10, quantity=2)
    run(Furniture)
    assert search(Furniture.objects.all(), filters={"price_max": 10}).total == 1
    cheap.quantity = 0
    cheap.save()
    run(Furniture)
    assert search(Furniture.objects.all(), filters={"price_max": 10}).total == 0
    assert search(Furniture.objects.all(), filters={"price_max": 30}).total == 1
