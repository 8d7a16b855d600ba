"""Judged queries that are retrieved once and fused again for every set of weights.

The only module of this package that uses the inside of the search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xsearch.evaluation.judgements import JudgedQuery
from xsearch.evaluation.metrics import DEPTH
from xsearch.index.registry import Index
from xsearch.search.compiled_query import CompiledQuery, compile_query
from xsearch.search.context import SearchContext
from xsearch.search.preferences import preferences_of
from xsearch.search.query import read_query
from xsearch.search.ranking.fusion import fuse
from xsearch.search.request import SearchRequest
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.retrieval.scores import CandidateScores
from xsearch.search.scope import SearchScope
from xsearch.search.vectors.query_vectors import part_weights


@dataclass(frozen=True)
class Replay:
    """The scores that retrieval found for a judged query: everything that fusion needs."""

    query: JudgedQuery
    context: SearchContext
    compiled: CompiledQuery
    scores: CandidateScores
    #: The keys of the objects in the judgements, by primary key.
    keys: Mapping[Any, str]

    @property
    def names(self) -> list[str]:
        """The names of the parts that were compared."""
        return [name for name in self.scores.columns if name in self.compiled.part_names]

    def ranking(self) -> list[str]:
        """Return the keys of the objects above the cut-off, best first, under the present settings."""
        weights = part_weights(self.names, None, only_changes=self.compiled.only_changes)
        ranked = fuse(self.context, self.compiled, self.scores, weights)
        return [self.keys[key] for key in ranked.keys[:DEPTH] if key in self.keys]


def retrieve_once(index: Index, query: JudgedQuery, key: str) -> Replay:
    """Encode and retrieve ``query``; raise what the search raises."""
    image, audio = (path.read_bytes() if path else None for path in (query.image, query.audio))
    queryset = index.get_queryset()
    context = SearchContext(index, queryset.db)
    request = SearchRequest(text=query.text, image=image, audio=audio, filters=query.filters)
    read = read_query(context, request)
    preferences = preferences_of(context, read.interpretation)
    compiled = replace(compile_query(context, request, read), preferences=preferences)
    scope = SearchScope(queryset, (), query.filters, read.interpretation)
    scores = retrieve(context, compiled, scope.objects())
    keys = dict(queryset.filter(pk__in=scores.keys).values_list("pk", key))
    return Replay(query, context, compiled, scores, {pk: str(value) for pk, value in keys.items()})
