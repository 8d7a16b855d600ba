"""What a customer sent, made ready: text cleaned, photo decoded and cropped, recording understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
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
from xsearch.search.parts import Several
from xsearch.search.together import companions, once
from xsearch.search.voice import Hypothesis, shares, transcribe_waveform

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
    #: All that may have been said, the likeliest first: (text, confidence).
    heard: Sequence[Hypothesis] = ()
    #: What is searched for, corrected: (text, share). The first is ``text``.
    said: Sequence[Hypothesis] = ()

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
    heard: Sequence[Hypothesis] = (),
) -> Query:
    """Decode the media, understand the recording, correct the words; what is not available goes to ``degraded``.

    ``heard`` is what was understood before, if ``text`` is still the first of it.
    """
    query = Query(text=clean_text(text or ""))
    if heard and clean_text(heard[0][0]) == query.text:
        query.heard = [(clean_text(said), confidence) for said, confidence in heard]
    if image is not None:
        query.inputs["image"] = once(("photo", id(image)), lambda: _photo(image, crop))
    if audio is not None:
        _listen(index, query, audio, language, degraded)
    if correct and (meant := corrected(companions(index), query.text, degraded)):
        query.uncorrected, query.text = query.text, meant
    query.said = _said(index, query, degraded, correct=correct)
    if query.text:
        query.inputs["text"] = Several.of(query.said) if len(query.said) > 1 else query.text
    return query


def _said(index: Index, query: Query, degraded: list[str], *, correct: bool) -> list[Hypothesis]:
    """Return the texts to search for and their shares: of a typed query one, of a spoken one what may be meant."""
    if not query.heard:
        return [(query.text, 1.0)] if query.text else []
    likely = shares([(text, confidence) for text, confidence in query.heard if text])
    others = [(corrected(companions(index), text, degraded) if correct else None) or text for text, _ in likely[1:]]
    return list(zip([query.text, *others], [share for _, share in likely], strict=True))


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
        typed, query.text = query.text, f"{query.text} {query.transcript}".strip()
        if query.transcript:
            said = [(transcript.text, transcript.confidence), *transcript.alternatives]
            query.heard = [(f"{typed} {text}".strip(), confidence) for text, confidence in said]


def clean_text(text: str) -> str:
    """Return ``text`` without control characters and outer space; raises ``BadQuery`` when it is too long."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    cleaned = " ".join("".join(kept).split())
    if len(cleaned) > settings.QUERY_MAX_CHARACTERS:
        lengths = {"length": len(cleaned), "limit": settings.QUERY_MAX_CHARACTERS}
        raise BadQuery(_("The query has %(length)s characters; at most %(limit)s are read.") % lengths)
    return cleaned
