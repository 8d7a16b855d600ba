"""Every kind of product that can be drawn."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from tools.rendering.registry import Kind, registered

# Importing a module of drawings registers its kinds; the order here is the order of KINDS.
_DRAWINGS = (
    "tops",
    "outerwear",
    "bottoms",
    "headwear",
    "footwear",
    "bags",
    "accessories",
    "kitchen",
    "furniture",
    "instruments",
    "toys",
)
for _name in _DRAWINGS:
    importlib.import_module(f"tools.rendering.{_name}")

KINDS: Mapping[str, Kind] = MappingProxyType(registered())
