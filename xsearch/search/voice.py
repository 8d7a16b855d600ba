"""Spoken queries: recording in, transcript out, with what could not be done named."""

from __future__ import annotations

import logging

from xsearch.conf import settings
from xsearch.indexing import vocabulary
from xsearch.media import Source, Waveform, load_audio
from xsearch.registry import Index, get_index
from xsearch.speech import LanguageUnsupported, Phrases, TranscriberError, Transcript, get_transcriber

logger = logging.getLogger("xsearch.search")


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
    code = (language or "").lower().replace("_", "-").partition("-")[0] or None
    try:
        phrases = Phrases(vocabulary.recent_version(index), lambda: vocabulary.phrases(index))
        return get_transcriber(code).transcribe(waveform, language=code, phrases=phrases), []
    except LanguageUnsupported:
        return None, [f"speech:{code or 'any'}"]
    except TranscriberError as error:
        logger.warning("Speech recognition is not available: %s", error)
    except Exception:
        logger.exception("Speech recognition failed")
    return None, ["speech"]
