"""What ``xsearch.search`` may be given: models, managers, and querysets of every kind."""

import pytest
from django.db.models import Count, F, Prefetch

import xsearch
from shop.models import Category, Product, StylePost
from tests.showcase.models import Bargain, Furniture
from tests.support import widget_shop
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index, queryset_of

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.support.widget_shop")]

objects = Product.objects
MUGS = {"Red mug", "Blue mug", "Green mug", "Yellow mug"}


@pytest.fixture
def shop(stock, settings):
    widget_shop.use(settings)


def titles(searched, **asked):
    return {hit.object.title for hit in xsearch.search(searched, **{"text": "red mug", "page_size": 100} | asked).hits}


def mugs():
    return Category.objects.get(name="Mugs").products


# Models and managers


@pytest.mark.parametrize("searched", [Product, objects], ids=["model", "manager"])
def test_a_model_or_a_manager_stands_for_its_objects(shop, searched):
    everything = objects.all()
    assert titles(searched) == titles(everything) != set()
    red = objects.get(title="Red mug")
    assert [hit.object for hit in xsearch.similar(searched, red).hits] == [
        hit.object for hit in xsearch.similar(everything, red).hits
    ]
    assert xsearch.suggest(searched, "re") == xsearch.suggest(everything, "re") != []
    assert xsearch.suggestions_for(searched, "re").objects == xsearch.suggestions_for(everything, "re").objects
    assert xsearch.search_all([searched], text="red mug").total == xsearch.search(everything, text="red mug").total


def test_the_manager_of_related_objects(shop):
    assert titles(mugs()) == MUGS


def test_a_model_is_limited_by_its_index(shop, monkeypatch):
    """Hidden products stay hidden, also where only the model is named."""
    monkeypatch.setattr(type(get_index(Product)), "get_queryset", lambda _self: objects.exclude(title="Red mug"))
    found = titles(Product)
    assert found
    assert "Red mug" not in found
    assert "Red mug" not in xsearch.suggest(Product, "re")
    assert "Red mug" in titles(objects)


def test_a_proxy_of_a_model_is_limited_by_its_index_too(register):
    register(Furniture, text={"A": ["title"]}, get_queryset=lambda _self: Furniture.objects.exclude(title="Hidden"))
    for title in ("Hidden", "Shown"):
        Furniture.objects.create(title=title)
    found = queryset_of(Bargain)
    assert found.model is Bargain
    assert [one.title for one in found] == ["Shown"]


@pytest.mark.parametrize("wrong", [[], None, "shop.Product", objects.raw("SELECT 1"), Product()], ids=repr)
@pytest.mark.parametrize(
    "ask", [lambda what: xsearch.search(what, text="red"), lambda what: xsearch.suggest(what, "r")]
)
def test_anything_else_is_refused(wrong, ask):
    with pytest.raises(TypeError, match="searches a queryset, a manager or a model, such as"):
        ask(wrong)


def test_what_is_not_registered_is_said():
    with pytest.raises(LookupError, match=r"shop.Category is not registered with xsearch"):
        xsearch.search(Category, text="mug")


# Querysets


@pytest.mark.parametrize(
    "searched",
    [
        objects.values("title"),
        objects.values(),
        objects.values_list("pk", flat=True),
        objects.dates("created_at", "day"),
    ],
)
def test_rows_that_are_no_objects_are_refused(shop, searched):
    for ask in (lambda: xsearch.search(searched, text="mug"), lambda: xsearch.suggestions_for(searched, "mu")):
        with pytest.raises(TypeError, match=r"without values\(\)"):
            ask()


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        (lambda: objects.filter(price__lt=40), {"Red mug", "Green mug", "Red jacket"}),
        (lambda: objects.order_by("-price")[:6], {"Yellow mug", "Blue mug", "Red lamp"}),
        (lambda: objects.order_by("-price")[4:6], {"Yellow mug", "Blue mug"}),
        (lambda: objects.filter(category__name__in=["Mugs", "Lamps"]).distinct(), {*MUGS, "Red lamp"}),
        (
            lambda: objects.order_by("category_id", "price").distinct("category_id"),
            {"Red mug", "Red jacket", "Red lamp"},
        ),
        (lambda: objects.none(), set()),
        (lambda: objects.filter(colour="blue").union(objects.filter(colour="green")), {"Blue mug", "Green mug"}),
        (lambda: objects.filter(colour="blue").intersection(mugs().all()), {"Blue mug"}),
        (lambda: mugs().difference(objects.filter(colour="red")), {"Green mug", "Blue mug", "Yellow mug"}),
        (lambda: objects.filter(colour="blue") | objects.filter(colour="green"), {"Blue mug", "Green mug"}),
        (lambda: objects.annotate(of_kind=Count("category__products")).filter(of_kind__gt=9), set()),
        (lambda: objects.alias(more=F("price") + 1).filter(more__lt=32), {"Red jacket", "Red mug"}),
        (lambda: objects.extra(where=["price < 31"]), {"Red jacket", "Red mug"}),
        (lambda: objects.filter(category__products__colour__in=["red", "blue"]), None),
        (lambda: objects.only("title"), None),
        (lambda: objects.defer("title"), None),
        (lambda: objects.using("default"), None),
    ],
)
def test_querysets_of_every_kind(shop, searched, found):
    """The results are those of the whole catalogue that are in the queryset (None: all)."""
    given = searched()
    assert titles(given) == (titles(objects.all()) if found is None else found)
    results = xsearch.search(given, text="red mug", page_size=100)
    assert results.total == len(results.hits)
    counted = sum(value.count for value in results.facets["colour"])
    assert counted == len(results.hits)
    xsearch.similar(given, objects.get(title="Red mug"))
    assert {one.title for one in xsearch.suggestions_for(given, "mug").objects} <= {one.title for one in given}


def test_a_slice_and_a_filter_together(shop):
    assert titles(objects.order_by("-price")[:6], filters={"colour": "yellow"}) == {"Yellow mug"}


@pytest.mark.parametrize("limit", [None, 6])
def test_what_a_queryset_loads_is_loaded_with_the_hits(shop, django_assert_num_queries, limit):
    related = Prefetch("category__products", Product.objects.filter(colour="red"), to_attr="red")
    given = objects.annotate(double=F("price") * 2).select_related("brand").prefetch_related(related)
    results = xsearch.search(given.order_by("-price")[:limit] if limit else given, text="yellow mug")
    with django_assert_num_queries(0):
        hit = results.hits[0].object
        assert hit.double == hit.price * 2
        assert hit.brand.name == "Northwind"
        assert [one.title for one in hit.category.red] == ["Red mug"]


def test_several_models_at_once(shop):
    results = xsearch.search_all([Product, StylePost.objects], text="red mug")
    assert set(results.models) == {"shop.Product", "shop.StylePost"}
    assert results.models["shop.Product"].total == xsearch.search(Product, text="red mug").total


# Their order


@pytest.mark.parametrize(
    ("order", "prices"),
    [(["price"], sorted), (["-price"], lambda found: sorted(found, reverse=True)), ([F("price").desc()], None)],
)
def test_an_ordered_queryset_orders_the_results(shop, order, prices):
    by_score = xsearch.search(objects.all(), text="red mug", page_size=100)
    found = xsearch.search(objects.order_by(*order), text="red mug", page_size=100)
    assert {hit.object for hit in found.hits} == {hit.object for hit in by_score.hits}
    given = [hit.object.price for hit in found.hits]
    assert given == (prices(given) if prices else sorted(given, reverse=True))
    assert (found.sort, by_score.sort) == ("", "relevance")
    scores = {hit.object: hit.score for hit in by_score.hits}
    assert {hit.object: hit.score for hit in found.hits} == scores


@pytest.mark.parametrize(
    "searched",
    [
        lambda: objects.order_by("title").distinct(),
        lambda: objects.annotate(name=F("title")).order_by("name"),
        lambda: objects.alias(name=F("title")).order_by("name").select_related("brand"),
        lambda: objects.order_by("category__products__brand__name", "title"),
        lambda: (
            objects.filter(colour="red").order_by("title") | objects.filter(category__name="Mugs").order_by("title")
        ),
    ],
)
def test_orders_of_every_kind(shop, searched):
    found = [hit.object.title for hit in xsearch.search(searched(), text="red mug", page_size=100).hits]
    assert set(found) == titles(objects.all())
    assert found == sorted(found)


def test_pages_of_an_ordered_queryset_go_on(shop):
    pages = [xsearch.search(objects.order_by("title"), text="red mug", page_size=2, page=page) for page in (1, 2, 3)]
    found = [hit.object.title for page in pages for hit in page.hits]
    assert found == sorted(titles(objects.all()))


def test_an_order_that_is_asked_for_by_name_wins(shop):
    def found(sort):
        results = xsearch.search(objects.order_by("price"), text="red mug", sort=sort)
        return [hit.object.title for hit in results.hits]

    by_score = [hit.object.title for hit in xsearch.search(objects.all(), text="red mug").hits]
    assert found("relevance") == by_score != found(None)
    assert found("price_desc") == found(None)[::-1]
    scores = {hit.object: hit.score for hit in xsearch.search(objects.all(), text="red mug").hits}
    sorted_by_price = xsearch.search(objects.all(), text="red mug", sort="price_asc").hits
    assert {hit.object: hit.score for hit in sorted_by_price} == scores


def test_an_order_that_chooses_objects_does_not_order_the_results(shop):
    everything = [hit.object.title for hit in xsearch.search(objects.all(), text="red mug").hits]
    sliced = [hit.object.title for hit in xsearch.search(objects.order_by("-title")[:100], text="red mug").hits]
    assert sliced == everything


def test_the_order_of_the_index_itself_is_for_browsing(shop, monkeypatch):
    by_score = [hit.object.title for hit in xsearch.search(Product, text="red mug").hits]
    monkeypatch.setattr(type(get_index(Product)), "get_queryset", lambda _self: objects.order_by("-title"))
    assert [hit.object.title for hit in xsearch.search(Product, text="red mug").hits] == by_score
    browsed = [hit.object.title for hit in xsearch.search(Product, browse=True, page_size=100).hits]
    assert browsed == sorted(browsed, reverse=True)


def test_an_ordered_union_is_refused(shop):
    union = objects.filter(colour="red").union(objects.filter(colour="blue")).order_by("title")
    with pytest.raises(BadQuery, match=r"ordered union\(\) cannot be searched: combine the querysets with |"):
        xsearch.search(union, text="red mug")
    assert xsearch.search(union, text="red mug", sort="price_asc").hits


def test_an_ordered_queryset_of_several_models_is_refused(shop):
    with pytest.raises(BadQuery, match="give its name in `sort`, and no order_by"):
        xsearch.search_all([objects.order_by("price"), StylePost], text="red mug")
    assert xsearch.search_all([objects.order_by("price"), StylePost], text="red mug", sort="relevance").hits


def test_similar_objects_in_the_order_of_the_queryset(shop):
    red = objects.get(title="Red mug")
    found = [hit.object.title for hit in xsearch.similar(objects.order_by("title"), red).hits]
    assert found == ["Red jacket", "Red lamp"]
    assert [hit.object.title for hit in xsearch.similar(objects.order_by("-title"), red).hits] == found[::-1]
