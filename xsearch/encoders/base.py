"""The contract of encoder backends: media in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Embeddings, one a row; of unit length wherever an encoder returns them.
Vectors = NDArray[np.float32]


class EncoderError(Exception):
    """An encoder cannot work at all (missing weights, missing package); the message carries the cure."""


class EncoderAway(EncoderError):  # noqa: N818 - it is the encoder that is away
    """An encoder is unavailable for now (its service is down); objects stay pending until it is back."""


class Encoder(ABC):
    """Turns media of its ``modalities`` into unit vectors of one vector space.

    Items are ``str`` for "text", upright RGB ``PIL.Image.Image`` for "image" and
    ``xsearch.media.Waveform`` for "audio". Instances are shared between threads.
    """

    #: Length of the vectors.
    dimension: int
    #: Those of "text", "image" and "audio" that the encoder encodes.
    modalities: frozenset[str]
    #: Identifies the vector space: changes with the model, revision, preprocessing or adapter.
    fingerprint: str
    #: True once the service behind the encoder has changed its model. An instance stands for one vector space, so
    #: the registry builds a new one.
    is_outdated: bool = False

    def sayable(self) -> Vectors | None:
        """Return an orthonormal basis of what texts can express, shape (k, dimension); None if unknown.

        The rest of a photo's vector distinguishes single photos. It has less weight when words ask for a change.
        """
        return None

    @classmethod
    def check_options(cls, options: dict[str, Any]) -> Iterable[tuple[str, str]]:  # noqa: ARG003
        """Return the faults of ``OPTIONS`` as (problem, cure), for the system checks; imports nothing heavy."""
        return ()

    @abstractmethod
    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Encode ``items`` and return float32 vectors, shape (len(items), dimension).

        Rows have unit length. A row of zeros means that the encoder has no vector for the input (a text without
        a known word); callers skip it. Raises ``ValueError`` for a modality that is not in ``modalities`` and
        ``EncoderError`` if the model cannot be loaded.
        """


class TwoStepEncoder(Encoder):
    """An encoder that preprocesses items one by one (pixels, token ids) and runs its model on batches.

    Indexing prepares the next batch in several threads while the model runs on this one.
    """

    @abstractmethod
    def prepare(self, modality: str, item: Any) -> Any:
        """Preprocess one item; safe in any thread, loads no model. Raises like ``encode_batch``."""

    @abstractmethod
    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Encode prepared items, in runs that fit into memory; see ``encode_batch``."""

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
