"""Full-text part of a query: which words, how rare they are, and how well a document has them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FloatField, Func

from xsearch.indexing.outbox import content_type_of
from xsearch.models import IndexRecord, Term
from xsearch.registry import Index
from xsearch.text import Token, analyse, tsquery_literal

#: How much a word counts by the weight of the field where it stands.
FIELD_WEIGHTS = {"A": 1.0, "B": 0.8, "C": 0.4, "D": 0.2}
_UNKNOWN_WORD = 0.3  # a word that no document has says little about any of them
_MAX_WORDS = 32


@dataclass(frozen=True)
class LexicalQuery:
    """The words of a query with their share of the score; the shares add up to one."""

    literal: str
    shares: dict[str, float]

    def score(self) -> Func:
        """Return the expression of a document's score in [0, 1]: 1 when every word is in a field of weight A."""
        return LexicalScore(F("search_document"), self.shares)


def lexical_query(index: Index, text: str) -> LexicalQuery | None:
    """Return the full-text query for ``text``; None when it has no word to look for."""
    tokens = analyse(text)[:_MAX_WORDS]
    literal = tsquery_literal(tokens)
    if literal is None or not index.text:
        return None
    return LexicalQuery(literal, _shares(index, tokens))


def _shares(index: Index, tokens: Iterable[Token]) -> dict[str, float]:
    lexemes = list(dict.fromkeys(token.lexeme for token in tokens))
    content_type = content_type_of(index)
    terms = Term.objects.filter(content_type=content_type, lexeme__in=lexemes)
    counts = dict(terms.values_list("lexeme", "objects_with"))
    total = max(IndexRecord.objects.filter(content_type=content_type).count(), 1)
    rarity = {lexeme: inverse_document_frequency(counts.get(lexeme, 0), total) for lexeme in lexemes}
    for lexeme in lexemes:
        if counts and lexeme not in counts:
            rarity[lexeme] *= _UNKNOWN_WORD
    whole = sum(rarity.values())
    return {lexeme: value / whole for lexeme, value in rarity.items()}


def inverse_document_frequency(with_term: int, total: int) -> float:
    """Return BM25's idf (Robertson and Zaragoza, 2009): above zero, and larger for rarer terms."""
    with_term = min(with_term, total)
    return math.log(1 + (total - with_term + 0.5) / (with_term + 0.5))


class LexicalScore(Func):
    """Share-weighted sum over the words of the best field weight each is found with."""

    output_field = FloatField()

    def __init__(self, document: F, shares: dict[str, float]) -> None:
        super().__init__(document)
        self.shares = shares

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # noqa: ARG002
        document, params = compiler.compile(self.get_source_expressions()[0])
        parts: list[str] = []
        values: list[Any] = []
        for lexeme, share in self.shares.items():
            quoted = quote_lexeme(lexeme)
            cases = []
            for weight, value in FIELD_WEIGHTS.items():
                cases.append(f"WHEN {document} @@ %s::tsquery THEN %s::float8")
                values += [*params, f"{quoted}:{weight}", value * share]
            parts.append(f"CASE {' '.join(cases)} ELSE 0 END")
        return f"COALESCE({' + '.join(parts)}, 0)", values


def quote_lexeme(lexeme: str) -> str:
    """Quote a lexeme for a tsquery literal."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
