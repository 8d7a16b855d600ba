"""pgvector in a database that has none: who creates it, who may not, and where nobody needs it."""

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from tests.support.databases import alias, role
from xsearch.indexing.database import execute, fetch_one
from xsearch.indexing.extension import create_extension, has_extension

pytestmark = pytest.mark.django_db(transaction=True)

STATEMENT = "CREATE EXTENSION vector;"


@pytest.fixture
def bare():
    """An alias of an empty database, without the extension."""
    execute("CREATE DATABASE test_bare TEMPLATE template0")
    with alias("bare", NAME="test_bare"):
        yield "bare"
    execute("DROP DATABASE test_bare")


@pytest.fixture
def weak(bare):
    """An alias of that database for a user that may not create extensions."""
    with role("weak_user"), alias("weak", NAME="test_bare", USER="weak_user"):
        yield "weak"


class NothingElsewhere:
    """Keeps all tables but those of the content types in the default database."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "default" or app_label == "contenttypes"


def findings(using):
    return {message.id: message for message in run_checks(tags=["xsearch"], databases=[using])}


def test_it_is_created_before_the_first_migration(bare):
    create_extension(using=bare)
    assert has_extension(bare)


def test_every_schema_of_a_tenant_finds_it(bare):
    execute("CREATE SCHEMA tenant", using=bare)
    with alias("of_tenant", NAME="test_bare", options={"options": "-c search_path=tenant,public"}):
        create_extension(using="of_tenant")
    assert fetch_one(
        "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'", using=bare
    ) == ("public",)


def test_no_right_to_create_it(weak):
    message = findings(weak)["xsearch.E041"]
    assert "'test_bare' has no pgvector, and the user 'weak_user' may not create it" in message.msg
    assert message.hint == STATEMENT
    with pytest.raises(SystemCheckError, match=r"xsearch\.E041"):
        call_command("migrate", database=weak, skip_checks=False, verbosity=0)
    with pytest.raises(CommandError, match=f"connect to 'test_bare' and execute: {STATEMENT}"):
        call_command("migrate", database=weak, verbosity=0)


def test_an_administrator_created_it(weak):
    execute(STATEMENT, using="bare")
    create_extension(using=weak)
    assert "xsearch.E041" not in findings(weak)


def test_it_is_not_on_the_search_path(bare):
    execute("CREATE SCHEMA tools; CREATE EXTENSION vector SCHEMA tools", using=bare)
    message = findings(bare)["xsearch.E043"]
    execute(message.hint, using=bare)
    assert "xsearch.E043" not in findings(bare)


def test_a_database_that_the_router_forbids_stays_as_it_is(bare, weak, settings):
    settings.DATABASE_ROUTERS = ["tests.databases.test_extension.NothingElsewhere"]
    call_command("migrate", "contenttypes", database=bare, verbosity=0)
    assert not has_extension(bare)
    assert "xsearch.E041" not in findings(weak)
    settings.DATABASE_ROUTERS = []
