"""SQL expressions of a search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from django.db.models import BooleanField, Case, F, FloatField, Func
from numpy.typing import NDArray

from xsearch.search.words.terms import Phrase, QueryWord, Reading

#: How much a word counts by the weight of the field where it stands.
FIELD_WEIGHTS = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.2}


class Double:
    """Mixed into expressions of double precision: numbers as psycopg reads them, which Django would convert again."""

    output_field = FloatField()

    def get_db_converters(self, connection: Any) -> list[Any]:  # noqa: ARG002
        """Return nothing to be called for each row."""
        return []


class DoubleCase(Double, Case):
    """A choice between numbers; those that stand in the statement itself would be decimal ones."""

    template = "(CASE %(cases)s ELSE %(default)s END)::double precision"


class FarFrom(Double, Func):
    """How far a number is outside its limits, in [0, 1]: half where it is half or twice as much as it may be."""

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
    """Distance of a column to a vector, shape (dimension,), written so that the live space's HNSW index serves it."""

    def __init__(self, column: str, vector: NDArray[np.float32]) -> None:
        super().__init__(F(column))
        self._dimension = len(vector)
        self._literal = _literal(np.asarray(vector, np.float32).tobytes())

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """What the expression is compared and hashed by; Django would go through all numbers each time."""
        return (self.__class__, self._literal, *self.get_source_expressions())

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        column, params = compiler.compile(self.get_source_expressions()[0])
        kind = f"halfvec({self._dimension})"
        return f"({column}::{kind} <=> %s::{kind})", [*params, self._literal]


class IsAnyOf(Func):
    """Whether a key is one of many, given as one array: ``__in`` writes, and psycopg parses, a parameter for each."""

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


class DocumentExpression(Func):
    """Something computed from a document; subclasses give the SQL."""

    def __init__(self, document: str) -> None:
        super().__init__(F(document))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        document, params = compiler.compile(self.get_source_expressions()[0])
        return self.document_sql(document, list(params))

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        """Return SQL and parameters for the compiled ``document``."""
        raise NotImplementedError


class Matches(DocumentExpression):
    """Whether a document has a word of the query; with ``fields``, such as "ab", in those of these weights."""

    output_field = BooleanField()

    def __init__(self, document: str, literal: str, fields: str = "") -> None:
        super().__init__(document)
        self.literal = literal
        self._fields = fields

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        sql, values = f"({document} @@ %s::tsquery)", [*params, self.literal]
        if not self._fields:
            return sql, values
        # The index knows no weights: it finds the documents, and these are looked into.
        return f'({sql} AND ts_filter({document}, %s::"char"[]) @@ %s::tsquery)', [
            *values,
            *params,
            [*self._fields],
            self.literal,
        ]


class LexicalScore(Double, DocumentExpression):
    """A document's lexical score in [0, 1]: over the words of a query, what the best reading of each is worth."""

    def __init__(self, document: str, stretches: Sequence[Phrase]) -> None:
        super().__init__(document)
        self.stretches = stretches

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        sql = Sql(document, params)
        total = " + ".join(sql.of_stretch(stretch) for stretch in self.stretches)
        return f"COALESCE(LEAST({total}, 1), 0)", sql.values


class Sql:
    """Writes the score of a stretch as SQL and collects its parameters, in the order in which they stand.

    ``ts_rank`` of one word is the sum of the weights of the fields where it stands, the k-th divided by
    k² (the heaviest counted in full) and all by π²/6: it saturates with the number of occurrences as
    BM25's term frequency does (Robertson and Zaragoza, 2009). Multiplied back, a word that stands once
    in a field of weight A is worth 1.
    """

    _SATURATION = math.pi**2 / 6

    def __init__(self, document: str, params: Sequence[Any]) -> None:
        self._document = document
        self._params = params
        self.values: list[Any] = []

    def of_stretch(self, stretch: Phrase) -> str:
        """Return the better of the words as they stand and of what stands for all of them."""
        words = " + ".join(self._of_word(word) for word in stretch.words)
        others = [self._weighted(reading, stretch.weight) for reading in stretch.others]
        return f"GREATEST({', '.join([words, *others])})"

    def _of_word(self, word: QueryWord) -> str:
        return f"GREATEST({', '.join(self._weighted(reading, word.weight) for reading in word.readings)})"

    def _weighted(self, reading: Reading, weight: float) -> str:
        return f"{self.of_reading(reading)} * {weight * reading.worth:.9g}"

    def of_reading(self, reading: Reading) -> str:
        """Return how well a document has one reading, in [0, 1]."""
        parts = [f"{self._rank(part.literal)} * {part.fraction:.6g}" for part in reading.parts]
        if reading.needs_all:
            return f"LEAST({', '.join(parts)})"
        return f"LEAST(1, {' + '.join(parts)})"

    def _rank(self, literal: str) -> str:
        weights = ", ".join(str(FIELD_WEIGHTS[name]) for name in reversed(FIELD_WEIGHTS))
        self.values += [*self._params, literal]
        return f"LEAST(1, {self._SATURATION:.6f} * ts_rank('{{{weights}}}', {self._document}, %s::tsquery))"
