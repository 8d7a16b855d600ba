"""Photos that stand in for those of customers, made together with the demonstration catalogue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True)
class Sample:
    """A customer photo."""

    name: str

    @property
    def url(self) -> str:
        """Where the picture is."""
        return reverse("shop:sample", args=[self.name])


def customer_photos() -> list[Sample]:
    """Return the photos to try, or none where the shop runs on another catalogue."""
    listing = _folder() / "photo_queries.jsonl"
    return list(_read(listing, listing.stat().st_mtime_ns)) if listing.is_file() else []


def path_of(name: str) -> Path | None:
    """Return the file of a photo that is listed, and of no other."""
    known = {sample.name for sample in customer_photos()} if name else set()
    path = _folder() / "customer_photos" / name
    return path if name in known and path.is_file() else None


def _folder() -> Path:
    return Path(settings.CATALOGUE_DIR)


@lru_cache(maxsize=2)
def _read(listing: Path, _changed_ns: int) -> tuple[Sample, ...]:
    with listing.open(encoding="utf-8") as file:
        return tuple(Sample(Path(json.loads(line)["image"]).name) for line in file)
