"""Category pages: filters without words, in a declared order, with facets, totals, pages and groups."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.models import Category, Product, ProductPhoto, StylePost
from tests.support.indexing import add, picture_file, run
from xsearch.errors import BadQuery
from xsearch.index.registry import get_index
from xsearch.search import search, search_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encoder(use_encoder):
    use_encoder()


@pytest.fixture
def declare(monkeypatch):
    """Return a function that gives the products' index other attributes."""

    def declare(**attributes):
        for name, value in attributes.items():
            monkeypatch.setattr(type(get_index(Product)), name, value)

    return declare


@pytest.fixture
def shelves():
    """Two categories: lamps in three colours, and a chair."""
    lamps, chairs = (Category.objects.create(name=name, slug=name.lower()) for name in ("Lamps", "Chairs"))
    for number, colour in enumerate(("red", "red", "blue")):
        add(f"L{number}", "Lamp", category=lamps, colour=colour, price=30 - 10 * number)
    add("C", "Chair", category=chairs, colour="blue", price=5)
    run()
    return lamps, chairs


def skus(results):
    return [hit.object.sku for hit in results.hits]


def counts(values):
    return {value.label: value.count for value in values}


def test_a_filter_alone_finds_what_passes_it_the_newest_first(shelves):
    found = search(Product.objects.all(), filters={"category": shelves[0].pk})
    assert skus(found) == ["L2", "L1", "L0"]
    assert (found.total, found.total_is_exact, found.is_close, found.sort) == (3, True, True, "newest")
    assert found.degraded == []
    assert counts(found.facets["colour"]) == {"red": 2, "blue": 1}
    assert counts(found.facets["category"]) == {"Lamps": 3, "Chairs": 1}  # without its own filter


def test_the_default_order_is_declared(shelves, declare):
    declare(default_sort="price_asc")
    found = search(Product.objects.all(), filters={"category": shelves[0].pk})
    assert (skus(found), found.sort) == (["L2", "L1", "L0"][::1], "price_asc")
    assert skus(search(Product.objects.all(), filters={"colour": "blue"})) == ["C", "L2"]
    assert skus(search(Product.objects.all(), filters={"colour": "blue"}, sort="price_desc")) == ["L2", "C"]


def test_a_queryset_alone_is_a_page_too_and_its_order_stays(shelves):
    assert skus(search(Product.objects.filter(category=shelves[0]), browse=True)) == ["L2", "L1", "L0"]
    found = search(Product.objects.order_by("price"), browse=True)
    assert (skus(found), found.sort) == (["C", "L2", "L1", "L0"], "")
    assert skus(search(Product.objects.order_by("price")[:2], browse=True)) == ["C", "L2"]
    assert skus(search(Product.objects.order_by("price"), sort="price_desc", browse=True)) == [
        "L0",
        "L1",
        "L2",
        "C",
    ]


def test_an_order_by_related_rows_repeats_nothing(shelves):
    lamp = Product.objects.get(sku="L1")
    for position in (1, 2):
        ProductPhoto.objects.create(product=lamp, position=position, image=picture_file())
    found = search(Product.objects.order_by("photos__position"), browse=True)
    assert skus(found) == ["L1", "L0", "L2", "C"]
    assert found.total == 4


def test_a_declared_order_comes_before_that_of_all_objects_and_after_that_of_the_caller(shelves, declare):
    declare(get_queryset=lambda index: index.model.objects.order_by("sku"))
    everything = get_index(Product).get_queryset()
    assert skus(search(everything, browse=True)) == ["C", "L0", "L1", "L2"]
    declare(default_sort="price_desc")
    assert skus(search(everything, browse=True)) == ["L0", "L1", "L2", "C"]
    assert skus(search(everything.order_by("-sku"), browse=True)) == ["L2", "L1", "L0", "C"]


def test_a_reversed_queryset_reverses_its_own_order_only(shelves):
    products = Product.objects.order_by("price").reverse()
    assert skus(search(products, browse=True)) == ["L0", "L1", "L2", "C"]
    assert skus(search(products, browse=True, sort="price_asc")) == ["C", "L2", "L1", "L0"]


def test_filters_that_nothing_passes_find_nothing_near(shelves):
    found = search(Product.objects.all(), filters={"price_min": 1000})
    assert (skus(found), found.total) == ([], 0)


def test_nothing_at_all_is_refused_unless_it_is_meant(shelves):
    for nothing in ({}, {"text": "\x00 ", "filters": {"colour": ""}}, {"sort": "newest"}):
        with pytest.raises(BadQuery, match="or a filter"):
            search(Product.objects.all(), **nothing)
        assert search(Product.objects.all(), browse=True, **nothing).total == 4


def test_pages_continue_each_other_and_the_total_is_exact_in_a_large_catalogue(settings):
    settings.XSEARCH |= {"MATCHES": 10, "EXACT_ROWS": 5}
    for number in range(40):
        add(f"{number:02}", price=number % 4)
    found = [search(Product.objects.all(), filters={"price_max": 2}, page=page, page_size=8) for page in (1, 2, 3, 4)]
    expected = [f"{number:02}" for number in reversed(range(40)) if number % 4 < 3]
    assert [sku for page in found for sku in skus(page)] == expected
    assert [(page.total, page.total_is_exact) for page in found] == [(30, True)] * 4


@pytest.mark.parametrize(
    "filters", [{}, {"colour": ["c1", "c2"]}, {"price_max": 5, "in_stock": True}, {"category": "Lamps", "colour": "c0"}]
)
def test_the_database_counts_as_the_objects_would_be_counted(shelves, declare, settings, filters):
    declare(facets=["category", "brand", "colour", "in_stock", "price"])
    for number in range(40):
        category = shelves[number % 3] if number % 3 < 2 else None
        stock = {"price": number % 7 or None, "in_stock": number % 2 == 0}
        add(f"{number:02}", colour=f"c{number % 5}", category=category, **stock)
    one_by_one = search(Product.objects.all(), browse=True, filters=filters)
    settings.XSEARCH |= {"MATCHES": 4}
    for exact in (None, False, True):
        counted = search(Product.objects.all(), browse=True, filters=filters, exact=exact)
        assert counted.facets == one_by_one.facets
        assert counted.ranges == one_by_one.ranges
        assert (counted.total, counted.total_is_exact) == (one_by_one.total, True)


def test_variants_count_once(shelves, declare):
    declare(group_by="colour")
    found = search(Product.objects.all(), filters={"category": shelves[0].pk}, sort="price_asc")
    assert [(hit.object.sku, hit.variants) for hit in found.hits] == [("L2", 0), ("L1", 1)]
    assert found.total == 2
    assert counts(found.facets["colour"]) == {"red": 1, "blue": 1}


def test_the_statements_do_not_grow_with_the_catalogue(shelves):
    def statements():
        with CaptureQueriesContext(connection) as seen:
            assert search(Product.objects.all(), filters={"colour": "red"}).facets
        return len(seen)

    statements()  # caches are filled
    few = statements()
    for number in range(60):
        add(f"M{number}", colour="red", category=shelves[1])
    assert statements() == few
    assert few <= 8


def test_a_filter_of_one_model_shows_nothing_of_the_others(shelves):
    StylePost.objects.create(title="Lamp", text="", is_visible=True)
    found = search_all(filters={"colour": "blue"})
    assert skus(found) == ["C", "L2"]
    assert (found.total, found.sort) == (2, "newest")
    everything = search_all(browse=True)
    assert everything.total == 5


def test_an_index_of_the_database_serves_a_page(shelves):
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX by_age ON shop_product (created_at DESC, id)")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        with CaptureQueriesContext(connection) as seen:
            search(Product.objects.all(), browse=True, facets=None)
        [page] = [query["sql"] for query in seen if 'ORDER BY "shop_product"."created_at" DESC, ' in query["sql"]]
        cursor.execute(f"EXPLAIN {page}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "using by_age" in plan
    assert "Sort" not in plan


def test_encoders_are_not_asked(shelves):
    from tests.support.encoders import HashEncoder

    HashEncoder.calls.clear()
    search(Product.objects.all(), filters={"colour": "blue"})
    assert HashEncoder.calls == []
