"""Speech recognition: waveform → transcript, by the recognisers in ``XSEARCH["TRANSCRIBERS"]``."""

from xsearch.speech.base import (
    LanguageUnsupported,
    Phrases,
    Transcriber,
    TranscriberError,
    Transcript,
    language_code,
)
from xsearch.speech.registry import get_transcriber, get_transcribers

__all__ = [
    "LanguageUnsupported",
    "Phrases",
    "Transcriber",
    "TranscriberError",
    "Transcript",
    "get_transcriber",
    "get_transcribers",
    "language_code",
]
