"""Sounds as CLAP takes them, by numpy alone: log-mel spectrograms of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.onnx.pixels import Arrays, stack

if TYPE_CHECKING:
    from xsearch.media import Waveform

Floats = NDArray[np.floating[Any]]

_FLOOR = 1e-10  # power that counts as silence, -100 dB
_HALF_S = 32  # samples of the slower rate on either side that a resampled one is made of
_CUT_OFF = 0.94  # of the slower rate's Nyquist frequency


@dataclass(frozen=True)
class SoundFacts:
    """How a sound becomes a spectrogram: ``samples`` at ``rate_hz`` are heard, in windows ``hop`` apart.

    ``filling`` of shorter sounds: "repeatpad" (whole repetitions, then silence), "repeat" or "pad". ``views`` is
    how many spectrograms the model takes of one sound.
    """

    rate_hz: int
    samples: int
    window: int
    hop: int
    filling: str = "repeatpad"
    views: int = 1


class LogMel:
    """Facts with the filters, shape (window / 2 + 1, mels), of the original."""

    def __init__(self, facts: SoundFacts, filters: Floats) -> None:
        self.facts = facts
        self._filters = filters

    def prepare(self, item: Waveform) -> Arrays:
        """Return ``input_features``, shape (views, frames, mels), in decibels of power."""
        samples = resample(np.asarray(item.samples, np.float32), item.rate_hz, self.facts.rate_hz)
        features = self._spectrogram(fill(samples, self.facts.samples, self.facts.filling))
        return {"input_features": np.repeat(features[None], self.facts.views, axis=0)}

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
    """Return the first ``length`` samples, or the sound repeated and filled with silence up to there."""
    if filling != "pad" and 0 < len(samples) < length:
        times = length // len(samples) + (filling == "repeat")
        samples = np.tile(samples, times)
    return np.pad(samples[:length], (0, max(0, length - len(samples))))


def resample(samples: Floats, from_hz: int, to_hz: int) -> Floats:
    """Raise the rate of ``samples``, shape (n,), by a whole factor, with a windowed sinc (Kaiser, 120 dB).

    Raises ``ValueError`` for other ratios.
    """
    factor, rest = divmod(to_hz, from_hz)
    if rest:
        raise ValueError(f"Sound at {from_hz} Hz cannot be brought to {to_hz} Hz, which is no multiple of it.")
    if factor == 1 or len(samples) == 0:
        return samples
    phases = [np.convolve(samples, taps)[_HALF_S : _HALF_S + len(samples)] for taps in _taps(factor)]
    return np.stack(phases, axis=1).reshape(-1)


@lru_cache(maxsize=4)
def _taps(factor: int) -> list[Floats]:
    """Return for each of the new samples between two old ones the weights of its neighbours."""
    window = np.kaiser(2 * _HALF_S * factor + 1, 12.0)
    offsets = np.arange(-_HALF_S * factor, _HALF_S * factor + 1) / factor
    sinc = np.sinc(offsets * _CUT_OFF) * _CUT_OFF * window
    return [sinc[phase::factor] for phase in range(factor)]
