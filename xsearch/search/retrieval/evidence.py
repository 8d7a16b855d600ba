"""What a search knows about its candidates: the exact similarity of each part, column by column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """``keys`` of n candidates, and the similarities of each part, shape (n,); NaN where nothing can be compared.

    Similarities are cosines; those of the lexical part are scores in [0, 1]. ``beyond`` is by part the highest that an
    object may have which is none of the candidates; empty if there is none. ``likely`` are the candidates that are
    ranked first, if not all. ``is_approximate`` says that walks through an index may have missed some, ``is_too_many``
    that there are too many rows to look at all of them.
    """

    keys: Sequence[Any] = ()
    columns: Mapping[str, Floats] = field(default_factory=dict)
    beyond: Mapping[str, float] = field(default_factory=dict)
    likely: Collection[Any] = ()
    is_approximate: bool = False
    is_too_many: bool = False

    def __len__(self) -> int:
        return len(self.keys)


class EvidenceTable:
    """Collects evidence from several tables; of several photos of one object the nearest counts."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._places: dict[Any, int] = {}
        self._found: dict[str, list[tuple[NDArray[np.intp], Floats]]] = {name: [] for name in parts}

    def add(self, parts: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take rows of (key, value of each of ``parts``)."""
        if columns := list(zip(*rows, strict=True)):
            keys, *values = columns
            places = np.array([self._places.setdefault(key, len(self._places)) for key in keys], np.intp)
            for name, column in zip(parts, values, strict=True):
                self._found[name].append((places, np.array(column, np.float64)))  # None is NaN

    @property
    def keys(self) -> list[Any]:
        """The keys of all objects that there are rows of."""
        return list(self._places)

    def least(self, part: str, keys: Collection[Any]) -> float:
        """Return the lowest value of ``part`` that one of ``keys`` has."""
        values = self._column(part)[[self._places[key] for key in keys if key in self._places]]
        return float(np.nanmin(values)) if not np.isnan(values).all() else -1.0

    def evidence(self) -> Evidence:
        """Return what was collected, in the order of the keys."""
        keys = sorted(self._places)
        order = np.fromiter((self._places[key] for key in keys), np.intp, len(keys))
        return Evidence(keys, {name: self._column(name)[order] for name in self._found})

    def _column(self, name: str) -> Floats:
        column = np.full(len(self._places), np.nan)
        for places, values in self._found[name]:
            np.fmax.at(column, places, values)  # the number, where the other is NaN
        return column
