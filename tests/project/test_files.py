"""What is in the repository: a licence, and nothing that belongs to one machine or one person."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.selection import NOT_QUICK

FORBIDDEN = {
    "an absolute path of a developer's machine": r"(?<![\w.$}~-])/(?:work|home/\w+|Users/\w+|root)/",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY",
    "an access token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|hf_[A-Za-z]{30,}|sk-[A-Za-z0-9]{32,}|AKIA[A-Z0-9]{16})\b",
    "a package registry's address": r"(?:--extra-index-url|--index-url|https?://[^ ]*/simple\b)",
}


@pytest.fixture(scope="module")
def texts():
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the tracked files are unknown")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    found = {}
    for file in files:
        content = file.read_bytes() if file.is_file() else b"\0"
        if b"\0" not in content[:8192]:
            found[file.relative_to(ROOT)] = content.decode(errors="replace")
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_contains(what, texts):
    own = Path(__file__).relative_to(ROOT)
    hits = [str(name) for name, text in texts.items() if name != own and re.search(FORBIDDEN[what], text)]
    assert hits == [], f"{what} in {hits}"


def test_no_tracked_file_is_larger_than_ten_megabytes(texts):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).exists()}
    assert {name: size for name, size in sizes.items() if size > 10_000_000} == {}


@pytest.mark.parametrize("place", [place for places in NOT_QUICK.values() for place in places])
def test_what_make_quick_leaves_out_is_there(place):
    file, _, name = place.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name}(" in (ROOT / file).read_text() or f"class {name}:" in (ROOT / file).read_text()


def test_the_licence_is_bsd_3_clause():
    licence = (ROOT / "LICENSE").read_text()
    assert "Copyright (c) 2026, The django-xsearch developers" in licence
    assert all(f"\n{number}. " in licence for number in (1, 2, 3))
    assert "Neither the name of the copyright holder" in licence


def test_the_continuous_integration_script_runs_on_its_own():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"
    subprocess.run(["bash", "-n", script], check=True)


def plan_of(target, venv):
    """List the commands that ``make target`` would run; a make around this test has no say."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", target, f"VENV={venv}"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize(("target", "extra"), [("demo", "demo"), ("test", "test"), ("lint", "test"), ("types", "test")])
def test_make_installs_the_pinned_extra_that_a_target_needs(target, extra, tmp_path):
    [installs] = [line for line in plan_of(target, tmp_path / "none") if "-m pip" in line]
    assert installs.endswith(f"-c constraints.txt -e '.[{extra}]'")


def test_make_installs_nothing_again_while_nothing_has_changed(tmp_path):
    for stamp in (".made", ".installed-demo"):
        (tmp_path / stamp).touch()
    assert plan_of("demo", tmp_path) == [f"exec {tmp_path}/bin/python manage.py demo --follow-parent"]
