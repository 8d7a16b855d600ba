"""Noise suppression, silence trimming and level measurement of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _

from xsearch.media.audio import RATE_HZ, Waveform
from xsearch.media.source import AudioUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_S = 0.02
PADDING_S = 0.2
SILENCE_DB = -60.0  # relative to full scale
_SUPPRESSION_LEVEL = 2  # of 4: stronger ones eat consonants
_BLOCK = RATE_HZ // 100  # WebRTC's audio processing takes 10 ms at a time


def denoise(waveform: Waveform) -> Waveform:
    """Suppress steady noise with WebRTC's spectral suppressor; 16 kHz mono in and out, same length.

    Raises ``AudioUnavailable`` when the package webrtc-noise-gain is missing.
    """
    try:
        from webrtc_noise_gain import AudioProcessor
    except ImportError as error:
        reason = _("Noise cannot be reduced on this server. Install: pip install 'django-xsearch[voice]'")
        raise AudioUnavailable(reason) from error
    if waveform.rate_hz != RATE_HZ:
        raise ValueError(f"Noise suppression takes {RATE_HZ} Hz, not {waveform.rate_hz} Hz. Use load_audio().")
    processor = AudioProcessor(0, _SUPPRESSION_LEVEL)
    length = len(waveform.samples)
    padded = np.pad(waveform.samples, (0, -length % _BLOCK))
    blocks = to_int16(padded).reshape(-1, _BLOCK)
    cleaned = b"".join(processor.Process10ms(block.tobytes()).audio for block in blocks)
    return Waveform(np.frombuffer(cleaned, np.int16)[:length].astype(np.float32) / np.float32(32767))


def level_range_db(waveform: Waveform) -> float:
    """Return the level of loud frames (95th percentile) over quiet ones (10th), in dB.

    Speech recorded in a quiet room has 40 dB and more, in a noisy one less than 20.
    """
    level_db = _frame_levels(waveform.samples, max(1, round(FRAME_S * waveform.rate_hz)))
    return float(np.percentile(level_db, 95) - np.percentile(level_db, 10)) if len(level_db) else 0.0


def trim_silence(waveform: Waveform) -> Waveform:
    """Cut silence before and after the sound, leaving ``PADDING_S``; pure silence gives an empty waveform.

    A frame counts as sound if it exceeds -60 dB of full scale, -40 dB of the loudest frame, and the noise floor
    (10th percentile) by 6 dB. The last threshold stays 12 dB below the loudest frame: a recording may have no pauses.
    """
    frame = max(1, round(FRAME_S * waveform.rate_hz))
    level_db = _frame_levels(waveform.samples, frame)
    if len(level_db) == 0:
        return waveform
    loudest, floor = float(level_db.max()), float(np.percentile(level_db, 10))
    threshold = max(SILENCE_DB, loudest - 40, min(floor + 6, loudest - 12))
    sounding = np.flatnonzero(level_db > threshold)
    if len(sounding) == 0:
        return Waveform(waveform.samples[:0], waveform.rate_hz)
    padding = round(PADDING_S * waveform.rate_hz)
    start = max(0, int(sounding[0]) * frame - padding)
    end = (int(sounding[-1]) + 1) * frame + padding
    return Waveform(waveform.samples[start:end], waveform.rate_hz)


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Convert samples in [-1, 1] to 16-bit PCM."""
    return (samples.clip(-1, 1) * 32767).round().astype(np.int16)


def _frame_levels(samples: NDArray[np.float32], frame: int) -> NDArray[np.float64]:
    """Return the level of every frame in dB of full scale, shape (ceil(n / frame),)."""
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % frame))
    power: NDArray[np.float64] = (padded.reshape(-1, frame) ** 2).mean(axis=1)
    return 10.0 * np.log10(power + 1e-12)
