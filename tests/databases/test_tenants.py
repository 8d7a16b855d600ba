"""Two tenants as schemas of one database, in one process that switches between them: neither knows of the other."""

import itertools

import pytest
from django.db import connection

import xsearch
from shop.models import Brand, Product
from tests.support.indexing import add, run
from xsearch.index.registry import get_index
from xsearch.indexing import statistics, tasks, vector_indexes
from xsearch.indexing.database import execute, fetch_one
from xsearch.indexing.worker import columns_without_index
from xsearch.models import IndexRecord, Term
from xsearch.search import suggest
from xsearch.search.voice import phrases_of
from xsearch.speech.base import PhrasesCache

pytestmark = pytest.mark.django_db(transaction=True)


SCHEMAS = {}
numbers = itertools.count()


@pytest.fixture
def tenants(use_encoder, no_broker):
    """Two schemas with tables of their own; ``public`` has the extension, and tables of the same names."""
    use_encoder(more={"TRANSCRIBERS": []})
    for name in ("one", "two"):
        SCHEMAS[name] = f"{name}_{next(numbers)}"  # a process remembers the words of a schema
        execute(f"CREATE SCHEMA {SCHEMAS[name]}")
        for table in connection.introspection.table_names():
            if table.startswith(("shop_", "xsearch_")):
                execute(f'CREATE TABLE {SCHEMAS[name]}."{table}" (LIKE public."{table}" INCLUDING ALL)')
    yield switch
    execute("RESET search_path")
    for name in SCHEMAS.values():
        execute(f"DROP SCHEMA {name} CASCADE")


def switch(name):
    execute(f"SET search_path = {SCHEMAS[name]}, public")


def index():
    return get_index(Product)


def stock(tenant, titles, brand):
    switch(tenant)
    maker = Brand.objects.create(name=brand)
    for number, title in enumerate(titles):
        add(f"A{number}", title, photo=number, brand=maker)
    run()
    statistics.refresh_if_due(index())


BAGS = ["Red bag", "Green bag", "Leather purse"]
SHOES = [f"Running shoe {number}" for number in range(40)]


def seen(tenant):
    """Return what a customer of ``tenant`` sees."""
    switch(tenant)
    found = xsearch.search(Product.objects.all(), text="red bag", facets=["brand"])
    misspelt = xsearch.search(Product.objects.all(), text="runing")
    return {
        "scores": [(hit.object.title, round(hit.score, 4)) for hit in found.hits],
        "facets": [(value.label, value.count) for value in found.facets["brand"]],
        "corrected": misspelt.corrected,
        "suggestions": suggest(index(), "r"),
        "phrases": sorted(phrases_of(index()).load()),
        "words": Term.objects.exclude(lexeme="").count(),
    }


def test_each_is_as_if_it_were_alone(tenants):
    stock("one", BAGS, "Acme")
    alone = seen("one")
    assert alone["scores"][0][0] == "Red bag"
    assert alone["corrected"] is None
    stock("two", SHOES, "Zenith")
    other = seen("two")
    assert other["facets"] in ([("Zenith", 40)], [("Zenith", other["facets"][0][1])])
    assert other["corrected"] == "running"
    assert "Red bag" not in other["phrases"]
    assert other["words"] > 0
    assert seen("one") == alone
    assert seen("two") == other
    assert seen("one") == alone


def test_the_second_has_its_vocabulary_from_the_first_moment(tenants):
    stock("one", BAGS, "Acme")
    seen("one")
    switch("two")
    assert list(phrases_of(index()).load()) == []
    stock("two", SHOES, "Zenith")
    assert "Running shoe 1" in set(phrases_of(index()).load())
    assert seen("two")["corrected"] == "running"


def test_each_has_indexes_of_its_own(tenants):
    stock("one", BAGS, "Acme")
    store = index().stores_for("image")[0]
    assert columns_without_index(index()) == []
    assert vector_indexes.index_row(store, store.column)[0].startswith(f"{SCHEMAS['one']}.")
    switch("two")
    assert vector_indexes.index_row(store, store.column) is None
    stock("two", SHOES[:3], "Zenith")
    assert vector_indexes.index_row(store, store.column)[0].startswith(f"{SCHEMAS['two']}.")
    vector_indexes.drop_vector_index(store, store.column)
    vector_indexes.drop_vector_index(store, store.column)
    assert vector_indexes.index_row(store, store.column) is None
    switch("one")
    assert vector_indexes.index_row(store, store.column) is not None
    tasks.sweep_task()
    assert IndexRecord.objects.count() == 3
    assert fetch_one("SELECT count(*) FROM public.xsearch_indexrecord") == (0,)


def test_recognisers_keep_the_words_of_tenants_apart(tenants):
    made = []
    cache = PhrasesCache(lambda phrases: made.append(1) or sorted(phrases.load()))
    stock("one", BAGS, "Acme")
    words = cache.get(phrases_of(index()))
    assert "Red bag" in words
    stock("two", SHOES[:3], "Zenith")
    assert "Red bag" not in cache.get(phrases_of(index()))
    switch("one")
    assert cache.get(phrases_of(index())) == words
    assert len(made) == 2
