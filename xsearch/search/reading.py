"""What a customer sent, made ready: text cleaned, photo decoded and cropped, recording understood."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.media import Source, crop_image, load_audio, load_image
from xsearch.registry import Index
from xsearch.search.corrections import corrected
from xsearch.search.examples import has_vectors
from xsearch.search.together import companions, once
from xsearch.search.voice import transcribe_waveform

Crop = tuple[float, float, float, float]


@dataclass
class Query:
    """A query with its media decoded and its recording understood."""

    text: str = ""
    #: By modality, what the encoders get.
    inputs: dict[str, Any] = field(default_factory=dict)
    transcript: str | None = None
    #: What was typed or said, where ``text`` is its correction.
    uncorrected: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not (self.text or self.inputs)


def read_query(
    index: Index,
    text: str | None,
    image: Source | None,
    audio: Source | None,
    crop: Crop | None,
    language: str | None,
    degraded: list[str],
    *,
    correct: bool = True,
) -> Query:
    """Decode the media, understand the recording, correct the words; what is not available goes to ``degraded``."""
    query = Query(text=clean_text(text or ""))
    if image is not None:
        query.inputs["image"] = once(("photo", id(image)), lambda: _photo(image, crop))
    if audio is not None:
        _listen(index, query, audio, language, degraded)
    if correct and (meant := corrected(companions(index), query.text, degraded)):
        query.uncorrected, query.text = query.text, meant
    if query.text:
        query.inputs["text"] = query.text
    return query


def _photo(image: Source, crop: Crop | None) -> Image.Image:
    photo = load_image(image)
    return crop_image(photo, crop) if crop else photo


def _listen(index: Index, query: Query, audio: Source, language: str | None, degraded: list[str]) -> None:
    """Take the recording as words if they are clear, else as a sound, if there are sounds to compare it with."""
    indexes = companions(index)
    waveform = once(("recording", id(audio)), lambda: load_audio(audio, max_seconds=settings.QUERY_AUDIO_MAX_SECONDS))
    transcript, left_out = once(("speech", id(audio)), lambda: transcribe_waveform(waveform, language, indexes[0]))
    degraded += left_out
    is_sound = not (transcript and transcript.is_sure) and any(has_vectors(one, "audio") for one in indexes)
    if is_sound:
        query.inputs["audio"] = waveform
    if transcript:
        query.transcript = "" if is_sound else transcript.text
        query.text = f"{query.text} {query.transcript}".strip()


def clean_text(text: str) -> str:
    """Return ``text`` without control characters and outer space; raises ``BadQuery`` when it is too long."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    cleaned = " ".join("".join(kept).split())
    if len(cleaned) > settings.QUERY_MAX_CHARACTERS:
        lengths = {"length": len(cleaned), "limit": settings.QUERY_MAX_CHARACTERS}
        raise BadQuery(_("The query has %(length)s characters; at most %(limit)s are read.") % lengths)
    return cleaned
