"""How times grow with the catalogue, as curves for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xsearch.plot import Curve


def growth_curves(figures: Mapping[str, Any]) -> dict[str, Curve]:
    """Return p95 in milliseconds by size: whole photo queries by encoder, and the database's share by filter."""
    curves: dict[str, Curve] = {}
    for encoder, sizes in figures.get("photo_query", {}).items():
        curves[f"photo query, {encoder}"] = {int(size): found["search"]["p95_ms"] for size, found in sizes.items()}
    for size, shares in figures.get("walk", {}).items():
        for share, found in shares.items():
            curves.setdefault(f"SQL, filter passes {share}", {})[int(size)] = found["p95_ms"]
    return curves
