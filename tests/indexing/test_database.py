"""The database of the index: cached facts are kept apart by catalogue, and vectors are sent in binary."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pgvector import HalfVector

from shop.models import Product
from tests.support.indexing import add, run
from xsearch.index.registry import get_index
from xsearch.indexing import mark, statistics
from xsearch.indexing.database import catalogue_key, database_alias, execute, execute_binary, fetch_one

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other_schema():
    execute("CREATE SCHEMA other_tenant")
    yield "other_tenant"
    execute("RESET search_path")
    execute("DROP SCHEMA other_tenant CASCADE")


def test_two_schemas_never_share_a_key(other_schema):
    index = get_index(Product)
    before = catalogue_key(index)
    execute(f"SET search_path = {other_schema}, public")
    assert catalogue_key(index) != before
    execute("RESET search_path")
    assert catalogue_key(index) == before


def test_the_recent_version_of_another_schema_is_not_taken_over(other_schema):
    index = get_index(Product)
    statistics.recent_version.cache.clear()
    before = statistics.recent_version(index)
    execute(f"CREATE TABLE {other_schema}.xsearch_indexrecord (LIKE public.xsearch_indexrecord)")
    add("A")
    assert statistics.recent_version(index) == before
    execute(f"SET search_path = {other_schema}, public")
    with CaptureQueriesContext(connection) as statements:
        assert statistics.recent_version(index) == "0:0"
        assert statistics.recent_version(index) == "0:0"
    assert sum("hashtextextended" in statement["sql"] for statement in statements) == 1


def test_vectors_arrive_as_they_were_sent_and_none_clears_them():
    product = add("A")
    vector = np.array([0.5, -0.25, 0.125], dtype=np.float32)
    sql = "UPDATE shop_product SET image_embedding = sent.v FROM unnest(%b::halfvec[]) AS sent(v) WHERE id = %s"
    execute_binary(database_alias(), sql, [[HalfVector(vector)], product.pk])
    assert fetch_one("SELECT image_embedding::text FROM shop_product") == ("[0.5,-0.25,0.125]",)
    execute_binary(database_alias(), sql, [[None], product.pk])
    assert fetch_one("SELECT image_embedding FROM shop_product") == (None,)


def test_a_batch_reads_the_spaces_and_the_adapters_once(use_encoder):
    use_encoder()
    for number in range(4):
        add(f"A{number}", photo=number)
    run()
    mark(Product.objects.all(), forced=True, dispatch=False)
    with CaptureQueriesContext(connection) as statements:
        run(batch_size=2)
    batches = 2

    def count(table):
        return sum(f'FROM "{table}"' in statement["sql"] for statement in statements)

    # Once a batch, and once at the start or the end of the run, where indexes are swapped and created.
    assert count("xsearch_encoderspace") == batches + 1
    assert count("xsearch_adapter") == batches + 1
