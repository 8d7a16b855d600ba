"""What a search knows about its candidates: the exact similarity of each part, column by column."""

from __future__ import annotations

from array import array
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
    ranked first, if not all.
    """

    keys: Sequence[Any] = ()
    columns: Mapping[str, Floats] = field(default_factory=dict)
    beyond: Mapping[str, float] = field(default_factory=dict)
    likely: Collection[Any] = ()

    def __len__(self) -> int:
        return len(self.keys)


class EvidenceTable:
    """Collects evidence row by row, from several tables; of several photos of one object the nearest counts."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._places: dict[Any, int] = {}
        self._columns = {name: array("d") for name in parts}

    def add(self, parts: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take rows of (key, value of each of ``parts``)."""
        columns = [self._columns[name] for name in parts]
        for key, *values in rows:
            place = self._place(key)
            for column, value in zip(columns, values, strict=True):
                if value is not None and not column[place] >= value:  # NaN is not
                    column[place] = value

    def _place(self, key: Any) -> int:
        if (place := self._places.get(key)) is None:
            place = self._places[key] = len(self._places)
            for column in self._columns.values():
                column.append(float("nan"))
        return place

    def least(self, part: str, keys: Collection[Any]) -> float:
        """Return the lowest value of ``part`` that one of ``keys`` has."""
        column, places = self._columns[part], (self._places[key] for key in keys if key in self._places)
        return min((column[place] for place in places if column[place] == column[place]), default=-1.0)

    def evidence(self, *, beyond: Mapping[str, float] | None = None, likely: Collection[Any] = ()) -> Evidence:
        """Return what was collected, in the order of the keys."""
        keys = sorted(self._places)
        order = np.fromiter((self._places[key] for key in keys), np.intp, len(keys))
        columns = {name: np.array(column, dtype=np.float64)[order] for name, column in self._columns.items()}
        return Evidence(keys, columns, beyond or {}, likely)
