"""Speech recognition: waveform → transcript, by the recognisers in ``XSEARCH["TRANSCRIBERS"]``."""

from xsearch.speech.base import (
    LanguageUnsupported,
    Phrases,
    Transcriber,
    TranscriberError,
    Transcript,
    get_transcriber,
    get_transcribers,
    language_code,
)

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
