"""A function in a process with other settings, where Django reads them once: on the test database."""

import importlib
import json
import os
import subprocess
import sys

from tests.support import ROOT

_RESULT = "RESULT "


def call(function, **settings):
    """Call ``function``, a module's own, in a process with further Django settings; return what it returned, as JSON.

    The test needs real transactions, and what the function saved is flushed after it.
    """
    from django.db import connection

    settings["DATABASE_NAME"] = connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "XSEARCH_TEST_SETTINGS": json.dumps(settings),
    }
    command = [sys.executable, "-W", "error", "-m", __name__, function.__module__, function.__name__]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    *log, last = done.stdout.splitlines() or [""]
    assert done.returncode == 0, "\n".join([*log, last, done.stderr])
    assert last.startswith(_RESULT), done.stdout
    return json.loads(last.removeprefix(_RESULT))


def _main(module, name):
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    result = getattr(importlib.import_module(module), name)()
    print(_RESULT + json.dumps(result, default=str))


if __name__ == "__main__":
    _main(*sys.argv[1:])
