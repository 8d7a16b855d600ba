"""What is installed: every direct dependency pinned, and nothing heavy in the base."""

import re
import tomllib

import pytest

from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(lines):
    """Yield the distributions that requirement lines name; an extra that is a distribution of its own, too."""
    for line in lines:
        name, extras = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", line).groups()
        if name != PROJECT["name"]:
            yield name.lower()
        if name == "psycopg" and extras:
            yield f"psycopg-{extras}"


def pins():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), "every line names one exact version"
    return {line.partition("==")[0].lower() for line in lines}


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_every_direct_dependency_is_pinned(extra):
    lines = EXTRAS[extra] if extra else PROJECT["dependencies"]
    assert set(requirements(lines)) - pins() == set()


def test_nothing_is_pinned_that_is_not_a_direct_dependency():
    everything = [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]
    assert pins() - set(requirements(everything)) == set()


def test_neither_the_base_nor_the_demo_asks_for_torch_or_transformers():
    demo = [
        *PROJECT["dependencies"],
        *(line for extra in ("redis", "voice", "sound", "demo") for line in EXTRAS[extra]),
    ]
    assert {"torch", "torchvision", "transformers"}.isdisjoint(requirements(demo))


def test_the_demo_takes_only_extras_without_torch():
    [own] = [line for line in EXTRAS["demo"] if line.startswith(PROJECT["name"])]
    assert own == "django-xsearch[redis,voice,sound]"


def test_the_tests_install_every_extra():
    wanted = set()
    for name in ("test", "demo"):
        [own] = [line for line in EXTRAS[name] if line.startswith(PROJECT["name"])]
        wanted |= set(re.search(r"\[(.*)\]", own).group(1).split(","))
    assert wanted == set(EXTRAS) - {"test"}
