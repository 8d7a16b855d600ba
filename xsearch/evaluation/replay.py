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
from xsearch.search.comparison import Wanted, wanted_by
from xsearch.search.meaning import without_filtered
from xsearch.search.query import Given, read_query
from xsearch.search.ranking.fusion import fuse
from xsearch.search.ranking.preferences import leanings_of
from xsearch.search.retrieval.evidence import Evidence
from xsearch.search.retrieval.retrieve import retrieve
from xsearch.search.scope import Scope
from xsearch.search.vectors.parts import part_weights


@dataclass(frozen=True)
class Replay:
    """The evidence that retrieval found for a judged query: everything that fusion needs."""

    query: JudgedQuery
    wanted: Wanted
    evidence: Evidence
    #: The keys of the objects in the judgements, by primary key.
    keys: Mapping[Any, str]

    @property
    def names(self) -> list[str]:
        """The names of the parts that were compared."""
        return [name for name in self.evidence.columns if name in self.wanted.names]

    def ranking(self) -> list[str]:
        """Return the keys of the objects above the cut-off, best first, under the present settings."""
        wanted = self.wanted
        weights = part_weights(self.names, None, only_changes=wanted.only_changes)
        ranked = fuse(wanted.index, self.evidence, wanted.parts, weights, wanted.leanings)
        return [self.keys[key] for key in ranked.keys[:DEPTH] if key in self.keys]


def retrieve_once(index: Index, query: JudgedQuery, key: str) -> Replay:
    """Encode and retrieve ``query``; raise what the search raises."""
    media = {part: path.read_bytes() if (path := getattr(query, part)) else None for part in ("image", "audio")}
    degraded: list[str] = []
    read = read_query(index, Given(query.text, media["image"], media["audio"]), degraded)
    meant = without_filtered(read.interpretation, query.filters) if read.interpretation else None
    wanted = replace(wanted_by(index, read, (), (), degraded), leanings=leanings_of(index, meant))
    evidence = retrieve(wanted, Scope(index.get_queryset(), (), query.filters, meant).objects(), degraded)
    keys = dict(index.get_queryset().filter(pk__in=evidence.keys).values_list("pk", key))
    return Replay(query, wanted, evidence, {pk: str(value) for pk, value in keys.items()})
