"""Uploads decoded to upright RGB pictures and 16 kHz mono waveforms, within limits and without metadata."""

from xsearch.media.audio import Waveform, load_audio
from xsearch.media.cleaning import denoise, trim_silence
from xsearch.media.image import crop_image, load_image
from xsearch.media.source import (
    AudioUnavailable,
    MediaError,
    MediaTooLarge,
    MediaUnreadable,
    MediaUnsupported,
    Source,
)

__all__ = [
    "AudioUnavailable",
    "MediaError",
    "MediaTooLarge",
    "MediaUnreadable",
    "MediaUnsupported",
    "Source",
    "Waveform",
    "crop_image",
    "denoise",
    "load_audio",
    "load_image",
    "trim_silence",
]
