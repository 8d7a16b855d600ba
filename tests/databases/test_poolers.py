"""A real PgBouncer in transaction mode: no statement relies on a session, and nothing is left in one."""

import pytest
from django.core.management import call_command
from django.db import connections

import xsearch
from shop.models import Product
from tests.support.databases import PGBOUNCER, alias, are_indexed, long_transaction, pgbouncer, through, time_limit
from tests.support.indexing import add, picture, run, statuses
from tests.test_checks import found
from xsearch.index.registry import get_index
from xsearch.indexing import statistics, tasks, vector_indexes
from xsearch.indexing.database import execute, fetch_one, paged
from xsearch.indexing.leases import index_build_lease
from xsearch.models import Term
from xsearch.search import similar, suggest

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(PGBOUNCER is None, reason="needs Debian's package pgbouncer"),
]


@pytest.fixture(autouse=True)
def _encoder(use_encoder, no_broker):
    use_encoder()


@pytest.fixture
def pooled(tmp_path):
    with pgbouncer(tmp_path) as port, through(HOST="127.0.0.1", PORT=port):
        yield port


def in_sessions(sql, port):
    """Return what ``sql`` returns in each server connection of the pool: those that hold on to one stay apart."""
    with alias("one", PORT=port), alias("other", PORT=port):
        found = []
        for name in ("one", "other"):
            connections[name].set_autocommit(False)
            found.append(fetch_one(sql, using=name))
        for name in ("one", "other"):
            connections[name].rollback()
        return found


def test_the_main_job(pooled):
    products = [add(f"A{number}", f"Red bag {number}", photo=1) for number in range(3)]
    run()
    assert set(statuses().values()) == {"indexed"}
    assert are_indexed()
    statistics.refresh(get_index(Product))
    assert Term.objects.filter(lexeme="bag").get().objects_with == 3
    found = xsearch.search(Product.objects.all(), text="bag", image=picture(1), facets=["brand"])
    assert len(found.hits) == 3
    assert len(similar(Product.objects.all(), products[0]).hits) == 2
    assert suggest(get_index(Product), "re") != []
    assert {"Red bag 0", "Red bag 1", "Red bag 2"} <= set(statistics.phrases(get_index(Product)))
    tasks.sweep_task()
    call_command("xsearch_index", "--all")
    call_command("xsearch_tidy")


def test_nothing_is_left_in_a_session(pooled):
    add("A", "Red bag", photo=1)
    run()
    tasks.sweep_task()
    xsearch.search(Product.objects.all(), text="bag", image=picture(1))
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert fetch_one(locks) == (0,)
    # Set by Django and by the pooler, for each client.
    theirs = "'TimeZone', 'client_encoding', 'DateStyle', 'application_name', 'standard_conforming_strings'"
    kept = f"SELECT string_agg(name, ' ') FROM pg_settings WHERE source = 'session' AND name NOT IN ({theirs})"
    assert in_sessions(kept, pooled) == [(None,), (None,)]


def test_no_lock_stays_in_a_session_that_others_took_meanwhile(pooled, monkeypatch):
    build = vector_indexes._build

    def while_others_are_at_work(*given):
        if connections["other"].get_autocommit():
            connections["other"].set_autocommit(False)
            fetch_one("SELECT 1", using="other")  # takes the session that was used last, and keeps it
        build(*given)

    monkeypatch.setattr(vector_indexes, "_build", while_others_are_at_work)
    add("A", "Red bag", photo=1)
    with alias("other", PORT=pooled):
        run()
        connections["other"].rollback()
    assert are_indexed()
    assert fetch_one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == (0,)


def test_an_index_is_built_again_and_again(pooled):
    add("A", "Red bag", photo=1)
    for _ in range(4):
        run()
        assert are_indexed()
        for store in get_index(Product).stores_for("image"):
            vector_indexes.drop_vector_index(store, store.column)
        assert not are_indexed()
        tasks.sweep_task()
        assert are_indexed()


def test_a_pool_of_one_connection_is_enough(tmp_path):
    with pgbouncer(tmp_path, pool_size=1) as port, through(HOST="127.0.0.1", PORT=port):
        add("A", "Red bag", photo=1)
        run()
        assert are_indexed()


def test_rows_are_read_while_other_sessions_come_and_go(pooled):
    for number in range(9):
        add(f"A{number}", f"Red bag {number}", photo=1)
    run()
    found = paged(Product.objects.all(), "sku", size=2)
    assert next(found) == ("A0",)
    in_sessions("SELECT 1", pooled)
    assert list(found) == [(f"A{number}",) for number in range(1, 9)]


def test_past_the_pooler_the_owner_builds_what_a_time_limit_cancels(tmp_path, capsys, caplog):
    """A time limit of the server cannot be lifted through a pooler."""
    add("A", "Red bag", photo=1)
    with alias("direct"), pgbouncer(tmp_path) as port, time_limit("direct"), through(HOST="127.0.0.1", PORT=port):
        with long_transaction("direct"):
            run()
        assert set(statuses().values()) == {"indexed"}
        assert "--indexes-only --database ALIAS" in caplog.text
        assert not are_indexed()
        call_command("xsearch_index", "--indexes-only", "--database", "direct")
        assert "All indexes of the database are there" in capsys.readouterr().out
        assert are_indexed()


def test_the_checks_know_a_pooler(tmp_path, settings):
    settings.XSEARCH = {**settings.XSEARCH, "TRANSCRIBERS": []}
    assert {"xsearch.W044", "xsearch.W045"}.isdisjoint(found())
    with alias("direct"), pgbouncer(tmp_path) as port, time_limit("direct"):
        with through(HOST="127.0.0.1", PORT=port):
            messages = found()
            assert "DISABLE_SERVER_SIDE_CURSORS'] = True" in messages["xsearch.W044"].hint
            assert "cancels statements after 1500ms" in messages["xsearch.W045"].msg
            assert "xsearch_index --indexes-only --database ALIAS" in messages["xsearch.W045"].hint
        with through(HOST="127.0.0.1", PORT=port, DISABLE_SERVER_SIDE_CURSORS=True):
            assert "xsearch.W044" not in found()


class TestLease:
    def test_one_at_a_time(self):
        with index_build_lease(["shop_product"]) as first, index_build_lease(["shop_product"]) as second:
            assert (first, second) == (True, False)
        with index_build_lease(["shop_product"]) as third:
            assert third

    def test_a_dead_holder_loses_it(self):
        with index_build_lease(["shop_product"]):
            execute("UPDATE xsearch_lease SET until = now() - interval '1 second'")
            with index_build_lease(["shop_product"]) as second:
                assert second

    def test_a_build_that_outlasts_it_keeps_others_away(self):
        with alias("builder"):
            connections["builder"].set_autocommit(False)
            execute("LOCK TABLE shop_product IN SHARE UPDATE EXCLUSIVE MODE", using="builder")
            with index_build_lease(["shop_product"]):
                execute("UPDATE xsearch_lease SET until = now() - interval '1 second'")
                with index_build_lease(["shop_product"]) as second:
                    assert not second
            connections["builder"].rollback()
