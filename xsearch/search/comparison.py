"""What candidates are compared with: the vectors of a query, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import models

from xsearch.index.registry import Index
from xsearch.index.stores import main_store
from xsearch.indexing.spaces import live_spaces
from xsearch.search.expressions import Matches
from xsearch.search.query import Query
from xsearch.search.ranking.preferences import Leaning, unwanted_text
from xsearch.search.vectors.attribute_changes import Change, read_change
from xsearch.search.vectors.composition import compose
from xsearch.search.vectors.examples import mean_vectors
from xsearch.search.vectors.parts import (
    LEXICAL,
    UNWANTED,
    Several,
    VectorPart,
    encode_parts,
    example_parts,
    part_weights,
)
from xsearch.search.words.lexical import LexicalQuery, spoken_query


@dataclass(frozen=True)
class Wanted:
    """The parts of a query over ``index``."""

    index: Index
    parts: Sequence[VectorPart]
    words: LexicalQuery | None
    leanings: Sequence[Leaning] = ()
    #: Whether all objects are wanted, where nothing is left of a query but its conditions.
    everything: bool = False
    #: Whether the words only name what a photo or an example has been changed by: a colour, a material, a pattern.
    only_changes: bool = False

    @property
    def columns(self) -> list[str]:
        """The names of all that is evidence."""
        return self.names + [leaning.name for leaning in self.leanings]

    @property
    def has_vectors(self) -> bool:
        """Whether there are vectors of what is wanted, and not only of what is not."""
        return any(part.seeks for part in self.parts)

    @property
    def has_known_words(self) -> bool:
        """Whether objects have any of the words, as they were counted."""
        return self.words is not None and any(self.words.documents)

    def words_are_anywhere(self) -> bool:
        """Ask whether any object has any of the words, filtered out or not."""
        rows = main_store(self.index).model._base_manager
        return self.words is not None and rows.filter(Matches("search_document", self.words.literal)).exists()

    def weighted(self, weights: Mapping[str, float] | None) -> tuple[Wanted, dict[str, float]]:
        """Return this and the weight of each part; words that count nothing do not change a photo either."""
        found = part_weights(self.names, weights, only_changes=self.only_changes)
        words = [weight for name, weight in found.items() if name == LEXICAL or name.startswith("text:")]
        if not words or any(words):
            return self, found
        parts = [part if part.shown is None else replace(part, vector=part.shown, composed=None) for part in self.parts]
        return replace(self, parts=parts), found

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
    everything = not (query.text or query.inputs or like or unlike)
    unwanted = "" if everything else unwanted_text(query.interpretation)
    shown = "image" in query.inputs or bool(like)
    change = read_change(index, query.text, unwanted) if shown else Change("")
    said = [(change.words, 1.0)] if shown else query.texts  # beside a photo, its alternatives are not worth their time
    texts = {"text": [(text, share) for text, share in said if text], UNWANTED: [(unwanted, 1.0)] if unwanted else []}
    inputs = query.inputs | {name: Several.of(pairs) for name, pairs in texts.items() if pairs}
    parts = encode_parts(index, inputs, degraded)
    spaces = live_spaces(index) if like or unlike else {}
    for modality, examples in (("like", like), ("unlike", unlike)):
        if examples:
            parts += example_parts(index, modality, mean_vectors(index, examples, spaces), spaces)
    parts = compose(index, parts, change, degraded) if shown else parts
    words = spoken_query(index, texts["text"], query.interpretation)
    only_changes = not change.rest and any(part.composed for part in parts)
    return Wanted(index, parts, words, everything=everything, only_changes=only_changes)
