"""Fixtures of tiny checkpoints, made once a session; a module takes them with ``pytest_plugins``."""

import pytest


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Return a function from a name of ``MAKERS`` to a folder with that checkpoint; not to be written to."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    from tests.checkpoints import MAKERS

    made = {}

    def folder(name):
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("checkpoints") / name)
        return made[name]

    return folder
