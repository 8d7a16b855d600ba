"""Sounds as CLAP takes them, by numpy and soxr: log-mel spectrograms of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.onnx.pixels import Arrays, stack
from xsearch.encoders.sounds import hear

if TYPE_CHECKING:
    from xsearch.media import Waveform

Floats = NDArray[np.floating[Any]]

_FLOOR = 1e-10  # power that counts as silence, -100 dB


@dataclass(frozen=True)
class SoundFacts:
    """How a sound becomes a spectrogram: ``samples`` at ``rate_hz`` are heard, in windows ``hop`` apart.

    ``filling`` of shorter sounds: "repeatpad" (whole repetitions, then silence), "repeat" or "pad".
    """

    rate_hz: int
    samples: int
    window: int
    hop: int
    filling: str = "repeatpad"


class LogMel:
    """Facts with the filters, shape (window / 2 + 1, mels), of the original."""

    def __init__(self, facts: SoundFacts, filters: Floats) -> None:
        self.facts = facts
        self._filters = filters

    def prepare(self, item: Waveform) -> Arrays | None:
        """Return ``input_features``, shape (1, frames, mels), in decibels of power; None for silence."""
        heard = hear(item, self.facts.rate_hz, self.facts.samples)
        if heard is None:
            return None
        samples = fill(heard, self.facts.samples, self.facts.filling)
        return {"input_features": self._spectrogram(samples)[None]}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack what ``prepare`` returned."""
        return stack(prepared)

    def _spectrogram(self, samples: Floats) -> NDArray[np.float32]:
        """Return the log-mel spectrogram, shape (frames, mels), of a Hann window around every ``hop``-th sample."""
        length = self.facts.window
        padded = np.pad(samples.astype(np.float64), length // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, length)[:: self.facts.hop]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        power = np.abs(np.fft.rfft(frames * hann)) ** 2
        decibels: NDArray[np.float32] = (10 * np.log10(np.maximum(power @ self._filters, _FLOOR))).astype(np.float32)
        return decibels


def fill(samples: Floats, length: int, filling: str) -> Floats:
    """Return ``length`` samples: those of a shorter sound repeated and filled with silence."""
    if filling != "pad" and len(samples) < length:
        times = length // len(samples) + (filling == "repeat")
        samples = np.tile(samples, times)
    return np.pad(samples, (0, length))[:length]
