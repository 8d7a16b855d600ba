"""Sample photos for visitors to search with: customer photos of the demonstration catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from shop.models import Product


@dataclass(frozen=True)
class Sample:
    """A customer photo and the product that is on it."""

    name: str
    sku: str

    @property
    def url(self) -> str:
        """Where the picture is."""
        return reverse("shop:sample", args=[self.name])


def customer_photos() -> list[Sample]:
    """Return the photos to try, or none where the shop sells something else."""
    listed = _listed()
    sold = set(Product.objects.filter(sku__in=[sample.sku for sample in listed]).values_list("sku", flat=True))
    return [sample for sample in listed if sample.sku in sold]


def path_of(name: str) -> Path | None:
    """Return the file of a photo that is listed, and of no other."""
    known = {sample.name for sample in _listed()} if name else set()
    path = Path(settings.CATALOGUE_DIR) / "customer_photos" / name
    return path if name in known and path.is_file() else None


def _listed() -> tuple[Sample, ...]:
    listing = Path(settings.CATALOGUE_DIR) / "photo_queries.jsonl"
    return _read(listing, listing.stat().st_mtime_ns) if listing.is_file() else ()


@lru_cache(maxsize=2)
def _read(listing: Path, _changed_ns: int) -> tuple[Sample, ...]:
    with listing.open(encoding="utf-8") as file:
        queries = [json.loads(line) for line in file]
    return tuple(Sample(Path(query["image"]).name, next(iter(query["relevant"]))) for query in queries)
