"""Spoken queries: recording in, transcript out, with what could not be done named."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index, registered
from xsearch.indexing import statistics
from xsearch.media import Source, Waveform, load_audio
from xsearch.speech import (
    LanguageUnsupported,
    Phrases,
    Transcriber,
    TranscriberError,
    Transcript,
    get_transcriber,
    language_code,
)

logger = logging.getLogger("xsearch.search")

#: How many of the texts that a recogniser returns are searched for. Measured: more of them find no more.
SEARCHED = 3

#: A text that may have been said, and the confidence that it was.
Hypothesis = tuple[str, float]


def transcribe(
    source: Source, *, language: str | None = None, index: Index | None = None
) -> tuple[Transcript | None, list[str]]:
    """Return what was said and what was left out, such as "speech:zh" when nobody understands Chinese.

    Raises ``MediaError`` for what is not a recording, or is too long or too large.
    """
    waveform = load_audio(source, max_seconds=settings.QUERY_AUDIO_MAX_SECONDS)
    return transcribe_waveform(waveform, language, index or get_index())


def transcribe_waveform(waveform: Waveform, language: str | None, index: Index) -> tuple[Transcript | None, list[str]]:
    """Like ``transcribe``, for a recording that is decoded already."""
    code = language_code(language)
    try:
        transcriber = get_transcriber(code)
        return _rated(transcriber.transcribe(waveform, language=code, phrases=phrases_of(index)), transcriber), []
    except LanguageUnsupported:
        return None, [f"speech:{code or 'any'}"]
    except TranscriberError as error:
        logger.warning("Speech recognition is not available: %s", error)
    except Exception:
        logger.exception("Speech recognition failed")
    return None, ["speech"]


def phrases_of(index: Index | None = None) -> Phrases:
    """Return what can be said in the shop; without an index, of the first one that is registered, if any."""
    index = index or next(iter(registered()), None)
    if index is None:
        return Phrases()
    return Phrases(statistics.recent_version(index), lambda: statistics.phrases(index))


def shares(heard: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Return the texts that are searched for, and how much each counts; together 1.

    The further down a list of hypotheses, the more a text repeats the errors of those above it: each counts by its
    confidence over its rank.
    """
    weights = {text: max(confidence, 1e-6) / rank for rank, (text, confidence) in enumerate(heard[:SEARCHED], start=1)}
    whole = sum(weights.values())
    return [(text, weight / whole) for text, weight in weights.items()]


def _rated(transcript: Transcript, transcriber: Transcriber) -> Transcript:
    """Say whether the text is sure enough to be searched for, by the recogniser's own measure unless the shop's."""
    own = settings.MIN_TRANSCRIPT_CONFIDENCE
    limit = transcriber.min_confidence if own is None else own
    return replace(transcript, is_sure=bool(transcript.text) and transcript.confidence >= limit)
