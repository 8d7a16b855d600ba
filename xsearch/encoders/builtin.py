"""The bundled image-text model: a compact CNN and a word table, run by onnxruntime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.encoders.base import EncoderError, TwoStepEncoder, Vectors, normalise
from xsearch.encoders.builtin_text import ConceptVocabulary
from xsearch.encoders.onnx_session import open_session
from xsearch.lazy import Lazy

WEIGHTS = Path(__file__).with_name("weights")
FILES = ("image.onnx", "text.onnx", "vocabulary.json")

#: Part of the fingerprint; raise it whenever ``square`` or ``ConceptVocabulary.find`` gives another result.
PREPROCESSING = "1"
SIDE = 112  # pixels the network sees
DIMENSION = 256
_LEAST_SPREAD = 1e-3  # of a singular value over the largest; less is rounding
_BATCH = 32  # images in one run of the network; bounds memory


class BuiltinEncoder(TwoStepEncoder):
    """Texts (English, Chinese) and photos in one vector space: kinds of product, colours, looks, single products.

    ``threads`` is the number of CPU threads of one call. ``weights`` is a folder with another trained model of the
    same architecture. The model is loaded on the first call, so that workers may fork, and unloaded after
    ``idle_unload_s`` seconds without use (None: never).
    """

    dimension = DIMENSION
    modalities = frozenset({"text", "image"})

    def __init__(self, threads: int = 2, weights: str | Path | None = None, idle_unload_s: float | None = None) -> None:
        self._threads = threads
        self.folder = Path(weights) if weights else WEIGHTS
        self._image = self._lazy_session("image.onnx", idle_unload_s)
        self._text = self._lazy_session("text.onnx", idle_unload_s)

    @cached_property
    def fingerprint(self) -> str:  # type: ignore[override]
        """Hash of the weights, the words and the version of the preprocessing."""
        digest = hashlib.sha256(PREPROCESSING.encode())
        for name in FILES:
            digest.update(hashlib.sha256(self._file(name).read_bytes()).digest())
        return f"builtin-{digest.hexdigest()[:16]}"

    def prepare(self, modality: str, item: Any) -> Any:
        """Return the pixels that the network takes, or the ids of the concepts that a text names."""
        return square(item, SIDE) if modality == "image" else self._vocabulary.find(item)

    def encode_prepared(self, modality: str, prepared: Sequence[Any]) -> Vectors:
        """Encode pixels or concept ids; texts without a known word get a row of zeros."""
        return self._encode_pixels(prepared) if modality == "image" else self._encode_concepts(prepared)

    def sayable(self) -> Vectors | None:
        """Return an orthonormal basis of the vectors of all concepts."""
        return self._concepts

    @cached_property
    def _concepts(self) -> Vectors:
        vectors = self._encode_concepts([[number] for number in range(1, len(self._vocabulary.concepts) + 1)])
        _left, spread, basis = np.linalg.svd(vectors, full_matrices=False)
        return np.asarray(basis[spread > _LEAST_SPREAD * spread[0]], np.float32)

    def _encode_pixels(self, pixels: Sequence[NDArray[np.uint8]]) -> Vectors:
        vectors = [np.zeros((0, self.dimension), np.float32)]
        for start in range(0, len(pixels), _BATCH):
            batch = np.stack(pixels[start : start + _BATCH])
            with self._image.use() as session:
                vectors.append(session.run(None, {"pixels": batch})[0])
        return normalise(np.concatenate(vectors))

    def _encode_concepts(self, found: Sequence[list[int]]) -> Vectors:
        longest = max(map(len, found), default=0)
        if longest == 0:
            return np.zeros((len(found), self.dimension), np.float32)
        numbers = np.zeros((len(found), longest), np.int64)
        for row, concepts in zip(numbers, found, strict=True):
            row[: len(concepts)] = concepts
        with self._text.use() as session:
            vectors: Vectors = session.run(None, {"concepts": numbers})[0]
        return normalise(vectors)

    @cached_property
    def _vocabulary(self) -> ConceptVocabulary:
        return ConceptVocabulary.load(self._file("vocabulary.json"))

    def _lazy_session(self, name: str, idle_s: float | None) -> Lazy[Any]:
        cure = "Reinstall django-xsearch."
        return Lazy(lambda: open_session(self._file(name), self._threads, cure=cure), idle_s=idle_s)

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            problem = f"The builtin encoder's {name} is missing from {self.folder}. Reinstall django-xsearch"
            raise EncoderError(f"{problem}, or train it: tools/bundled_model in the project's repository.")
        return path


def known_words() -> frozenset[str]:
    """Return the English words of the terms that the bundled model was trained on, lower-case."""
    terms = ConceptVocabulary.load(WEIGHTS / "vocabulary.json").terms
    return frozenset(word for term in terms if term.isascii() for word in term.split())


def square(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Return RGB bytes, shape (side, side, 3): the whole image, scaled, on a square of its border's colour."""
    width, height = image.size
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0).convert("RGB"))
    canvas = np.empty((side, side, 3), np.uint8)
    # The colour is the median of the outermost pixels.
    canvas[:] = np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]), axis=0).astype(np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas
