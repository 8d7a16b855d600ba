"""An encoder with the speed of a real one whose vectors are those that a made-up catalogue is searched with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import overridden
from xsearch.encoders import Encoder, encoder_from_spec
from xsearch.encoders.base import Vectors


class StandIn(Encoder):
    """Runs the encoder of ``spec``, if any, throws away what it says, and returns the next of ``answers``.

    A made-up catalogue knows nothing about real photos, and how fast an index is walked depends on whether the
    query lies among its vectors.
    """

    modalities = frozenset({"text", "image"})
    fingerprint = "benchmark"
    #: Query vectors, shape (n, dimension), answered in turn.
    answers: ClassVar[Iterator[NDArray[np.float32]]] = iter(())

    def __init__(self, dimension: int, spec: dict[str, Any] | None = None) -> None:
        self.dimension = dimension
        self._real = encoder_from_spec(spec) if spec else None

    def encode_batch(self, modality: str, items: Sequence[Any]) -> Vectors:
        """Take the real encoder's time, and return the next answers."""
        if self._real:
            self._real.encode_batch(modality, items)
        return np.stack([next(StandIn.answers) for _ in items])


@contextmanager
def standing_in(dimension: int, spec: dict[str, Any] | None = None) -> Iterator[None]:
    """Let a stand-in fill and search the columns of text and photo."""
    backend = f"{StandIn.__module__}.{StandIn.__qualname__}"
    encoder = {"BACKEND": backend, "OPTIONS": {"dimension": dimension, "spec": spec}}
    embeddings = {"text": "benchmark", "image": "benchmark", "audio": None}
    with overridden({"ENCODERS": {"benchmark": encoder}, "EMBEDDINGS": embeddings}):
        yield


def answer_with(vectors: NDArray[np.float32]) -> None:
    """Answer with the rows of ``vectors``, again and again."""
    StandIn.answers = itertools.cycle(vectors)
