"""Photo and words as one vector: "like this, but red" replaces the photo's own colour instead of adding to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Lock

import numpy as np
from cachetools import LRUCache, cached
from django.db import DatabaseError
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderAway, normalise
from xsearch.search.context import SearchContext
from xsearch.search.vectors.attribute_changes import Change, attributes_of
from xsearch.search.vectors.calibration import sample_vectors
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.query_vectors import QueryVector, VectorPart, encoded

logger = logging.getLogger("xsearch.search")

# Directions in which the texts of an attribute hardly differ are noise.
_LEAST_SPREAD = 0.2  # of the largest
_RIDGE = 1.0  # squared length; a small catalogue says little about what goes together
_LEAST_SAMPLE = 20  # photos


@dataclass(frozen=True)
class AttributeChange:
    """A change of a query vector: the photo's own value of ``attribute``, and the values that words name."""

    attribute: str
    photo: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttributeSubspace:
    """The subspace in which the texts of an attribute's n values differ.

    ``basis`` are unit rows, shape (k, dimension); ``coordinates`` of the values in it, shape (n, k), unit rows.
    """

    values: tuple[str, ...]
    basis: QueryVector
    coordinates: QueryVector

    def direction_of(self, names: Sequence[str]) -> QueryVector:
        """Return the unit vector of the mean of the values ``names``, shape (k,); zeros where none is known."""
        rows = [self.coordinates[self.values.index(name)] for name in names if name in self.values]
        return _unit(np.sum(rows, axis=0)) if rows else np.zeros(len(self.basis), np.float32)


@cached(LRUCache(64), key=lambda encoder, values: (encoder.fingerprint, tuple(values)), lock=Lock())
def subspace_of(encoder: Encoder, values: Sequence[str]) -> AttributeSubspace | None:
    """Return the subspace of an attribute's values; None where the encoder tells fewer than two of them apart."""
    texts = encoder.encode_batch("text", list(values))
    known = np.flatnonzero(texts.any(axis=1))
    if len(known) < 2:
        return None
    centred = texts[known] - texts[known].mean(axis=0)
    _left, spread, basis = np.linalg.svd(centred, full_matrices=False)
    basis = basis[spread > max(_LEAST_SPREAD * spread[0], 1e-4)]
    if not len(basis):
        return None
    named = tuple(values[int(place)] for place in known)
    return AttributeSubspace(named, basis.astype(np.float32), normalise(centred @ basis.T))


def compose(context: SearchContext, parts: Sequence[VectorPart], change: Change) -> list[VectorPart]:
    """Return the parts of a query with ``change`` applied to the vectors of its photo and examples.

    An encoder that does not encode texts and photos into one space leaves them as they are; failures are noted in
    ``context``.
    """
    if not (change.named or change.rest):
        return list(parts)
    return [_composed(context, part, change) if _is_image(part) else part for part in parts]


def _is_image(part: VectorPart) -> bool:
    return part.modality in {"image", "like"} and part.column in {"image", "text"}


def _composed(context: SearchContext, part: VectorPart, change: Change) -> VectorPart:
    encoder = context.encoder(part.space)
    if encoder is None or not {"text", "image"} <= encoder.modalities:
        return part
    try:
        vector, changes = _Composition(context, encoder, part).apply(change)
    except DatabaseError:
        raise
    except SpaceSwapped:
        return part  # the search notices it as well, and starts again
    except EncoderAway:
        context.degrade("composition")
        return part
    except Exception:
        # The photo alone still answers, whatever one model throws.
        logger.exception("Composing a photo with words failed")
        context.degrade("composition")
        return part
    if vector is part.vector:
        return part
    return replace(part, vector=vector, original=part.vector, changes=tuple(asdict(change) for change in changes))


class _Composition:
    """The change of one query vector."""

    def __init__(self, context: SearchContext, encoder: Encoder, part: VectorPart) -> None:
        self._context = context
        self._values = attributes_of(context.index, context.scope).values
        self._encoder = encoder
        self._vector = part.vector
        self._sayable = encoder.sayable()
        sample = sample_vectors(context, part) if self._sayable is None else np.zeros((0, len(part.vector)), np.float32)
        self._sample = sample if len(sample) >= _LEAST_SAMPLE else None
        self._options: Mapping[str, float] = settings.COMPOSITION

    def apply(self, change: Change) -> tuple[QueryVector, list[AttributeChange]]:
        """Return the unit vector of the photo with ``change``, shape (dimension,), and the changes made."""
        if not (self._options["discount"] or self._options["strength"]):
            return self._with_words(self._vector, change.words), []
        subspaces = self._subspaces(change)
        vector, changes = self._general() if subspaces else self._vector, []
        for attribute, subspace in subspaces.items():
            wanted, unwanted = (
                [named.value for named in change.named if (named.attribute, named.is_wanted) == (attribute, side)]
                for side in (True, False)
            )
            vector, own = self._replaced(vector, subspace, wanted, unwanted)
            changes.append(AttributeChange(attribute, own, tuple(wanted), tuple(unwanted)))
        return self._with_words(vector, change.rest), changes

    def _subspaces(self, change: Change) -> dict[str, AttributeSubspace]:
        """Return the subspace of each attribute with a named value that the encoder knows."""
        found = {}
        for named in change.named:
            subspace = subspace_of(self._encoder, self._values[named.attribute])
            if subspace and named.value in subspace.values:
                found[named.attribute] = subspace
        return found

    def _general(self) -> QueryVector:
        """Return the photo with less of what no words can say: it tells this very thing from others of its kind."""
        if self._sayable is None:
            return self._vector
        general = self._vector @ self._sayable.T @ self._sayable
        return _unit(general + self._options["unsayable"] * (self._vector - general))

    def _replaced(
        self, vector: QueryVector, subspace: AttributeSubspace, wanted: Sequence[str], unwanted: Sequence[str]
    ) -> tuple[QueryVector, str]:
        """Return ``vector`` with its own value of an attribute replaced by the named one, and its own value."""
        usual = np.zeros_like(vector) if self._sample is None else self._sample.mean(axis=0)
        own = subspace.basis @ (vector - usual)
        name = subspace.values[int((subspace.coordinates @ own).argmax())]
        size = float(np.linalg.norm(own))
        change = np.zeros_like(own)
        if wanted:
            change = self._options["strength"] * size * subspace.direction_of(wanted) - self._options["discount"] * own
        if unwanted:
            away = subspace.direction_of(unwanted)
            change = change - max(float((own + change) @ away), 0.0) * away
        return _unit(vector + change @ subspace.basis + self._carried(subspace, usual, change)), name

    def _carried(self, subspace: AttributeSubspace, usual: QueryVector, change: QueryVector) -> QueryVector:
        """Return the change in other directions that goes with an attribute in the catalogue, by ridge regression.

        The texts of colours differ in a few directions; photos of different colours differ in many more.
        """
        if self._sample is None:
            return np.zeros_like(usual)
        centred = self._sample - usual
        inside = centred @ subspace.basis.T
        outside = centred - inside @ subspace.basis
        slopes = np.linalg.solve(inside.T @ inside + _RIDGE * np.eye(len(subspace.basis)), inside.T @ outside)
        return np.asarray(change @ slopes, np.float32)

    def _with_words(self, vector: QueryVector, text: str) -> QueryVector:
        """Return a unit vector between ``vector`` and that of ``text``."""
        share = self._options["words"]
        words = encoded(self._context, self._encoder, "text", text) if text and share else None
        if words is None or not words.any():
            return vector
        return _unit((1 - share) * vector + share * words)


def _unit(vector: NDArray[np.floating]) -> QueryVector:
    unit: QueryVector = normalise(vector[None])[0]
    return unit
