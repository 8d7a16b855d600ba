"""Waveform → transcript: the backend contract and the configured recognisers."""

from xsearch.speech.base import LanguageUnsupported, Phrases, Transcriber, TranscriberError, Transcript
from xsearch.speech.registry import get_transcriber

__all__ = [
    "LanguageUnsupported",
    "Phrases",
    "Transcriber",
    "TranscriberError",
    "Transcript",
    "get_transcriber",
]
