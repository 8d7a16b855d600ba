"""Scores of candidates: the exact similarity of each part, column by column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: One number per candidate, shape (n,); NaN where nothing can be compared.
ScoreColumn = NDArray[np.float64]


@dataclass(frozen=True)
class CandidateScores:
    """``keys`` of n candidates, and by part a column of scores, shape (n,); NaN where nothing can be compared.

    Scores of vectors are cosines; those of the lexical part lie in [0, 1].
    """

    keys: Sequence[Any] = ()
    columns: Mapping[str, ScoreColumn] = field(default_factory=dict)
    #: By part, the highest score that an object outside the candidates may have; empty if all objects are candidates.
    upper_bounds: Mapping[str, float] = field(default_factory=dict)
    #: The candidates that are ranked before the others; empty if there is no difference.
    first: Collection[Any] = ()
    #: True if index scans may have missed candidates.
    is_approximate: bool = False
    #: True if too many rows pass the filters to score all of them.
    is_limited: bool = False

    def __len__(self) -> int:
        return len(self.keys)


class ScoreTable:
    """Collects scores from several tables; of several photos of one object the nearest counts."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._places: dict[Any, int] = {}
        self._found: dict[str, list[tuple[NDArray[np.intp], ScoreColumn]]] = {name: [] for name in parts}

    def add(self, parts: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of (key, score of each of ``parts``)."""
        if columns := list(zip(*rows, strict=True)):
            keys, *values = columns
            places = np.array([self._places.setdefault(key, len(self._places)) for key in keys], np.intp)
            for name, column in zip(parts, values, strict=True):
                self._found[name].append((places, np.array(column, np.float64)))  # None is NaN

    @property
    def keys(self) -> list[Any]:
        """The keys of all objects with a row."""
        return list(self._places)

    def lowest(self, part: str, keys: Collection[Any]) -> float:
        """Return the lowest score of ``part`` among ``keys``."""
        values = self._column(part)[[self._places[key] for key in keys if key in self._places]]
        return float(np.nanmin(values)) if not np.isnan(values).all() else -1.0

    def scores(self) -> CandidateScores:
        """Return the collected scores in the order of the keys."""
        keys = sorted(self._places)
        order = np.fromiter((self._places[key] for key in keys), np.intp, len(keys))
        return CandidateScores(keys, {name: self._column(name)[order] for name in self._found})

    def _column(self, name: str) -> ScoreColumn:
        column = np.full(len(self._places), np.nan)
        for places, values in self._found[name]:
            np.fmax.at(column, places, values)  # the number, where the other is NaN
        return column
