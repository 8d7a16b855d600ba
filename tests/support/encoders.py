"""Encoders for tests that need one whose every vector is known, and a second to change to."""

import hashlib
import os
import time
from pathlib import Path

import numpy as np

from xsearch.encoders import Encoder, EncoderError, TwoStepEncoder, normalise


class HashEncoder(Encoder):
    """Texts and photos to pseudo-random vectors of their content; ``calls`` counts what was encoded."""

    modalities = frozenset({"text", "image"})
    calls: list[tuple[str, int]] = []

    def __init__(self, dimension: int = 16, revision: str = "1") -> None:
        self.dimension = dimension
        self.fingerprint = f"hash:{dimension}:{revision}"
        self._revision = revision

    def encode_batch(self, modality, items):
        if modality not in self.modalities:
            raise ValueError(modality)
        HashEncoder.calls.append((modality, len(items)))
        rows = [self._vector(item if isinstance(item, str) else item.tobytes()) for item in items]
        return normalise(np.array(rows).reshape(len(items), self.dimension))

    def _vector(self, content):
        content = content.encode() if isinstance(content, str) else content
        digest = hashlib.sha256(self._revision.encode() + content).digest()
        return np.random.default_rng(int.from_bytes(digest[:8])).normal(size=self.dimension)


class BrokenEncoder(HashEncoder):
    """A model that cannot be loaded."""

    def encode_batch(self, modality, items):
        raise EncoderError("The weights are missing; run: python manage.py xsearch_download")


class PickyEncoder(HashEncoder):
    """A model that fails on one input."""

    def encode_batch(self, modality, items):
        if any(item == "poison" or (isinstance(item, str) and "poison" in item) for item in items):
            raise RuntimeError("cannot encode poison")
        return super().encode_batch(modality, items)


class SlowEncoder(HashEncoder):
    """A model that says when it begins, by making a file, and goes on when another appears."""

    def __init__(self, folder: str, dimension: int = 16, revision: str = "1") -> None:
        super().__init__(dimension, revision)
        self._folder = Path(folder)

    def encode_batch(self, modality, items):
        (self._folder / "begun").touch()
        while not (self._folder / "go").exists():
            time.sleep(0.02)
        return super().encode_batch(modality, items)


class DiaryEncoder(HashEncoder):
    """A model that takes its time and writes down each text, in a file of its process."""

    def __init__(self, folder: str, seconds_each: float = 0.02) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._seconds_each = seconds_each

    def encode_batch(self, modality, items):
        with (self._folder / f"{os.getpid()}.diary").open("a") as diary:
            for item in items:
                diary.write(f"{item.splitlines()[0]}\n")
        time.sleep(self._seconds_each * len(items))
        return super().encode_batch(modality, items)


class TwoStepHashEncoder(TwoStepEncoder):
    """As HashEncoder, in two steps; ``before_prepare`` and ``before_encode`` are called in their threads."""

    modalities = frozenset({"text", "image"})
    before_prepare = None
    before_encode = None

    def __init__(self, dimension: int = 16, revision: str = "1", batch_size: int | None = None) -> None:
        self.batch_size = batch_size
        self._hash = HashEncoder(dimension, revision)
        self.dimension, self.fingerprint = dimension, self._hash.fingerprint

    def prepare(self, modality, item):
        if TwoStepHashEncoder.before_prepare:
            TwoStepHashEncoder.before_prepare(item)
        return item if isinstance(item, str) else np.asarray(item)

    def encode_prepared(self, modality, prepared):
        if TwoStepHashEncoder.before_encode:
            TwoStepHashEncoder.before_encode(prepared)
        return self._hash.encode_batch(modality, prepared)


class NumberEncoder(Encoder):
    """Texts that end with a number, and photos of that brightness, to the unit vector of the number plus ``shift``.

    What a query of one shift is compared with is thus either the same or has nothing in common with it; with vectors
    of another shift it would be another product that is the same.
    """

    modalities = frozenset({"text", "image"})
    dimension = 128

    def __init__(self, shift: int = 0, seconds_each: float = 0.0) -> None:
        self.fingerprint = f"number:{shift}"
        self._shift = shift
        self._seconds_each = seconds_each

    def encode_batch(self, modality, items):
        time.sleep(self._seconds_each * len(items) if len(items) > 1 else 0)  # queries come singly
        return np.eye(self.dimension, dtype=np.float32)[[self._number(item) + self._shift for item in items]]

    def _number(self, item):
        return int(item.split()[-1].lstrip("w")) if isinstance(item, str) else item.getpixel((0, 0))[0]
