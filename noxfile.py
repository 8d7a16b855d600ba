"""The tests on every supported Python and Django, lint and types, each in an environment of its own.

``nox -l`` lists the sessions, ``nox`` runs all of them, and
``nox -s "tests(python='3.12', django='6.0')" -- -m quick`` runs the quick tests of one.
A session whose interpreter is not on this machine says so and is skipped.
"""

from __future__ import annotations

from pathlib import Path

import nox

CONSTRAINTS = Path("constraints.txt")
#: What Django itself supports: 6.0 and later need Python 3.12.
SUPPORTED = [
    ("3.11", "5.2"),
    ("3.12", "5.2"),
    ("3.12", "6.0"),
    ("3.12", "6.1"),
    ("3.13", "5.2"),
    ("3.13", "6.0"),
    ("3.13", "6.1"),
]
#: constraints.txt pins PyTorch for this Python only; the others run the tests that need none of it.
PYTHON_WITH_TORCH = "3.11"

nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


@nox.session
@nox.parametrize("python,django", SUPPORTED)
def tests(session: nox.Session, django: str) -> None:
    """Run the test suite, or what follows ``--``."""
    extra = "test" if session.python == PYTHON_WITH_TORCH else "test-light"
    constraints = constraints_without_django(session)
    session.install("-c", str(constraints), "-e", f".[{extra}]", f"Django~={django}.0")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Check style and imports; the widgets' scripts are checked by ``make lint``."""
    session.install("-c", str(CONSTRAINTS), "ruff", "import-linter")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """Check the types of xsearch."""
    session.install("-c", str(CONSTRAINTS), "-e", ".[test]")
    session.run("mypy")


def constraints_without_django(session: nox.Session) -> Path:
    """Write constraints.txt without its pin of Django, and return the file."""
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("Django==")]
    file = Path(session.create_tmp()) / "constraints.txt"
    file.write_text("\n".join(lines) + "\n")
    return file
