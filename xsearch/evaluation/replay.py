"""Judged queries retrieved once and fused as often as there are weights to try.

The one place of this room that knows how the search is made inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xsearch.evaluation.judgements import JudgedQuery
from xsearch.evaluation.metrics import DEPTH
from xsearch.registry import Index
from xsearch.search import engine
from xsearch.search.fusion import fuse
from xsearch.search.lexical import lexical_query
from xsearch.search.parts import LEXICAL, VectorPart, encode_parts, part_weights
from xsearch.search.retrieval import Evidence, retrieve


@dataclass(frozen=True)
class Replay:
    """What retrieval found for a judged query: all that fusion needs."""

    query: JudgedQuery
    index: Index
    parts: Sequence[VectorPart]
    names: Sequence[str]
    evidence: Evidence
    #: What the judgements call the objects.
    keys: Mapping[Any, str]

    def ranking(self) -> list[str]:
        """Return the keys of the results, best first, under the settings of this moment."""
        ranked = fuse(self.index, self.evidence, self.parts, part_weights(self.names, None))
        return [self.keys[key] for key, *_ in ranked[:DEPTH] if key in self.keys]


def retrieve_once(index: Index, query: JudgedQuery, key: str) -> Replay:
    """Encode and retrieve ``query``; raises what the search raises."""
    media = {part: path.read_bytes() if (path := getattr(query, part)) else None for part in ("image", "audio")}
    degraded: list[str] = []
    read = engine._read(index, query.text, media["image"], media["audio"], None, None, degraded)
    objects = engine._as_filterable(index.filter_queryset(index.get_queryset(), query.filters), [])
    words = lexical_query(index, read.text) if read.text else None
    parts = encode_parts(index, read.inputs, degraded)
    evidence = retrieve(index, objects, parts, words, degraded)
    names = [part.name for part in parts] + ([LEXICAL] if words else [])
    keys = dict(index.get_queryset().filter(pk__in=evidence).values_list("pk", key))
    return Replay(query, index, parts, names, evidence, {pk: str(value) for pk, value in keys.items()})
