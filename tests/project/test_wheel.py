"""The wheel: all that a shop needs is inside, and nothing of the demonstration."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.support import ROOT

SOURCES = ["xsearch", "pyproject.toml", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build from a copy: the build leaves files beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [file] = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def shipped(suffixes):
    """List the files of the package in the checkout that a shop needs at run time."""
    files = (file for file in (ROOT / "xsearch").rglob("*") if file.suffix in suffixes)
    return {str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts}


@pytest.mark.parametrize("suffix", [".py", ".html", ".js", ".css", ".svg", ".mo", ".onnx", ".json"])
def test_every_file_of_the_package_is_in_the_wheel(wheel, suffix):
    assert shipped({suffix}) - set(wheel.namelist()) == set()


@pytest.mark.parametrize("suffix", [".html", ".js", ".css", ".mo", ".onnx"])
def test_the_package_has_such_files_at_all(suffix):
    assert shipped({suffix})


def test_the_wheel_is_typed_and_has_the_migrations(wheel):
    names = wheel.namelist()
    assert "xsearch/py.typed" in names
    assert any(name.startswith("xsearch/migrations/0001_") for name in names)


def test_the_wheel_contains_only_xsearch(wheel):
    roots = {name.partition("/")[0] for name in wheel.namelist()}
    [info] = roots - {"xsearch"}
    assert info.endswith(".dist-info")


def test_the_wheel_carries_the_licence(wheel):
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_the_wheel_is_small(wheel):
    assert sum(entry.compress_size for entry in wheel.infolist()) < 12_000_000
