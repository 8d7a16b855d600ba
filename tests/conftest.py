"""Shared fixtures: the real embedded PostgreSQL, real files, and the data folder where there is one."""

import os
from pathlib import Path

import pytest
from django.utils import translation

from tests.support import ROOT
from tests.support.selection import marker_of

os.environ.setdefault("SHOP_VAR_DIR", str(ROOT / "var" / "tests"))
# WhiteNoise warns when there is no folder of collected files, and warnings are errors.
(Path(os.environ["SHOP_VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)


def pytest_ignore_collect(collection_path, config):
    """Import nothing that ``make quick`` leaves out: torch alone takes seconds."""
    if config.option.markexpr == "quick" and marker_of(str(collection_path.relative_to(ROOT))) != "quick":
        return True
    return None


def pytest_collection_modifyitems(items):
    """Give every test one of the markers in pyproject.toml."""
    for item in items:
        item.add_marker(marker_of(item.nodeid))


@pytest.fixture(autouse=True)
def _media_in_tmp(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def _no_language_left():
    """Deactivate the language that a test activated, or requested pages in."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _no_vector_indexes_left(request):
    """Drop what tests with real transactions built: it is for vectors of their length, and a flush leaves it.

    So it does with columns beside the live ones, and with the comments that say whose vectors are in them.
    """
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'xsearch_%' AND indexdef LIKE '%hnsw%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attname LIKE '%_embedding_beside'"
        )
        for table, column in cursor.fetchall():
            live = column.removesuffix("_beside")
            cursor.execute(f'ALTER TABLE {table} DROP COLUMN "{column}"; COMMENT ON COLUMN {table}."{live}" IS NULL')


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real photos, catalogues and recordings, or skip."""
    folder = os.environ.get("XSEARCH_DATA")
    if not folder:
        pytest.skip("XSEARCH_DATA is unset: no real photos, catalogues and recordings to test with")
    return Path(folder).resolve()


@pytest.fixture
def use_encoder(settings):
    """Return a function that configures one test encoder for texts and photos, and forgets what was encoded."""
    from tests.support.encoders import HashEncoder

    def use(name="HashEncoder", more=(), **options):
        settings.XSEARCH = {
            "ENCODERS": {"test": {"BACKEND": f"tests.support.encoders.{name}", "OPTIONS": options}},
            "EMBEDDINGS": {"text": "test", "image": "test", "audio": None},
            **dict(more),
        }
        HashEncoder.calls.clear()

    return use


@pytest.fixture
def no_broker(monkeypatch):
    """Send no tasks; the tests index by themselves."""
    monkeypatch.setattr("xsearch.indexing.dispatch._send_in_time", lambda _label: None)


@pytest.fixture
def register():
    """Return a function that makes a model searchable until the test ends."""
    from xsearch.index.registry import Index, unregister
    from xsearch.index.registry import register as register_index

    models = []

    def make(model, **declared):
        register_index(model)(type(f"{model.__name__}Index", (Index,), declared))
        models.append(model)

    yield make
    for model in models:
        unregister(model)
