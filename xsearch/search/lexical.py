"""Full-text part of a query: which words, how rare they are, and how well a document has them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from xsearch.indexing.outbox import content_type_of
from xsearch.models import IndexRecord, Term
from xsearch.registry import Index
from xsearch.search.expressions import LexicalScore
from xsearch.text import Token, analyse, tsquery_literal

_UNKNOWN_WORD = 0.3  # a word that no document has says little about any of them
_MAX_WORDS = 32


@dataclass(frozen=True)
class LexicalQuery:
    """The words of a query with their share of the score; the shares add up to one."""

    literal: str
    shares: dict[str, float]

    def score(self) -> LexicalScore:
        """Return the expression of a document's score: 1 when every word is in a field of weight A."""
        return LexicalScore("search_document", self.shares)


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
