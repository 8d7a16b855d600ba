"""The demonstration catalogue and its style posts, which the shop ships: loaded once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from shop.demo.servers import without_password
from shop.loading import load_posts
from shop.models import Product

FILE_NAME = "catalogue.jsonl"
POSTS_NAME = "posts.jsonl"


def load_once(folder: Path, stamp: Path, products: int | None) -> bool:
    """Load the catalogue, or ``products`` of it; returns False if this database has it already.

    ``stamp`` is the file that records what was loaded.
    """
    state = f"{_hash([folder / FILE_NAME, folder / POSTS_NAME])} {products or 'all'} {_database()}"
    if _read(stamp) == state and Product.objects.exists():
        return False
    call_command("load_catalogue", str(folder / FILE_NAME), products=products, verbosity=1)
    load_posts(folder / POSTS_NAME)
    stamp.write_text(state)
    return True


def _database() -> str:
    address = os.environ.get("DATABASE_URL")
    return without_password(address) if address else str(connection.settings_dict["ENGINE"])


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""
