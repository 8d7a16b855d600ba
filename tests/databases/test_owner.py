"""A database user that owns no tables: it indexes and searches, and says what only the owner can do."""

import pytest
from django.core.management import CommandError, call_command

import xsearch
from shop.models import Product
from tests.support.databases import alias, are_indexed, role, through
from tests.support.indexing import add, picture, record, run, statuses
from tests.test_checks import found
from xsearch.indexing import tasks
from xsearch.indexing.database import fetch_one

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = "python manage.py xsearch_index --indexes-only --database ALIAS"


@pytest.fixture(autouse=True)
def _shop_user(use_encoder, no_broker):
    use_encoder(more={"TRANSCRIBERS": []})
    with alias("owner"), role("shop_user"), through(USER="shop_user"):
        yield


def test_it_owns_nothing():
    assert fetch_one("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == (0,)


def test_work_goes_on_and_the_owner_does_the_rest(caplog, capsys):
    add("A", "Red bag", photo=1)
    run()
    tasks.sweep_task()
    assert set(statuses().values()) == {"indexed"}
    assert "The database user 'shop_user' does not own shop_product" in caplog.text
    assert len(xsearch.search(Product.objects.all(), text="bag", image=picture(1)).hits) == 1
    call_command("xsearch_index", "--all")
    output = capsys.readouterr()
    assert "1 indexed, 0 failed" in output.out
    assert COMMAND in output.err
    assert not are_indexed()
    with pytest.raises(CommandError, match="These have no vector index yet"):
        call_command("xsearch_index", "--indexes-only")
    call_command("xsearch_index", "--indexes-only", "--database", "owner")
    assert "All indexes of the database are there" in capsys.readouterr().out
    assert are_indexed()
    caplog.clear()
    tasks.sweep_task()
    assert "does not own" not in caplog.text


def test_the_check_names_the_owner_s_command():
    add("A", "Red bag", photo=1)
    run()
    messages = found()
    assert messages.keys() == {"xsearch.W042"}
    assert "'shop_user' does not own shop_product" in messages["xsearch.W042"].msg
    assert COMMAND in messages["xsearch.W042"].hint
    call_command("xsearch_index", "--indexes-only", "--database", "owner")
    assert found() == {}


def test_another_encoder_is_staged_by_the_owner(use_encoder, caplog):
    product = add("A", "Red bag", photo=1)
    run()
    call_command("xsearch_index", "--indexes-only", "--database", "owner")
    use_encoder(revision="2", more={"TRANSCRIBERS": []})
    product.title = "Blue bag"
    product.save()
    run()
    assert "does not own" in record(product).last_error
    assert len(xsearch.search(Product.objects.all(), text="blue bag").hits) == 1
    with pytest.raises(CommandError, match="does not own"):
        call_command("xsearch_rebuild")
    call_command("xsearch_index", "--indexes-only", "--database", "owner")
    call_command("xsearch_index", "--database", "owner")
    assert statuses() == {str(product.pk): "indexed"}
    assert are_indexed()
    assert record(product).fingerprints["image"].endswith("2")


def test_an_unknown_alias_is_refused():
    with pytest.raises(CommandError, match=r"DATABASES has no 'nothing'. It has: default, owner"):
        call_command("xsearch_index", "--database", "nothing")
