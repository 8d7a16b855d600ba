"""How fast categories are browsed, filtered, sorted and counted: ``python -m tests.browsing_speed [PRODUCTS]``.

Makes a database of its own, fills it with products that have prepared values, and drops it again.
"""

import os
import sys
import time
from decimal import Decimal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

REPEATS = 5


def fill(products):
    """Insert products with a category each, and records with a price, sizes and a colour."""
    from django.db import connection

    from xsearch.index.registry import get_index
    from xsearch.indexing import statistics
    from xsearch.indexing.vector_indexes import create_text_indexes

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_category (name, name_zh, slug) SELECT 'C' || i, '', i FROM generate_series(1, 40) i"
        )
        cursor.execute(
            "INSERT INTO shop_product (sku, title, title_zh, colour, description, description_zh, price, in_stock, photo,"
            " sound, attributes, created_at, category_id, search_document) SELECT 'S' || i, 'Thing ' || i, '', 'c' || i %% 12,"
            " repeat('words ', 80), '', i %% 500, true, '', '', '{}', now() - i * interval '1 minute',"
            " (SELECT min(id) FROM shop_category) + i %% 40, setweight(to_tsvector('simple', 'thing ' || i), 'A')"
            " FROM generate_series(1, %s) i",
            [products],
        )
        cursor.execute(
            "INSERT INTO xsearch_indexrecord (content_type_id, object_id, status, revision, forced, source_hashes,"
            " fingerprints, phrases, values, attempts, last_error, marked_at, not_before) SELECT %s, id::text, 'indexed',"
            " 1, false, jsonb_build_object('text', repeat('0', 64), 'image', repeat('0', 64)), '{}', '[]',"
            " jsonb_build_object('cost', jsonb_build_array((id * 7919 %% 50000) / 100.0),"
            " 'size', jsonb_build_array('M', 'X' || id %% 8), 'tone', jsonb_build_array('t' || id %% 40)),"
            " 0, '', now(), now() FROM shop_product",
            [get_index().content_type.pk],
        )
        create_text_indexes(using="default")
        cursor.execute("VACUUM ANALYZE")
    statistics.refresh(get_index())


def timed(what, call):
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = call()
        times.append((time.perf_counter() - started) * 1000)
    print(f"{what:64} {sorted(times)[len(times) // 2]:8.1f} ms  {result}")


def measure():
    from shop.models import Category, Product
    from xsearch.search import search

    products = Product.objects.all()
    category = Category.objects.first().pk
    asked = {
        "everything": {"browse": True},
        "a category": {"filters": {"category": category}},
        "a category, cheapest first": {"filters": {"category": category}, "sort": "price_asc"},
        "a prepared text": {"filters": {"tone": "t7"}},
        "prepared numbers, few": {"filters": {"cost_min": 10, "cost_max": 20}},
        "prepared numbers, many": {"filters": {"cost_max": 400}},
        "everything by a prepared number": {"browse": True, "sort": "cost"},
        "words by a prepared number": {"text": "thing", "sort": "cost"},
    }
    print(f"{Product.objects.count()} products; facets: category, tone, size")
    for name, options in asked.items():
        timed(
            f"{name}: page 1", lambda options=options: len(search(products, exact=False, facets=None, **options).hits)
        )
        timed(f"{name}: page 1, total", lambda options=options: search(products, facets=None, **options).total)
        timed(f"{name}: page 1, total and facets", lambda options=options: search(products, **options).total)


def main():
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from xsearch.index.registry import get_index

    declared = type(get_index())
    declared.prepared = {"cost": Decimal, "size": str, "tone": str}
    declared.filters = [*declared.filters, "cost", "size", "tone"]
    declared.facets = ["category", "tone", "size"]
    declared.sorts = {"cost": "cost"}
    connection.settings_dict["TEST"]["NAME"] = "browsing_speed"  # beside that of the tests
    old = setup_databases(verbosity=0, interactive=False)
    try:
        fill(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
        measure()
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
