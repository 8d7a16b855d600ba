"""The widgets' script: one file, made of the modules in tools/widget_scripts."""

import re
from hashlib import sha256

from tests.support import ROOT

SCRIPT = ROOT / "xsearch" / "static" / "xsearch" / "xsearch.js"
MODULES = sorted((ROOT / "tools" / "widget_scripts").glob("*.js"))


def test_the_script_is_made_of_its_modules():
    """``make scripts`` writes their hash into it."""
    digest = sha256(b"".join(module.read_bytes() for module in MODULES)).hexdigest()
    assert len(MODULES) > 10
    assert f"SHA-256 {digest} */ 'use strict';" in SCRIPT.read_text().splitlines()[0], "run make scripts"


def test_the_script_imports_nothing():
    """A storage that hashes file names does not rewrite imports, and another origin would need CORS headers."""
    assert [file.name for file in SCRIPT.parent.glob("*.js")] == ["xsearch.js"]
    assert not re.search(r"^\s*(import|export)\b|\bimport\(", SCRIPT.read_text(), re.MULTILINE)
