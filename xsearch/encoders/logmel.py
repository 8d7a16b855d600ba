"""The encoder of sounds without a model: statistics of their spectrum and envelope, by librosa."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders.base import Encoder, EncoderError, Vectors, normalise
from xsearch.lazy import ProcessLock, import_optional

if TYPE_CHECKING:
    from xsearch.media import Waveform

_Features = NDArray[np.float64]

_MAX_S = 30.0  # seconds that are analysed, from the beginning of the sound
_FFT, _HOP, _MELS = 1024, 256, 40
_QUIET = 1e-3  # peak under which a recording is silence
_FLOOR_DB = -45.0  # relative to the loudest band; lower levels are raised to it
_ENVELOPE = 16  # steps

#: (name, length, centre, scale, weight) of each group of features. Centre and scale, in the feature's unit, bring
#: everyday sounds to about zero mean and unit variance. The weight is the group's share of the squared length.
_GROUPS = (
    ("spectrum", 12, 0.0, 12.0, 0.12),  # dB of broad bands' peaks against their mean
    ("spectrum_spread", 12, 9.0, 5.0, 0.06),  # dB
    ("timbre", 8, 0.0, None, 0.20),  # low cepstrum, scale falls with the coefficient
    ("timbre_spread", 8, None, None, 0.06),
    ("contrast", 7, 20.0, 8.0, 0.10),  # dB between peaks and valleys of octave bands
    ("tonality", 12, None, 0.25, 0.04),  # pitch classes, strongest first: which ones does not matter
    ("shape", 5, None, None, 0.12),  # centroid, bandwidth, roll-off, flatness, share of peaks
    ("envelope", _ENVELOPE + 2, -18.0, 14.0, 0.33),  # dB under the loudest; rise and fall
)


class LogMelEncoder(Encoder):
    """Puts similar sounds near each other: the same instrument or material, at any pitch and loudness."""

    dimension = sum(length for _, length, *_ in _GROUPS)
    modalities = frozenset({"audio"})
    fingerprint = "logmel-1"

    _import_lock = ProcessLock()

    def encode_batch(self, modality: str, items: Sequence[Waveform]) -> Vectors:
        """Encode sounds; silence gets a row of zeros."""
        if modality != "audio":
            raise ValueError(f"The logmel encoder cannot encode {modality!r}; it encodes 'audio'.")
        if not items:
            return np.zeros((0, self.dimension), np.float32)
        with self._import_lock.held():
            librosa = import_optional("librosa", "The logmel encoder", "sound", _no_librosa)
        return normalise(np.stack([_features(librosa, item) for item in items]))


def _no_librosa(message: str) -> EncoderError:
    return EncoderError(f"{message}, or set XSEARCH['EMBEDDINGS']['audio'] to None.")


def _features(librosa: Any, waveform: Waveform) -> _Features:
    """Return the weighted features of one sound, shape (dimension,)."""
    samples = _audible(np.asarray(waveform.samples, np.float32), waveform.rate_hz)
    if samples is None:
        return np.zeros(LogMelEncoder.dimension)
    magnitude = np.abs(librosa.stft(samples, n_fft=_FFT, hop_length=_HOP))
    rate_hz = waveform.rate_hz
    measured = {**_spectral(librosa, magnitude, rate_hz), **_temporal(librosa, samples, rate_hz)}
    parts = []
    for name, length, centre, scale, weight in _GROUPS:
        values = measured[name] if centre is None else measured[name] - centre
        values = np.clip(values / (scale or 1.0), -3, 3)
        parts.append(values * np.sqrt(weight / length))
    return np.concatenate(parts)


def _audible(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32] | None:
    """Return the sound without silence around it, at full level and at most ``_MAX_S`` long; None for silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < _QUIET or not np.isfinite(peak):
        return None
    loud = np.flatnonzero(np.abs(samples) > peak * 0.02)
    sound = samples[loud[0] : min(loud[-1] + 1, loud[0] + int(_MAX_S * rate_hz))]
    short = 4 * _FFT - len(sound)
    return (np.pad(sound, (0, short)) if short > 0 else sound) / np.float32(peak)


def _spectral(librosa: Any, magnitude: _Features, rate_hz: int) -> dict[str, _Features]:
    """Return statistics of the spectrum over the frames that carry sound."""
    energy = (magnitude**2).sum(axis=0)
    frames = magnitude[:, energy > energy.max() * 1e-5]
    power = frames**2
    mel = librosa.feature.melspectrogram(S=power, sr=rate_hz, n_mels=_MELS, fmin=50)
    level = librosa.power_to_db(_broad(mel), ref=mel.max(), amin=1e-12, top_db=-_FLOOR_DB)
    weights = (energy[energy > energy.max() * 1e-5]) ** 0.25
    mean = np.average(level, axis=1, weights=weights)
    cepstrum = librosa.feature.mfcc(S=level, n_mfcc=9)[1:]
    fall = 30 / np.arange(1, 9) ** 0.7
    contrast = librosa.feature.spectral_contrast(S=frames, sr=rate_hz, n_bands=6, fmin=100)
    chroma = librosa.feature.chroma_stft(S=power, sr=rate_hz, tuning=0.0).mean(axis=1)
    return {
        "spectrum": mean - mean.mean(),
        "spectrum_spread": level.std(axis=1),
        "timbre": np.average(cepstrum, axis=1, weights=weights) / fall,
        "timbre_spread": cepstrum.std(axis=1) / (fall * 0.4) - 1,
        "contrast": np.average(contrast, axis=1, weights=weights),
        "tonality": np.sort(chroma / max(float(chroma.max()), 1e-9))[::-1] - np.linspace(1, 0, 12),
        "shape": _shape(librosa, frames, weights, rate_hz),
    }


def _broad(mel: _Features) -> _Features:
    """Return the maximum of each group of neighbouring bands, shape (12, frames); it hardly depends on the pitch."""
    starts = np.linspace(0, _MELS - 7, 12).round().astype(int)
    return np.stack([mel[start : start + 7].max(axis=0) for start in starts])


def _shape(librosa: Any, frames: _Features, weights: _Features, rate_hz: int) -> _Features:
    feature = librosa.feature
    centroid = np.average(feature.spectral_centroid(S=frames, sr=rate_hz)[0], weights=weights)
    bandwidth = np.average(feature.spectral_bandwidth(S=frames, sr=rate_hz)[0], weights=weights)
    rolloff = np.average(feature.spectral_rolloff(S=frames, sr=rate_hz, roll_percent=0.9)[0], weights=weights)
    flatness = np.average(np.log10(feature.spectral_flatness(S=frames)[0] + 1e-3), weights=weights)
    peaks = np.average((frames > frames.max(axis=0) * 0.15).mean(axis=0), weights=weights)
    return np.array([
        np.log2((centroid + 50) / 1200), np.log2((bandwidth + 50) / 1000), np.log2((rolloff + 50) / 2500),
        (flatness + 2) / 0.8, np.log10((peaks + 1e-3) / 0.03) / 0.6,
    ])  # fmt: skip


def _temporal(librosa: Any, samples: NDArray[np.float32], rate_hz: int) -> dict[str, _Features]:
    """Return the envelope of loudness, in ever longer steps up to 3 s, with its rise and fall times."""
    loudness = librosa.feature.rms(y=samples, frame_length=_FFT, hop_length=_HOP)[0]
    level = 20 * np.log10(loudness / loudness.max() + 1e-3)
    course = np.interp(np.geomspace(0.02, 3.0, _ENVELOPE), np.arange(len(level)) * _HOP / rate_hz, level)
    peak = int(level.argmax())
    rise_s = max(peak * _HOP / rate_hz, 0.005)
    tail = level[peak:]
    fall_s = (int(np.argmax(tail < -20)) or len(tail)) * _HOP / rate_hz
    extra = [np.log10(rise_s / 0.05) * 14 - 18, np.log10(fall_s / 0.5) * 14 - 18]
    return {"envelope": np.concatenate([course, extra])}
