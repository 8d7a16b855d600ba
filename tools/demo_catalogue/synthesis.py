"""Models of struck, plucked, shaken and squeezed things; sounds are float64, mono, at ``RATE_HZ``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE_HZ = 24_000

Sound = NDArray[np.float64]


def pluck(
    frequency_hz: float, duration_s: float, rng: np.random.Generator, *, decay: float = 0.996, soft: int = 2
) -> Sound:
    """A plucked string after Karplus and Strong (1983): a burst of noise going round a damped delay line.

    ``decay`` is the loss per round, ``soft`` how often the burst is smoothed before (a finger, not a pick).
    """
    period = int(RATE_HZ / frequency_hz)
    speed = frequency_hz * (period + 0.5) / RATE_HZ  # the line holds whole samples only; tuned by playing faster
    count = int(duration_s * RATE_HZ)
    line = rng.uniform(-1, 1, period)
    for _ in range(soft):
        line = (line + np.roll(line, 1)) / 2
    line -= line.mean()
    rounds = []
    for _ in range(int(count * speed / period) + 2):
        rounds.append(line)
        line = decay * (line + np.roll(line, 1)) / 2
    string = np.concatenate(rounds)
    return np.interp(np.arange(count) * speed, np.arange(len(string)), string)


def modes(
    frequency_hz: float,
    duration_s: float,
    partials: Sequence[tuple[float, float, float]],
    rng: np.random.Generator,
    *,
    attack_s: float = 0.002,
) -> Sound:
    """A struck body: decaying sines given as (ratio to ``frequency_hz``, amplitude, decay time in s)."""
    time = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    sound = np.zeros_like(time)
    for ratio, amplitude, decay_s in partials:
        frequency = frequency_hz * ratio * rng.uniform(0.998, 1.002)
        if frequency < RATE_HZ * 0.45:
            sound += amplitude * np.exp(-time / decay_s) * np.sin(2 * np.pi * frequency * time + rng.uniform(0, 6))
    return sound * np.minimum(1, time / attack_s)


def noise_burst(duration_s: float, rng: np.random.Generator, *, decay_s: float, low_hz: float, high_hz: float) -> Sound:
    """Noise between two frequencies that dies away with ``decay_s``."""
    count = int(duration_s * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= 1 / (1 + (low_hz / np.maximum(frequency, 1)) ** 4) / (1 + (frequency / high_hz) ** 4)
    sound = np.fft.irfft(spectrum, count)
    return sound / np.abs(sound).max() * np.exp(-np.arange(count) / RATE_HZ / decay_s)


def glide(
    frequencies_hz: Sequence[float], duration_s: float, harmonics: Sequence[float], *, vibrato_hz: float = 0.0
) -> Sound:
    """A voiced tone whose pitch passes through ``frequencies_hz``; ``harmonics`` are amplitudes."""
    count = int(duration_s * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    pitch = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(frequencies_hz)), frequencies_hz)
    pitch = pitch * (1 + 0.012 * np.sin(2 * np.pi * vibrato_hz * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    return sum(
        amplitude * np.sin(number * phase) * (pitch * number < RATE_HZ * 0.45)
        for number, amplitude in enumerate(harmonics, start=1)
    ) + np.zeros(count)


def swell(sound: Sound, *, attack_s: float, release_s: float) -> Sound:
    """Fade in and out."""
    count = len(sound)
    time = np.arange(count) / RATE_HZ
    return sound * np.clip(time / attack_s, 0, 1) * np.clip((count / RATE_HZ - time) / release_s, 0, 1)


def sequence(sounds: Sequence[Sound], starts_s: Sequence[float]) -> Sound:
    """Lay sounds over one another, each from its own time on."""
    begins = [int(start * RATE_HZ) for start in starts_s]
    total = np.zeros(max(begin + len(sound) for begin, sound in zip(begins, sounds, strict=True)))
    for begin, sound in zip(begins, sounds, strict=True):
        total[begin : begin + len(sound)] += sound
    return total


def room(sound: Sound, rng: np.random.Generator, *, amount: float = 0.12, decay_s: float = 0.25) -> Sound:
    """Add the echo of a small room."""
    length = int(decay_s * 3 * RATE_HZ)
    response = rng.standard_normal(length) * np.exp(-np.arange(length) / RATE_HZ / decay_s)
    response /= np.sqrt((response**2).sum())
    size = 1 << (len(sound) + length - 1).bit_length()
    echo = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return sound + amount * echo


def pcm16(sound: Sound, *, peak: float = 0.85) -> bytes:
    """Scale to ``peak`` and return little-endian 16-bit samples that begin and end in silence."""
    loudest = float(np.abs(sound).max()) or 1.0
    faded = swell(sound, attack_s=0.001, release_s=0.05)
    return (faded * (peak / loudest * 32767)).astype("<i2").tobytes()
