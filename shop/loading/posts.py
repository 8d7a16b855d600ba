"""Style posts of a file → rows of the shop, once each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

import xsearch
from shop.loading.files import store_photo
from shop.loading.lines import BadLine, read_objects
from shop.models import Product, StylePost

if TYPE_CHECKING:
    from pathlib import Path

_TEXTS = ("author", "title", "title_zh", "text", "text_zh")


def load_posts(path: Path) -> int:
    """Load the posts at ``path``, one JSON object a line; returns how many. Existing posts are updated.

    They are visible at once. Posts that show nothing that the shop sells are left out. Raises ``BadLine`` or
    ``BadReference`` for a line that is none.
    """
    with path.open("rb") as file:
        lines = [raw for _number, raw in read_objects(file)]
    with xsearch.pause_indexing(), transaction.atomic():
        return sum(_save(raw, path.parent) for raw in lines)


def _save(line: dict[str, Any] | BadLine, folder: Path) -> bool:
    """Save a post; returns False if the shop sells none of the products that it shows."""
    if isinstance(line, BadLine):
        raise line
    shown = list(Product.objects.filter(sku__in=line["products"]))
    if not shown:
        return False
    values = {name: line[name] for name in _TEXTS}
    values["photo"] = store_photo(folder, line["image"], line["id"], kind="posts")
    values["created_at"] = timezone.now() - timedelta(days=line["days_ago"])
    post, _created = StylePost.objects.update_or_create(reference=line["id"], defaults=values | {"is_visible": True})
    post.products.set(shown)
    return True
