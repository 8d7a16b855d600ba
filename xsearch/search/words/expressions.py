"""SQL expressions over full-text documents: matches, and the lexical score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, F, Func

from xsearch.search.expressions import Double
from xsearch.search.words.terms import Phrase, Reading

#: The score of a word in a field of each weight.
FIELD_WEIGHTS = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.2}


class DocumentExpression(Func):
    """An expression over a document; subclasses give the SQL."""

    def __init__(self, document: str) -> None:
        super().__init__(F(document))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:  # type: ignore[override]  # noqa: ARG002
        document, params = compiler.compile(self.get_source_expressions()[0])
        return self.document_sql(document, list(params))

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        """Return SQL and parameters for the compiled ``document``."""
        raise NotImplementedError


class Matches(DocumentExpression):
    """Condition that a document has a word of the query; ``fields``, such as "ab", limits it to these weights."""

    output_field = BooleanField()

    def __init__(self, document: str, literal: str, fields: str = "") -> None:
        super().__init__(document)
        self.literal = literal
        self._fields = fields

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        sql, values = f"({document} @@ %s::tsquery)", [*params, self.literal]
        if not self._fields:
            return sql, values
        # The index has no weights: it finds the documents, and their fields are checked afterwards.
        sql = f'({sql} AND ts_filter({document}, %s::"char"[]) @@ %s::tsquery)'
        return sql, [*values, *params, [*self._fields], self.literal]


class LexicalScore(Double, DocumentExpression):
    """The lexical score of a document in [0, 1]: the sum over the words of a query of their best readings."""

    def __init__(self, document: str, phrases: Sequence[Phrase]) -> None:
        super().__init__(document)
        self.phrases = phrases

    def document_sql(self, document: str, params: list[Any]) -> tuple[str, list[Any]]:
        sql = Sql(document, params)
        total = " + ".join(sql.of_phrase(phrase) for phrase in self.phrases)
        return f"COALESCE(LEAST({total}, 1), 0)", sql.values


class Sql:
    """Writes scores as SQL and collects the parameters in their order.

    ``ts_rank`` of one word is the sum of the weights of the fields where it stands, the k-th divided by k² (the
    heaviest counted in full) and all by π²/6: it saturates with the number of occurrences as BM25's term frequency
    does (Robertson and Zaragoza, 2009). Multiplied back, a word that stands once in a field of weight A is worth 1.
    """

    _SATURATION = math.pi**2 / 6

    def __init__(self, document: str, params: Sequence[Any]) -> None:
        self._document = document
        self._params = params
        self.values: list[Any] = []

    def of_phrase(self, phrase: Phrase) -> str:
        """Return the better of the single words and of the readings of all words together."""
        words = [[self._weighted(reading, word.weight) for reading in word.readings] for word in phrase.words]
        total = " + ".join(f"GREATEST({', '.join(readings)})" for readings in words)
        others = [self._weighted(reading, phrase.weight) for reading in phrase.others]
        return f"GREATEST({', '.join([total, *others])})"

    def _weighted(self, reading: Reading, weight: float) -> str:
        parts = [f"{self._rank(part.literal)} * {part.fraction:.6g}" for part in reading.parts]
        score = ", ".join(parts) if reading.needs_all else f"1, {' + '.join(parts)}"
        return f"LEAST({score}) * {weight * reading.worth:.9g}"

    def _rank(self, literal: str) -> str:
        weights = ", ".join(str(FIELD_WEIGHTS[name]) for name in reversed(FIELD_WEIGHTS))
        self.values += [*self._params, literal]
        return f"LEAST(1, {self._SATURATION:.6f} * ts_rank('{{{weights}}}', {self._document}, %s::tsquery))"
