"""Photo and words as one vector: "like this, but red" is the photo with its own colour exchanged, not added to."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from django.db import DatabaseError
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderAway, normalise
from xsearch.index.registry import Index
from xsearch.indexing.spaces import live_encoder
from xsearch.search.vectors.attribute_changes import Change, attributes_of
from xsearch.search.vectors.calibration import sample_vectors
from xsearch.search.vectors.live import SpaceSwapped
from xsearch.search.vectors.parts import VectorPart, encoded

logger = logging.getLogger("xsearch.search")

Floats = NDArray[np.float32]

# Directions in which the texts of an attribute hardly differ are noise.
_LEAST_SPREAD = 0.2  # of the largest
_RIDGE = 1.0  # squared length; keeps a small catalogue from being taken for a law
_LEAST_SAMPLE = 20  # photos


@dataclass(frozen=True)
class Swap:
    """What was exchanged in a query vector: ``attribute`` from what the photo seems to have to what words name."""

    attribute: str
    photo: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """The directions in which the texts of an attribute's n values differ.

    ``basis`` are unit rows, shape (k, dimension); ``places`` the values in it, shape (n, k), unit rows.
    """

    values: tuple[str, ...]
    basis: Floats
    places: Floats

    def place_of(self, names: Sequence[str]) -> Floats:
        """Return the unit vector between the values ``names``, shape (k,); zeros where none is known."""
        rows = [self.places[self.values.index(name)] for name in names if name in self.values]
        return _unit(np.sum(rows, axis=0)) if rows else np.zeros(len(self.basis), np.float32)


_spans: dict[tuple[str, tuple[str, ...]], Span | None] = {}


def span_of(encoder: Encoder, values: Sequence[str]) -> Span | None:
    """Return the span of an attribute's values, encoded once; None where the encoder tells fewer than two apart."""
    key = (encoder.fingerprint, tuple(values))
    if key not in _spans:
        if len(_spans) >= 64:
            _spans.clear()
        _spans[key] = _span(tuple(values), encoder.encode_batch("text", list(values)))
    return _spans[key]


def _span(values: tuple[str, ...], texts: Floats) -> Span | None:
    known = np.flatnonzero(texts.any(axis=1))
    if len(known) < 2:
        return None
    centred = texts[known] - texts[known].mean(axis=0)
    _left, spread, basis = np.linalg.svd(centred, full_matrices=False)
    basis = basis[spread > max(_LEAST_SPREAD * spread[0], 1e-4)]
    if not len(basis):
        return None
    named = tuple(values[place] for place in known)
    return Span(named, basis.astype(np.float32), normalise(centred @ basis.T))


def compose(index: Index, parts: Sequence[VectorPart], change: Change, degraded: list[str]) -> list[VectorPart]:
    """Return the parts of a query with what ``change`` says worked into the vectors of its photo and examples.

    Encoders that do not encode texts and photos into one space leave them as they are; failures go to ``degraded``.
    """
    if not (change.named or change.rest):
        return list(parts)
    return [_composed(index, part, change, degraded) if _is_shown(part) else part for part in parts]


def _is_shown(part: VectorPart) -> bool:
    return part.modality in {"image", "like"} and part.column in {"image", "text"}


def _composed(index: Index, part: VectorPart, change: Change, degraded: list[str]) -> VectorPart:
    encoder = live_encoder(part.space)
    if encoder is None or not {"text", "image"} <= encoder.modalities:
        return part
    try:
        vector, swaps = _Composition(index, encoder, part).of(change)
    except DatabaseError:
        raise
    except SpaceSwapped:
        return part  # the search finds out as well, and begins anew
    except EncoderAway:
        degraded.append("composition")
        return part
    except Exception:
        # The photo alone still answers, whatever one model throws.
        logger.exception("Composing a photo with words failed")
        degraded.append("composition")
        return part
    if vector is part.vector:
        return part
    return replace(part, vector=vector, shown=part.vector, composed=tuple(asdict(swap) for swap in swaps))


class _Composition:
    def __init__(self, index: Index, encoder: Encoder, part: VectorPart) -> None:
        self._values = attributes_of(index).values
        self._encoder = encoder
        self._vector = part.vector
        self._sayable = encoder.sayable()
        sample = sample_vectors(index, part) if self._sayable is None else np.zeros((0, len(part.vector)), np.float32)
        self._sample = sample if len(sample) >= _LEAST_SAMPLE else None
        self._options: Mapping[str, float] = settings.COMPOSITION

    def of(self, change: Change) -> tuple[Floats, list[Swap]]:
        """Return the unit vector of the photo with ``change``, shape (dimension,), and what was exchanged."""
        if not (self._options["discount"] or self._options["strength"]):
            return self._with_words(self._vector, change.words), []
        spans = self._spans(change)
        vector, swaps = self._general() if spans else self._vector, []
        for attribute, span in spans.items():
            wanted, unwanted = (
                [named.value for named in change.named if (named.attribute, named.is_wanted) == (attribute, side)]
                for side in (True, False)
            )
            vector, own = self._exchanged(vector, span, wanted, unwanted)
            swaps.append(Swap(attribute, own, tuple(wanted), tuple(unwanted)))
        return self._with_words(vector, change.rest), swaps

    def _spans(self, change: Change) -> dict[str, Span]:
        """Return the span of each attribute with a named value that the encoder knows."""
        found = {}
        for named in change.named:
            span = span_of(self._encoder, self._values[named.attribute])
            if span and named.value in span.values:
                found[named.attribute] = span
        return found

    def _general(self) -> Floats:
        """Return the photo with less of what only tells it from others of its kind: that very thing is not wanted."""
        if self._sayable is None:
            return self._vector
        general = self._vector @ self._sayable.T @ self._sayable
        return _unit(general + self._options["unsayable"] * (self._vector - general))

    def _exchanged(
        self, vector: Floats, span: Span, wanted: Sequence[str], unwanted: Sequence[str]
    ) -> tuple[Floats, str]:
        """Return ``vector`` with its own value discounted and the named one in its place, and what its own was."""
        usual = np.zeros_like(vector) if self._sample is None else self._sample.mean(axis=0)
        own = span.basis @ (vector - usual)
        name = span.values[int((span.places @ own).argmax())]
        size = float(np.linalg.norm(own))
        change = np.zeros_like(own)
        if wanted:
            change = self._options["strength"] * size * span.place_of(wanted) - self._options["discount"] * own
        if unwanted:
            away = span.place_of(unwanted)
            change = change - max(float((own + change) @ away), 0.0) * away
        return _unit(vector + change @ span.basis + self._carried(span, usual, change)), name

    def _carried(self, span: Span, usual: Floats, change: Floats) -> Floats:
        """Return what else changes in the catalogue's photos along with an attribute, by ridge regression.

        Texts name colours in some directions only; photos differ by their colour in many more.
        """
        if self._sample is None:
            return np.zeros_like(usual)
        centred = self._sample - usual
        places = centred @ span.basis.T
        others = centred - places @ span.basis
        law = np.linalg.solve(places.T @ places + _RIDGE * np.eye(len(span.basis)), places.T @ others)
        return np.asarray(change @ law, np.float32)

    def _with_words(self, vector: Floats, text: str) -> Floats:
        """Return a point between ``vector`` and that of ``words``."""
        share = self._options["words"]
        words = encoded(self._encoder, "text", text) if text and share else None
        if words is None or not words.any():
            return vector
        return _unit((1 - share) * vector + share * words)


def _unit(vector: NDArray[np.floating]) -> Floats:
    unit: Floats = normalise(vector[None])[0]
    return unit
