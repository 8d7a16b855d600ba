"""Full-text part of a query: which words, how rare they are, and how well a document has them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xsearch.indexing.outbox import content_type_of
from xsearch.models import IndexRecord, Term
from xsearch.registry import Index
from xsearch.search.expressions import LexicalScore
from xsearch.text import Token, analyse, tsquery_literal

_UNKNOWN_WORD = 0.3  # a word that no document has says little about any of them
_MAX_WORDS = 32

#: One word of a query: each lexeme that it can be read as, with its share of the score.
Readings = Mapping[str, float]


@dataclass(frozen=True)
class LexicalQuery:
    """The words of a query; the best shares of the words add up to one."""

    literal: str
    words: Sequence[Readings]

    def score(self) -> LexicalScore:
        """Return the expression of a document's score: 1 when every word is in a field of weight A."""
        return LexicalScore("search_document", self.words)


def lexical_query(index: Index, text: str) -> LexicalQuery | None:
    """Return the full-text query for ``text``; None when it has no word to look for."""
    tokens = analyse(text)[:_MAX_WORDS]
    literal = tsquery_literal(tokens)
    if literal is None or not index.text:
        return None
    return LexicalQuery(literal, _shared_out(words_of(tokens), _rarities(index, tokens)))


def words_of(tokens: Iterable[Token]) -> list[set[str]]:
    """Return the lexemes of each word; readings of one word ("t-shirt" → tshirt, shirt) overlap in the text."""
    words: list[set[str]] = []
    end = -1
    for token in sorted(tokens, key=lambda token: token.start):
        if token.start >= end:
            words.append(set())
        words[-1].add(token.lexeme)
        end = max(end, token.end)
    return [word for number, word in enumerate(words) if word not in words[:number]]


def _shared_out(words: Sequence[set[str]], rarity: Mapping[str, float]) -> list[Readings]:
    whole = sum(max(rarity[lexeme] for lexeme in word) for word in words)
    return [{lexeme: rarity[lexeme] / whole for lexeme in sorted(word)} for word in words]


def _rarities(index: Index, tokens: Iterable[Token]) -> dict[str, float]:
    lexemes = {token.lexeme for token in tokens}
    content_type = content_type_of(index)
    terms = Term.objects.filter(content_type=content_type, lexeme__in=lexemes)
    counts = dict(terms.values_list("lexeme", "objects_with"))
    total = max(IndexRecord.objects.filter(content_type=content_type).count(), 1)
    rarity = {lexeme: inverse_document_frequency(counts.get(lexeme, 0), total) for lexeme in lexemes}
    for lexeme in lexemes:
        if counts and lexeme not in counts:
            rarity[lexeme] *= _UNKNOWN_WORD
    return rarity


def inverse_document_frequency(with_term: int, total: int) -> float:
    """Return BM25's idf (Robertson and Zaragoza, 2009): above zero, and larger for rarer terms."""
    with_term = min(with_term, total)
    return math.log(1 + (total - with_term + 0.5) / (with_term + 0.5))
