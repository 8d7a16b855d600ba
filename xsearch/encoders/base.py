"""The contract of encoder backends, media in and unit vectors out; and the preprocessing that several share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.lazy import import_optional

if TYPE_CHECKING:
    from xsearch.media import Waveform

#: Photos are cropped to this aspect ratio before their shorter side is scaled up: a line of pixels would fill memory.
MAX_ASPECT = 8
_QUIET = 1e-3  # peak under which a recording is silence

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


def crop_to_aspect(image: Image.Image, max_aspect: int) -> Image.Image:
    """Return the middle of an image that is longer than ``max_aspect`` times its width; other images are unchanged."""
    longest = max_aspect * min(image.size)
    if max(image.size) <= longest:
        return image
    width, height = (min(side, longest) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def first_window(waveform: Waveform, rate_hz: int, max_samples: int) -> NDArray[np.float32] | None:
    """Return the first ``max_samples`` samples of a sound at ``rate_hz``, or None for silence.

    SoX resamples: it leaves nothing above the recording's own frequencies, which models would notice. Raises
    ``EncoderError`` without the package soxr.
    """
    samples = waveform.samples
    if waveform.rate_hz != rate_hz:
        soxr = import_optional("soxr", "An encoder of sounds", "sound", EncoderError)
        samples = soxr.resample(samples, waveform.rate_hz, rate_hz)
    samples = samples[:max_samples]
    return None if np.abs(samples).max(initial=0.0) < _QUIET else samples


def check_run_options(batch_size: int, prompt: str | None) -> None:
    """Raise ``EncoderError`` for a batch size or a template of texts that cannot be used."""
    if batch_size < 1:
        raise EncoderError(f"OPTIONS['batch_size'] is {batch_size}. It is at least 1.")
    if prompt is not None and "{}" not in prompt:
        raise EncoderError(f"OPTIONS['prompt'] is {prompt!r}. It has {{}} where the text goes: 'a photo of {{}}'.")
