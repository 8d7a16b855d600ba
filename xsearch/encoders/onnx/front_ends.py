"""Front ends of exported models: media → the arrays that a graph takes, as the original processors make them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xsearch.encoders.base import MAX_ASPECT, EncoderError, crop_to_aspect, first_window
from xsearch.encoders.onnx.manifest import FILTERS, TOKENIZER
from xsearch.lazy import import_optional

if TYPE_CHECKING:
    from xsearch.media import Waveform

Arrays = dict[str, NDArray[Any]]

_FLOOR = 1e-10  # power that counts as silence, -100 dB


class FrontEnd(ABC):
    """Preprocessing of one modality: items one by one in any thread, then batches of them."""

    @abstractmethod
    def prepare(self, item: Any) -> Arrays | None:
        """Return the arrays of one item; None for an empty text or silence, which have no vector."""

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Return the arrays of a batch of at least one item."""
        return {name: np.stack([arrays[name] for arrays in prepared]) for name in prepared[0]}


def open_front_end(folder: Path, facts: dict[str, Any], *, prompt: str = "{}", cure: str = "") -> FrontEnd:
    """Return the front end that ``facts`` of a manifest describe; raises ``EncoderError`` that ends with ``cure``."""
    kind, facts = facts.get("kind"), {name: fact for name, fact in facts.items() if name != "kind"}
    try:
        if kind == "tokens":
            return TextFrontEnd(folder / TOKENIZER, TokenFacts(**facts), prompt=prompt, cure=cure)
        if kind == "log_mel":
            return SoundFrontEnd(SoundFacts(**facts), np.load(folder / FILTERS, allow_pickle=False))
        pixels: dict[Any, type[FixedPixels | PatchedPixels]] = {"pixels": FixedPixels, "patches": PatchedPixels}
        return pixels[kind](**{**facts, "levels": PixelNormalisation(**facts["levels"])})
    except (TypeError, KeyError, ValueError, OSError) as error:
        problem = f"The manifest of {folder} does not fit this django-xsearch ({error.__class__.__name__}: {error})."
        raise EncoderError(f"{problem} {cure}") from error


@dataclass(frozen=True)
class PixelNormalisation:
    """Normalisation of pixels by channel: ``(byte * rescale - mean) / std``."""

    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, image: Image.Image) -> NDArray[np.float32]:
        """Return ``image`` as float32, shape (3, height, width)."""
        std = np.asarray(self.std, np.float32)[:, None, None]
        scale, shift = np.float32(self.rescale) / std, np.asarray(self.mean, np.float32)[:, None, None] / std
        # By planes: numpy is several times slower along an axis of three.
        planes = np.asarray(image).transpose(2, 0, 1).astype(np.float32, order="C")
        pixels: NDArray[np.float32] = planes * scale - shift
        return pixels


@dataclass(frozen=True)
class FixedPixels(FrontEnd):
    """Photos resized to one size: CLIP, Chinese-CLIP, SigLIP and SigLIP 2 of fixed resolution.

    Either ``shortest_edge`` is given, or ``size``, which ignores the proportions. ``crop`` is the size of the centre
    crop. Sizes are (height, width) in pixels; ``resample`` is Pillow's number of the filter.
    """

    levels: PixelNormalisation
    resample: int
    shortest_edge: int | None = None
    size: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None

    def prepare(self, item: Image.Image) -> Arrays:
        """Return ``pixel_values``, shape (3, height, width)."""
        return {"pixel_values": self.levels.apply(self._resized(item))}

    def _resized(self, image: Image.Image) -> Image.Image:
        """Resize only the part that the crop keeps."""
        image = image if self.shortest_edge is None else crop_to_aspect(image, MAX_ASPECT)
        height, width = self._target(image)
        crop_height, crop_width = self.crop or (height, width)
        shown_height, shown_width = min(height, crop_height), min(width, crop_width)
        top, left = (height - shown_height) // 2, (width - shown_width) // 2
        down, right = image.height / height, image.width / width  # source pixels for each pixel
        box = (left * right, top * down, (left + shown_width) * right, (top + shown_height) * down)
        shown = image.resize((shown_width, shown_height), Image.Resampling(self.resample), box=box)
        if (shown_height, shown_width) == (crop_height, crop_width):
            return shown
        canvas = Image.new("RGB", (crop_width, crop_height))
        canvas.paste(shown, ((crop_width - shown_width) // 2, (crop_height - shown_height) // 2))
        return canvas

    def _target(self, image: Image.Image) -> tuple[int, int]:
        """Return the size of the whole photo before the crop, (height, width)."""
        if self.size is not None:
            return self.size
        if self.shortest_edge is None:
            return image.height, image.width
        shorter, longer = sorted((image.height, image.width))
        long_edge = int(self.shortest_edge * longer / shorter)
        is_upright = image.height >= image.width
        return (long_edge, self.shortest_edge) if is_upright else (self.shortest_edge, long_edge)


@dataclass(frozen=True)
class PatchedPixels(FrontEnd):
    """Photos in their own proportions, as at most ``max_patches`` squares of ``patch`` pixels: SigLIP 2 NaFlex.

    The model has learnt the embeddings of ``grid`` × ``grid`` positions. Other grids interpolate them: ``prepare``
    returns the weights as a matrix.
    """

    levels: PixelNormalisation
    resample: int
    patch: int
    max_patches: int
    grid: int

    def prepare(self, item: Image.Image) -> Arrays:
        """Return ``pixel_values`` (patches, values), ``positions`` (patches, grid²) and ``pixel_attention_mask``."""
        rows, columns = self._shape(item)
        size = (columns * self.patch, rows * self.patch)
        pixels = self.levels.apply(item.resize(size, Image.Resampling(self.resample)))
        patches = pixels.reshape(3, rows, self.patch, columns, self.patch).transpose(1, 3, 2, 4, 0)
        weights = np.kron(interpolation_weights(rows, self.grid), interpolation_weights(columns, self.grid))
        return {
            "pixel_values": self._padded(patches.reshape(rows * columns, -1)),
            "positions": self._padded(weights),
            "pixel_attention_mask": self._padded(np.ones(rows * columns, np.int64)),
        }

    def _padded(self, rows: NDArray[Any]) -> NDArray[Any]:
        missing = self.max_patches - len(rows)
        return np.pad(rows, [(0, missing)] + [(0, 0)] * (rows.ndim - 1))

    def _shape(self, image: Image.Image) -> tuple[int, int]:
        """Return rows and columns at the largest scale that has at most ``max_patches`` patches."""
        low, high = 1e-6, 100.0
        while high - low >= 1e-5:  # the limits of the original: the last patch depends on them
            middle = (low + high) / 2
            if math.prod(self._shape_at(middle, image)) <= self.max_patches:
                low = middle
            else:
                high = middle
        return self._shape_at(low, image)

    def _shape_at(self, scale: float, image: Image.Image) -> tuple[int, int]:
        rows, columns = (max(1, math.ceil(side * scale / self.patch)) for side in (image.height, image.width))
        return rows, columns


def interpolation_weights(count: int, known: int) -> NDArray[np.float32]:
    """Return the weights, shape (count, known), of linear interpolation of ``known`` points to ``count``.

    Points are pixel centres. If ``count`` is below ``known``, each is an average over a triangle two steps wide.
    """
    step = known / count
    reach = max(step, 1.0)
    centres = (np.arange(count)[:, None] + 0.5) * step
    weights = np.maximum(0, 1 - np.abs(np.arange(known)[None] + 0.5 - centres) / reach)
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


@dataclass(frozen=True)
class TokenFacts:
    """Truncation and padding of a family: at most ``limit`` tokens, special tokens included.

    With ``pads_to_limit`` all texts are padded to the limit, else to the longest of the batch. Without ``has_mask``
    the model reads the padding too.
    """

    limit: int
    pad_id: int
    pads_to_limit: bool = False
    pads_left: bool = False
    has_mask: bool = True
    is_lowercase: bool = False


class TextFrontEnd(FrontEnd):
    """Front end of texts; ``prompt`` is a template such as "a photo of {}"."""

    def __init__(self, path: Path, facts: TokenFacts, *, prompt: str, cure: str) -> None:
        tokenizers = import_optional("tokenizers", "The onnx encoder of texts", "onnx", EncoderError)
        self.facts, self._prompt = facts, prompt
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the Rust side raises plain Exception
            raise EncoderError(f"{path} is no tokenizer: {error}. {cure}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(facts.limit)

    def prepare(self, item: str) -> Arrays | None:
        """Return ``input_ids``, shape (tokens,); None for an empty text."""
        if not item.strip():
            return None
        item = self._prompt.replace("{}", item)
        text = item.lower() if self.facts.is_lowercase else item
        return {"input_ids": np.asarray(self._tokenizer.encode(text).ids, np.int64)}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Pad to one length: ``input_ids`` and ``attention_mask``, shape (n, tokens)."""
        texts = [arrays["input_ids"] for arrays in prepared]
        length = self.facts.limit if self.facts.pads_to_limit else max(map(len, texts))
        numbers = np.full((len(texts), length), self.facts.pad_id, np.int64)
        mask = np.full_like(numbers, not self.facts.has_mask)
        for number, text in enumerate(texts):
            start = length - len(text) if self.facts.pads_left else 0
            numbers[number, start : start + len(text)] = text
            mask[number, start : start + len(text)] = 1
        return {"input_ids": numbers, "attention_mask": mask}


@dataclass(frozen=True)
class SoundFacts:
    """Spectrogram of a family: the first ``samples`` at ``rate_hz``, in windows that start ``hop`` samples apart.

    ``filling`` pads shorter sounds: "repeatpad" (whole repetitions, then silence), "repeat" or "pad".
    """

    rate_hz: int
    samples: int
    window: int
    hop: int
    filling: str = "repeatpad"


class SoundFrontEnd(FrontEnd):
    """Front end of sounds: log-mel spectrograms by ``filters``, shape (window / 2 + 1, mels), of the original."""

    def __init__(self, facts: SoundFacts, filters: NDArray[np.floating[Any]]) -> None:
        self.facts = facts
        self._filters = filters

    def prepare(self, item: Waveform) -> Arrays | None:
        """Return ``input_features``, shape (1, frames, mels), in decibels of power; None for silence."""
        window = first_window(item, self.facts.rate_hz, self.facts.samples)
        if window is None:
            return None
        length = self.facts.samples
        if self.facts.filling != "pad" and len(window) < length:
            window = np.tile(window, length // len(window) + (self.facts.filling == "repeat"))
        samples = np.pad(window, (0, max(0, length - len(window))))[:length]
        return {"input_features": self._spectrogram(samples)[None]}

    def _spectrogram(self, samples: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return the log-mel spectrogram, shape (frames, mels), of a Hann window around every ``hop``-th sample."""
        length = self.facts.window
        padded = np.pad(samples.astype(np.float64), length // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, length)[:: self.facts.hop]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        power = np.abs(np.fft.rfft(frames * hann)) ** 2
        decibels: NDArray[np.float32] = (10 * np.log10(np.maximum(power @ self._filters, _FLOOR))).astype(np.float32)
        return decibels
