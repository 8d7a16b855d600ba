"""The demonstration catalogue and its style posts: made once, loaded once."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from shop.demo.servers import without_password
from shop.loading import load_posts
from shop.models import Product

#: The code that draws and describes the products; a change there makes a new catalogue.
_MAKERS = ("tools/demo_catalogue", "tools/rendering", "shop/management/commands/make_catalogue.py")
FILE_NAME = "catalogue.jsonl"
POSTS_NAME = "posts.jsonl"


def make_once(folder: Path, products: int | None, run: Callable[..., None]) -> bool:
    """Make the catalogue in ``folder`` unless the same code has made it already; returns whether it did.

    ``run`` starts a command and waits for it.
    """
    stamp = folder / ".made"
    made_by = _fingerprint_of_makers(products)
    if _read(stamp) == made_by and all((folder / name).exists() for name in (FILE_NAME, POSTS_NAME)):
        return False
    stamp.unlink(missing_ok=True)
    count = [] if products is None else [f"--products={products}"]
    run(
        "make the catalogue",
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "make_catalogue",
        str(folder),
        *count,
    )
    stamp.write_text(made_by)
    return True


def load_once(folder: Path) -> bool:
    """Load the catalogue unless this database has had it already; returns whether it did."""
    stamp = folder / ".loaded"
    state = f"{_hash([folder / FILE_NAME, folder / POSTS_NAME])} {_database()}"
    if _read(stamp) == state and Product.objects.exists():
        return False
    call_command("load_catalogue", str(folder / FILE_NAME), verbosity=1)
    load_posts(folder / POSTS_NAME)
    stamp.write_text(state)
    return True


def _database() -> str:
    address = os.environ.get("DATABASE_URL")
    return without_password(address) if address else str(connection.settings_dict["ENGINE"])


def _fingerprint_of_makers(products: int | None) -> str:
    root = Path(settings.BASE_DIR)
    files = [file for maker in _MAKERS for file in sorted([root / maker, *(root / maker).rglob("*")])]
    sources = [file for file in files if file.is_file() and file.suffix != ".pyc"]
    return f"{_hash(sources)} {products or 'all'}"


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""
