"""SQL expressions of a search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from django.db.models import BooleanField, Case, F, FloatField, Func
from numpy.typing import NDArray


class Double:
    """Mixin for expressions of double precision: takes numbers as psycopg reads them, which Django would convert."""

    output_field = FloatField()

    def get_db_converters(self, connection: Any) -> list[Any]:  # noqa: ARG002
        """Return no converters: each would be called for every row."""
        return []


class DoubleCase(Double, Case):
    """``CASE`` of double precision; numbers in the statement itself would be decimals."""

    template = "(CASE %(cases)s ELSE %(default)s END)::double precision"


class DistanceFromLimits(Double, Func):
    """Distance of a number from its limits, in [0, 1]: 0.5 where it is half or twice the limit."""

    def __init__(self, number: Any, least: Any, most: Any) -> None:
        super().__init__(number)
        self._limits = [("{0} / %s", least)] if least else []
        self._limits += [("%s / NULLIF({0}, 0)", most)] if most is not None else []

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        sql, params = compiler.compile(self.get_source_expressions()[0])
        shares, values = ["1"], []
        for template, limit in self._limits:
            shares.append(template.format(f"{sql}::double precision"))
            values += [*params, float(limit)] if template.startswith("{") else [float(limit), *params]
        return f"(1 - LEAST({', '.join(shares)}))", values


class CosineDistance(Double, Func):
    """Cosine distance of a column to a vector, shape (dimension,), written so that the HNSW index is used."""

    def __init__(self, column: str, vector: NDArray[np.float32]) -> None:
        super().__init__(F(column))
        self._dimension = len(vector)
        self._literal = _literal(np.asarray(vector, np.float32).tobytes())

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """The key for comparing and hashing the expression; Django would go through all numbers each time."""
        return (self.__class__, self._literal, *self.get_source_expressions())

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        column, params = compiler.compile(self.get_source_expressions()[0])
        kind = f"halfvec({self._dimension})"
        return f"({column}::{kind} <=> %s::{kind})", [*params, self._literal]


class IsAnyOf(Func):
    """Condition that a key is one of many, sent as one array: ``__in`` would send a parameter for each."""

    output_field = BooleanField()

    def __init__(self, path: str, keys: Sequence[Any]) -> None:
        super().__init__(F(path))
        self._keys = list(keys)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        [source] = self.get_source_expressions()
        column, params = compiler.compile(source)
        field = source.output_field
        return f"({column} = ANY(%s))", [*params, [field.get_db_prep_value(key, connection) for key in self._keys]]


@lru_cache(maxsize=64)
def _literal(vector: bytes) -> str:
    """Return float32 numbers as PostgreSQL reads them; a search names the same vector several times."""
    # Half precision has three to four significant digits.
    return "[" + ",".join([f"{value:.6g}" for value in np.frombuffer(vector, np.float32).tolist()]) + "]"
