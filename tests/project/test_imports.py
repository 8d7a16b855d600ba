"""Serving is light: what a fresh process has imported once the shop is up."""

import json
import os
import subprocess
import sys

import pytest

from tests.support import ROOT

HEAVY = [
    "torch",
    "torchvision",
    "transformers",
    "onnxruntime",
    "librosa",
    "matplotlib",
    "numba",
    "pocketsphinx",
    "av",
    "rjieba",
    "rapidfuzz",
    "pypinyin",
]
START = """
import django, json, sys
django.setup()
import xsearch
from django.urls import get_resolver
get_resolver().url_patterns
{more}
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(more=""):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings"}
    command = [sys.executable, "-c", START.format(more=more)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_xsearch_and_the_urls_imports_no_model_library():
    modules = modules_after()
    assert "xsearch.api.views" in modules
    assert modules.isdisjoint(HEAVY)


def test_a_web_worker_of_the_shop_imports_no_model_library():
    assert modules_after("import shop.wsgi, shop.celery").isdisjoint(HEAVY)


@pytest.mark.parametrize(("package", "others"), [("xsearch", {"shop", "tools", "tests"}), ("shop", {"tools", "tests"})])
def test_the_package_never_imports_the_shop_nor_any_of_them_the_tools(package, others):
    sources = list((ROOT / package).rglob("*.py"))
    importing = [
        str(file.relative_to(ROOT))
        for file in sources
        if any(
            line.split()[:1] in (["import"], ["from"]) and line.split()[1].split(".")[0] in others
            for line in file.read_text().splitlines()
            if line.strip()
        )
    ]
    assert importing == []
