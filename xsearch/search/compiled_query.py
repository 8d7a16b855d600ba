"""The query as it is compared with a catalogue: its vectors, its words, and its preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xsearch.search.context import SearchContext
from xsearch.search.preferences import Preference, unwanted_text
from xsearch.search.query import Query
from xsearch.search.request import SearchRequest
from xsearch.search.vectors.attribute_changes import Change, read_change
from xsearch.search.vectors.composition import compose
from xsearch.search.vectors.live import mean_vectors
from xsearch.search.vectors.query_vectors import (
    LEXICAL,
    UNWANTED,
    VectorPart,
    WeightedInputs,
    encode_parts,
    example_parts,
    part_weights,
)
from xsearch.search.words.expressions import Matches
from xsearch.search.words.lexical import LexicalQuery, spoken_query


@dataclass(frozen=True)
class CompiledQuery:
    """The parts that a catalogue is compared with."""

    parts: Sequence[VectorPart]
    words: LexicalQuery | None
    preferences: Sequence[Preference] = ()
    #: True if nothing but conditions is left of the query, so that all objects match.
    everything: bool = False
    #: True if the words only name changes of a photo or an example: a colour, a material, a pattern.
    only_changes: bool = False

    @property
    def part_names(self) -> list[str]:
        """The names of all parts."""
        return [part.name for part in self.parts] + ([LEXICAL] if self.words else [])

    @property
    def column_names(self) -> list[str]:
        """The names of all score columns: parts and preferences."""
        return self.part_names + [preference.name for preference in self.preferences]

    @property
    def has_vectors(self) -> bool:
        """True if there are vectors of what is wanted, not only of what is not."""
        return any(part.finds_candidates for part in self.parts)

    @property
    def has_known_words(self) -> bool:
        """True if documents have any of the words, as terms were last counted."""
        return self.words is not None and any(self.words.documents)

    def words_are_anywhere(self, context: SearchContext) -> bool:
        """Return True if any document has any of the words, whether it passes the filters or not; one statement."""
        if self.words is None:
            return False
        rows = context.main_store.model._base_manager.using(context.using)
        return bool(rows.filter(Matches("search_document", self.words.literal)).exists())

    def weighted(self, overrides: Mapping[str, float] | None) -> tuple[CompiledQuery, dict[str, float]]:
        """Return this query and the weight of each part; words with a weight of 0 do not change a photo either."""
        weights = part_weights(self.part_names, overrides, only_changes=self.only_changes)
        words = [weight for name, weight in weights.items() if name == LEXICAL or name.startswith("text:")]
        if not words or any(words):
            return self, weights
        return replace(self, parts=[_unchanged(part) for part in self.parts]), weights


def _unchanged(part: VectorPart) -> VectorPart:
    return part if part.original is None else replace(part, vector=part.original, changes=None)


def compile_query(context: SearchContext, request: SearchRequest, query: Query) -> CompiledQuery:
    """Encode a query and its examples for every column that they can be compared with, and compile its words.

    Parts that fail are noted in ``context``.
    """
    everything = not (query.text or query.inputs or request.examples)
    unwanted = "" if everything else unwanted_text(query.interpretation)
    has_image = "image" in query.inputs or bool(request.like)
    change = read_change(context.index, query.text, unwanted, context.scope) if has_image else Change("")
    # With a photo, searching for the other hypotheses finds no more.
    said = [(change.words, 1.0)] if has_image else query.texts
    texts = {"text": [(text, share) for text, share in said if text], UNWANTED: [(unwanted, 1.0)] if unwanted else []}
    inputs = query.inputs | {name: WeightedInputs.from_pairs(pairs) for name, pairs in texts.items() if pairs}
    parts = encode_parts(context, inputs)
    for modality, examples in (("like", request.like), ("unlike", request.unlike)):
        if examples:
            parts += example_parts(context, modality, mean_vectors(context, examples))
    parts = compose(context, parts, change) if has_image else parts
    words = spoken_query(context, texts["text"], query.interpretation)
    only_changes = not change.rest and any(part.changes for part in parts)
    return CompiledQuery(parts, words, everything=everything, only_changes=only_changes)
