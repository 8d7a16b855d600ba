"""Recordings: transcripts of spoken queries, and sounds of products."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from xsearch.conf import settings
from xsearch.index.registry import Index, get_index, registered
from xsearch.index.stores import Store
from xsearch.indexing import statistics
from xsearch.indexing.database import catalogue_key
from xsearch.media import Source, Waveform, load_audio
from xsearch.search.context import SearchContext
from xsearch.search.expressions import CosineDistance
from xsearch.search.request import SpokenText
from xsearch.search.vectors.calibration import calibration_of
from xsearch.search.vectors.live import IsLive, SpaceSwapped
from xsearch.search.vectors.query_vectors import VectorPart, encode_parts
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

#: Hypotheses of a recogniser that are searched for. Measured: more of them find no more.
MAX_HYPOTHESES = 3


def transcribe(
    source: Source, *, language: str | None = None, index: Index | None = None
) -> tuple[Transcript | None, list[str]]:
    """Return the transcript, and the parts that failed, such as "speech:zh" if no recogniser knows Chinese.

    Raises ``MediaError`` for a file that is no recording, too long or too large.
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
    """Return the phrases of a catalogue for the recogniser; without an index, of the first that is registered."""
    index = index or next(iter(registered()), None)
    if index is None:
        return Phrases()
    return Phrases(statistics.recent_version(index), lambda: statistics.phrases(index), catalogue_key(index))


def shares(heard: Sequence[SpokenText]) -> list[SpokenText]:
    """Return the texts that are searched for, and their shares, which add up to 1.

    Lower hypotheses repeat the errors of higher ones, so each counts by its confidence over its rank.
    """
    weights = {
        text: max(confidence, 1e-6) / rank for rank, (text, confidence) in enumerate(heard[:MAX_HYPOTHESES], start=1)
    }
    whole = sum(weights.values())
    return [(text, weight / whole) for text, weight in weights.items()]


def _rated(transcript: Transcript, transcriber: Transcriber) -> Transcript:
    """Mark the transcript as sure if its confidence reaches the recogniser's limit, or the shop's."""
    own = settings.MIN_TRANSCRIPT_CONFIDENCE
    limit = transcriber.min_confidence if own is None else own
    return replace(transcript, is_sure=bool(transcript.text) and transcript.confidence >= limit)


def is_product_sound(context: SearchContext, waveform: Waveform) -> bool:
    """Return True if a recording is as near to the sound of an object as those are to their nearest neighbours."""
    parts = [part for part in encode_parts(context, {"audio": waveform}) if part.column == "audio"]
    try:
        return any(_is_close(context, part, store) for part in parts for store in part.stores)
    except SpaceSwapped:
        return False


def _is_close(context: SearchContext, part: VectorPart, store: Store) -> bool:
    close_from = calibration_of(context, part).close_from
    rows = store.model._base_manager.using(context.using).filter(IsLive(part.space, store))
    distance = CosineDistance(store.column, part.vector)
    nearest = rows.exclude(**{store.column: None}).order_by(distance).values_list(distance, flat=True).first()
    # A few sounds do not tell how near is close.
    return close_from is not None and nearest is not None and 1 - nearest >= close_from
