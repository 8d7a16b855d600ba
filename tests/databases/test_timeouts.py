"""A ``statement_timeout`` for the shop's own statements cancels no build, and one failure stops nothing else."""

import pytest
from django.db import connection

from shop.models import Product
from tests.showcase.models import Furniture
from tests.support.databases import alias, are_indexed, long_transaction, through, time_limit
from tests.support.indexing import add, run, statuses
from xsearch.index.registry import get_index
from xsearch.indexing import marking, statistics, tasks, vector_indexes
from xsearch.indexing.database import execute, fetch_one
from xsearch.models import Term

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker):
    use_encoder()


def limit():
    return fetch_one("SHOW statement_timeout")[0]


@pytest.mark.parametrize("place", ["database", "options"])
def test_a_build_takes_as_long_as_it_takes(place):
    add("A", "Red bag", photo=1)
    options = {"OPTIONS": {"options": "-c statement_timeout=1500"}}
    of_database, of_options = (1500, {}) if place == "database" else (0, options)
    with alias("direct"), time_limit("direct", of_database), through(**of_options):
        assert limit() == "1500ms"
        with long_transaction("direct"):
            run()
        assert are_indexed()
        assert limit() == "1500ms"


def test_an_invalid_index_is_replaced():
    add("A", "Red bag", photo=1)
    run()
    store = get_index(Product).stores_for("image")[0]
    name = vector_indexes.index_name(store, store.column)
    execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"{name}\"'::regclass")
    assert not are_indexed()
    tasks.sweep_task()
    assert are_indexed()


def test_each_part_of_the_sweep_runs_for_itself(register, monkeypatch, caplog):
    register(Furniture, text={"A": ["title"]})
    add("A", "Red bag", photo=1)
    Furniture.objects.bulk_create([Furniture(title="Chair")])
    broken = get_index(Product)
    for module, name in ((marking, "reconcile"), (tasks, "settle"), (statistics, "refresh_if_due")):
        whole = getattr(module, name)

        def failing(index, *given, whole=whole):
            if index is broken:
                execute("SELECT no_such_column")
            return whole(index, *given)

        monkeypatch.setattr(module, name, failing)
    with pytest.raises(ExceptionGroup, match=r"3 parts failed, the others are done: .*no_such_column") as caught:
        tasks.sweep_task()
    assert len(caught.value.exceptions) == 3
    assert statuses(Furniture) != {}
    run(Furniture)
    monkeypatch.undo()
    assert "Looking for missed objects of shop.Product failed" in caplog.text


def test_the_terms_are_counted_without_a_time_limit(monkeypatch):
    add("A", "Red bag", photo=1)
    run()
    during = []
    store_forms = statistics._store_forms
    monkeypatch.setattr(statistics, "_store_forms", lambda pk: during.append(limit()) or store_forms(pk))
    with through(OPTIONS={"options": "-c statement_timeout=1500"}):
        statistics.refresh(get_index(Product))
        assert during == ["0"]
        assert limit() == "1500ms"
    assert Term.objects.filter(lexeme="bag").exists()
    assert connection.alias == "default"
