"""What candidates are compared with: the vectors of a query, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

from xsearch.indexing.spaces import live_spaces
from xsearch.registry import Index
from xsearch.search.examples import mean_vectors
from xsearch.search.lexical import LexicalQuery, lexical_query
from xsearch.search.parts import LEXICAL, VectorPart, encode_parts, example_parts
from xsearch.search.reading import Query


@dataclass(frozen=True)
class Wanted:
    """The parts of a query over ``index``."""

    index: Index
    parts: Sequence[VectorPart]
    words: LexicalQuery | None

    @property
    def names(self) -> list[str]:
        """The names of all parts."""
        return [part.name for part in self.parts] + ([LEXICAL] if self.words else [])


def wanted_by(
    index: Index,
    query: Query,
    like: Sequence[models.Model],
    unlike: Sequence[models.Model],
    degraded: list[str],
) -> Wanted:
    """Encode a query and its examples for every column they can be compared with; failures go to ``degraded``."""
    words = lexical_query(index, query.text) if query.text else None
    parts = encode_parts(index, query.inputs, degraded)
    spaces = live_spaces(index) if like or unlike else {}
    for modality, examples in (("like", like), ("unlike", unlike)):
        if examples:
            parts += example_parts(index, modality, mean_vectors(index, examples, spaces), spaces)
    return Wanted(index, parts, words)
