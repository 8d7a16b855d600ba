"""The shop in ``examples/plain`` with each trait of real shops: the main job, in a process and a database of its own."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.support import ROOT
from tests.support.indexing import wait_until
from tests.support.processes import free_port, redis_server, stop_group

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = ROOT / "examples" / "plain"
#: Traits that change settings and models only.
TRAITS = [
    "",
    "no_tz",
    "chinese",
    "atomic",
    "uuid",
    "soft_delete",
    "translated",
    "bucket",
    "custom_user",
    "csp",
    "replica",
    "no_tz,chinese,atomic,uuid,soft_delete,bucket,custom_user,csp",
]


@contextmanager
def database(name):
    """Make an empty database beside that of the tests; yields its URL."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url(name)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def url(name, **changed):
    """Return the URL of a database on the server of the tests."""
    from urllib.parse import quote

    settings = {**connection.settings_dict, **changed}
    user = quote(settings["USER"]) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    return f"postgres://{user}@{quote(settings['HOST'] or '127.0.0.1', safe='')}:{settings['PORT'] or 5432}/{name}"


class Shop:
    """The shop with some traits."""

    def __init__(self, traits, database_url, folder, **environment):
        kept = {
            name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
        }
        self.environment = {
            **kept,
            "PLAIN": traits,
            "PLAIN_VAR": str(folder),
            "DATABASE_URL": database_url,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(SHOP)]),
            "DJANGO_SETTINGS_MODULE": "plain.settings",
            **environment,
        }

    def manage(self, *arguments, **environment):
        """Run a command of the shop; returns what it printed."""
        command = [sys.executable, "-W", "error", "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=SHOP, env={**self.environment, **environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def main_job(self, *arguments):
        """Return what the main job found."""
        return json.loads(self.manage("main_job", *arguments).strip().splitlines()[-1])


@pytest.fixture
def shop(tmp_path):
    """Return a function that starts a shop with the traits, on a database of its own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(traits, **environment):
            return Shop(traits, stack.enter_context(database("plain_shop")), tmp_path, **environment)

        yield make


def expect_everything(found, *, chinese=False):
    """Compare what the main job found with what a shop of any traits should find."""
    english, translated = ("Red mug", "Blue mug", "Red jacket"), ("红色马克杯", "蓝色马克杯", "红色夹克")
    red_mug, blue_mug, red_jacket = translated if chinese else english
    mugs, jackets = ("马克杯", "夹克") if chinese else ("Mugs", "Jackets")
    assert found["findings"] == []
    assert found["counts"] == {"total": 4, "indexed": 4, "pending": 0}
    python, api = found["python"], found["api"]
    assert (python["text"], python["photo"], python["degraded"]) == (red_mug, red_mug, [])
    assert python["facets"] == {"category": {mugs: 2, jackets: 1}, "colour": {"red": 2, "blue": 1}}
    assert python["corrected"] == ("green jakcet" if chinese else "green jacket")  # no product has the second word
    assert python["similar"] == [blue_mug, red_jacket]
    assert (api["text"], api["photo"]) == (red_mug, red_mug)
    assert sorted(api["filtered"]) == sorted([red_mug, blue_mug])
    assert red_mug in api["suggestions"]
    assert (api["similar"], api["health"], api["schema"]) == ([blue_mug, red_jacket], "ok", 200)
    assert found["pages"] == {"titles": [red_mug], "inline": [], "async": red_mug}
    assert set(found["admin"].values()) == {200}
    assert found["changed"] == {"first": "紫色碗" if chinese else "Violet bowl", "by_words": True}
    left = {"total": 3, "indexed": 3, "pending": 0}
    assert found["deleted"] == {"python": False, "api": False, "similar": 404, "counts": left}
    assert found["findings_at_the_end"] == []


def test_every_trait_is_described_and_run():
    known = set(re.findall(r'^    "(\w+)": "', (SHOP / "plain" / "settings.py").read_text(), re.MULTILINE))
    described = set(re.findall(r"^\| `(\w+)`", (SHOP / "README.md").read_text(), re.MULTILINE))
    alone = set(re.findall(r'shop\("(\w+)"', Path(__file__).read_text()))
    assert described == known == alone | {trait for traits in TRAITS for trait in traits.split(",") if trait}


@pytest.mark.parametrize("traits", TRAITS)
def test_the_main_job(shop, traits):
    found = shop(traits).main_job()
    expect_everything(found, chinese="chinese" in traits)
    if "bucket" in traits:
        assert found["api"]["image"].startswith("https://bucket.example/products/mug-red")
        assert "signature=" in found["api"]["image"]


def test_products_in_a_second_database(shop):
    with database("plain_products") as products:
        found = shop("second_database", PRODUCTS_DATABASE_URL=products).main_job()
    expect_everything(found)


@pytest.fixture
def pgbouncer(tmp_path):
    """Start PgBouncer in transaction mode, with two connections to the server; yields its port."""
    if not (program := shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")):
        pytest.skip("pgbouncer is not installed")
    port, server = free_port(), connection.settings_dict
    lines = [
        f"[databases]\n* = host={server['HOST']} port={server['PORT'] or 5432}\n[pgbouncer]\npool_mode = transaction"
    ]
    lines += [f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\ndefault_pool_size = 2"]
    users = tmp_path / "users.txt"
    users.write_text('"{USER}" "{PASSWORD}"'.format(**server))
    lines += [f"auth_type = trust\nauth_file = {users}"]
    if os.getuid() == 0:  # which it refuses; whoever runs the server may enter the folder of its socket
        lines += [f"user = {Path(server['HOST']).owner()}"]
    (tmp_path / "pgbouncer.ini").write_text("\n".join(lines))
    process = subprocess.Popen([program, "-q", str(tmp_path / "pgbouncer.ini")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(30)


def test_behind_pgbouncer(shop, pgbouncer):
    behind = shop("pgbouncer")
    behind.environment["DATABASE_URL"] = url("plain_shop", HOST="127.0.0.1", PORT=pgbouncer)
    expect_everything(behind.main_job())


def test_tenants_in_schemas_of_one_database(shop):
    first, second = shop("tenants").main_job()
    expect_everything(first)
    expect_everything(second)


@pytest.fixture
def restricted_role():
    """Make a database user who may read and write, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS plain_shop")
        cursor.execute("CREATE ROLE plain_shop LOGIN PASSWORD 'plain'")
    yield "plain_shop"
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE plain_shop")


def test_a_database_user_who_owns_nothing(restricted_role, shop):
    restricted = shop("restricted")
    restricted.manage("main_job", "--prepare")
    grant(restricted_role)
    found = restricted.main_job("--prepared")
    # The work goes on without vector indexes, and the check says who builds them.
    assert found.pop("findings_at_the_end") == ["xsearch.W042"]
    expect_everything({**found, "findings_at_the_end": []})
    restricted.manage("xsearch_index", "--indexes-only", "--database", "owner")
    assert "no issues" in restricted.manage("check", "--database", "default")


def test_django_tasks_instead_of_celery(shop):
    without_celery = shop("django_tasks")
    without_celery.manage("main_job", "--prepare")
    with running(without_celery, "manage.py", "db_worker", "--no-startup-delay", "--interval", "0.1", "--no-reload"):
        expect_everything(without_celery.main_job("--prepared"))


def test_a_celery_worker(shop, tmp_path):
    with redis_server(tmp_path) as redis:
        served = shop("worker", CELERY_BROKER_URL=redis.url)
        served.manage("main_job", "--prepare")
        worker = ("-m", "celery", "-A", "plain", "worker", "--pool", "solo", "--without-gossip", "--without-mingle")
        with running(served, *worker):
            expect_everything(served.main_job("--prepared"))


def test_an_asgi_server(shop):
    served, port = shop(""), free_port()
    served.main_job()
    address = f"http://127.0.0.1:{port}"
    with running(served, "-m", "uvicorn", "plain.asgi:application", "--port", str(port), "--log-level", "warning"):
        wait_until(lambda: listens(port))
        found = [
            json.loads(fetch(f"{address}{path}?q=red+jacket")) for path in ("/async-search/", "/api/xsearch/search/")
        ]
        page = fetch(f"{address}/search/?q=red+jacket")
    assert found[0]["titles"][0] == found[1]["hits"][0]["title"] == "Red jacket"
    assert found[0]["total"] == found[1]["total"]
    assert found[0]["facets"]["category"]["Jackets"] >= 1
    assert found[1]["degraded"] == []
    assert "Red jacket" in page


def fetch(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(shop, *arguments):
    """Run a process of the shop beside the test."""
    options = {"cwd": SHOP, "env": shop.environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *arguments], start_new_session=True, **options)
    try:
        yield process
    finally:
        stop_group(process)


def grant(role):
    """Let a role read and write every table of the shop's database."""
    statements = (
        f"GRANT USAGE ON SCHEMA public TO {role};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
    )
    with psycopg.connect(url("plain_shop").replace("postgres://", "postgresql://")) as session:
        session.execute(statements)
