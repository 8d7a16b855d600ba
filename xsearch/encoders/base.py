"""The contract of encoder backends: media in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class EncoderError(Exception):
    """An encoder cannot work at all (missing weights, missing package); the message carries the cure."""


class EncoderAway(EncoderError):  # noqa: N818 - it is the encoder that is away
    """An encoder cannot work for now (its service is down); objects wait for it as long as that takes."""


class Encoder(ABC):
    """Turns media of its ``modalities`` into unit vectors of one space.

    Items are ``str`` for "text", upright RGB ``PIL.Image.Image`` for "image" and
    ``xsearch.media.Waveform`` for "audio". Instances are shared between threads.
    """

    #: Length of the vectors.
    dimension: int
    #: Which of "text", "image" and "audio" the encoder understands.
    modalities: frozenset[str]
    #: Changes whenever vectors stop being comparable: model, revision, preprocessing, adapter.
    fingerprint: str
    #: Whether this instance is of no use any more, because the service behind it has changed its model: an
    #: instance speaks of one space for life, and the next one asked for is made anew.
    is_outdated: bool = False

    def sayable(self) -> Vectors | None:
        """Return the directions that texts can name, as orthonormal rows, shape (k, dimension); None: not known.

        What lies outside of them tells single photos apart, and counts for less where words ask for something else.
        """
        return None

    @classmethod
    def check_options(cls, options: dict[str, Any]) -> Iterable[tuple[str, str]]:  # noqa: ARG003
        """Return what is wrong with ``OPTIONS`` as (problem, cure), for the system checks; imports nothing heavy."""
        return ()

    @abstractmethod
    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Encode ``items`` and return float32 vectors, shape (len(items), dimension).

        Rows have unit length; a row of zeros means that the encoder knows nothing about the input
        (a text without a known word), and callers leave it out. Raises ``ValueError`` for a modality
        that is not in ``modalities`` and ``EncoderError`` when the model cannot be loaded.
        """


class TwoStepEncoder(Encoder):
    """An encoder that prepares items one by one (pixels, token numbers) and runs its model on many.

    Indexing prepares in several threads while the model runs on the batch before.
    """

    @abstractmethod
    def prepare(self, modality: str, item: Any) -> Any:
        """Turn one item into what the model takes; safe in any thread, loads no model. Raises like ``encode_batch``."""

    @abstractmethod
    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Encode what ``prepare`` returned, in runs that fit into memory; see ``encode_batch``."""

    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Prepare and encode, see ``Encoder``."""
        if modality not in self.modalities:
            known = ", ".join(sorted(self.modalities))
            raise ValueError(f"{type(self).__name__} cannot encode {modality!r}; it encodes {known}.")
        return self.encode_prepared(modality, [self.prepare(modality, item) for item in items])


def normalise(vectors: NDArray[np.floating[Any]]) -> Vectors:
    """Scale rows, shape (n, d), to unit length; rows of zeros stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
