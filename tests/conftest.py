"""Shared fixtures: the real embedded PostgreSQL, real files, and the data folder where there is one."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("SHOP_VAR_DIR", str(Path(__file__).resolve().parent.parent / "var" / "tests"))
# WhiteNoise warns when there is no folder of collected files, and warnings are errors.
(Path(os.environ["SHOP_VAR_DIR"]) / "static").mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _media_in_tmp(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real photos, catalogues and recordings, or skip."""
    folder = os.environ.get("XSEARCH_DATA")
    if not folder:
        pytest.skip("XSEARCH_DATA is unset: no real photos, catalogues and recordings to test with")
    return Path(folder).resolve()
