"""SQL expressions of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db.models import BooleanField, F, FloatField, Func
from django.db.models.functions import Cast
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.django import CosineDistance, HalfVectorField

from xsearch.text.tsearch import quoted

#: How much a word counts by the weight of the field where it stands.
FIELD_WEIGHTS = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.2}


def cosine_distance(column: str, vector: NDArray[np.float32]) -> CosineDistance:
    """Return the distance of a column to ``vector``, written so that the live space's HNSW index serves it."""
    cast = Cast(column, HalfVectorField(dimensions=len(vector)))
    return CosineDistance(cast, HalfVector(vector))


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
    """Whether a document has a word of the query."""

    output_field = BooleanField()

    def __init__(self, document: str, literal: str) -> None:
        super().__init__(document)
        self.literal = literal

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        return f"({document} @@ %s::tsquery)", [*params, self.literal]


class LexicalScore(DocumentExpression):
    """Sum over the words of a query of the best reading's share, weighted by the field it is found in; in [0, 1]."""

    output_field = FloatField()

    def __init__(self, document: str, words: Sequence[Mapping[str, float]]) -> None:
        super().__init__(document)
        self.words = words

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        # Most documents lack most words: asking for any weight first saves the other three look-ups.
        found = " ".join(f"WHEN {document} @@ %s::tsquery THEN %s::float8" for _ in FIELD_WEIGHTS)
        case = f"CASE WHEN NOT {document} @@ %s::tsquery THEN 0 {found} END"
        total, values = [], []
        for readings in self.words:
            total.append(f"GREATEST({', '.join(case for _ in readings)})")
            for lexeme, share in readings.items():
                values += [*params, quoted(lexeme)]
                for weight, value in FIELD_WEIGHTS.items():
                    values += [*params, f"{quoted(lexeme)}:{weight}", value * share]
        return f"COALESCE({' + '.join(total)}, 0)", values
