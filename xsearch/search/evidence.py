"""What a search knows about its candidates: the exact similarity of each part, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """``keys`` of n candidates, and the similarities of each part, shape (n,); NaN where nothing can be compared.

    Similarities are cosines; those of the lexical part are scores in [0, 1].
    """

    keys: Sequence[Any] = ()
    columns: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)


class EvidenceTable:
    """Collects evidence row by row, from several tables; of several photos of one object the nearest counts."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts = list(parts)
        self._rows: dict[Any, dict[str, float]] = {}

    def add(self, parts: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take rows of (key, value of each of ``parts``)."""
        for key, *values in rows:
            known = self._rows.setdefault(key, {})
            for name, value in zip(parts, values, strict=True):
                if value is not None:
                    known[name] = max(value, known.get(name, -1.0))

    def evidence(self) -> Evidence:
        """Return what was collected, in the order of the keys."""
        keys = sorted(self._rows)
        nan = float("nan")
        columns = {
            name: np.array([self._rows[key].get(name, nan) for key in keys], dtype=np.float64) for name in self._parts
        }
        return Evidence(keys, columns)
