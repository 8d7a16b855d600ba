"""The query as it is read: text cleaned, photos decoded and cropped, recording transcribed, words understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.media import MediaError, Source, crop_image, load_audio, load_image
from xsearch.search.context import SearchContext
from xsearch.search.meaning import Meaning, meaning_of, without_filtered
from xsearch.search.request import SearchRequest, SpokenText
from xsearch.search.vectors.live import has_vectors
from xsearch.search.voice import is_product_sound, shares, transcribe_waveform
from xsearch.understanding import Interpretation


@dataclass(frozen=True)
class Query:
    """A query with its media decoded, its recording transcribed and its words understood."""

    #: The words that are left to search for.
    text: str = ""
    #: The inputs of the encoders by modality; photos are a list.
    inputs: dict[str, Any] = field(default_factory=dict)
    transcript: str | None = None
    #: All words as they were typed or said.
    said: str = ""
    #: All words with typing errors corrected; None if nothing was corrected.
    corrected: str | None = None
    interpretation: Interpretation | None = None
    #: The hypotheses of the recogniser, best first.
    heard: Sequence[SpokenText] = ()
    #: The texts that are searched for, with their shares; the first is ``text``.
    texts: Sequence[SpokenText] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to search for."""
        return not (self.said or self.inputs)


def read_query(context: SearchContext, request: SearchRequest) -> Query:
    """Decode the media, transcribe the recording and read the words of ``request``."""
    query = Query(text=clean_text(request.text or ""))
    if request.heard and clean_text(request.heard[0][0]) == query.text:  # the customer did not edit the transcript
        query = replace(query, heard=[(clean_text(text), confidence) for text, confidence in request.heard])
    if request.image is not None:
        photos = context.once(("photo", id(request.image)), lambda: _photos(request))
        query = replace(query, inputs={"image": photos})
    if request.audio is not None:
        query = _with_recording(context, query, request.audio, request.language)
    query = replace(query, said=query.text)
    return _understood(context, query, request) if query.said else query


def _understood(context: SearchContext, query: Query, request: SearchRequest) -> Query:
    """Read the words as conditions and text; other hypotheses of a spoken query count by their shares."""

    def read(said: str) -> Meaning:
        return context.once(("meaning", said), lambda: meaning_of(context, said, request))

    said = [(text, confidence) for text, confidence in query.heard if text]
    first, *others = shares(said) or [(query.said, 1.0)]
    meaning = read(query.said)
    text = meaning.interpretation.text
    texts = [(text, first[1]), *((read(other).interpretation.text, share) for other, share in others)]
    return replace(
        query,
        text=text,
        texts=[(text, share) for text, share in texts if text],
        corrected=meaning.corrected,
        interpretation=without_filtered(meaning.interpretation, request.filters or {}),
    )


def _photos(request: SearchRequest) -> list[Image.Image]:
    """Return the photos, the first one cropped; raises ``MediaError``, which says which one is unreadable."""
    sources: Sequence[Any] = request.image if isinstance(request.image, list | tuple) else [request.image]
    if not 1 <= len(sources) <= settings.IMAGES_MAX:
        numbers = {"limit": settings.IMAGES_MAX, "count": len(sources)}
        raise BadQuery(_("Send 1 to %(limit)s photos, not %(count)s.") % numbers, code="too_many")
    photos = [_photo(source, number if len(sources) > 1 else None) for number, source in enumerate(sources, start=1)]
    if request.crop:
        photos[0] = crop_image(photos[0], request.crop)
    return photos


def _photo(source: Source, number: int | None) -> Image.Image:
    try:
        return load_image(source)
    except MediaError as error:
        if number is None:
            raise
        raise type(error)(_("Photo %(number)s: %(problem)s") % {"number": number, "problem": error}) from error


def _with_recording(context: SearchContext, query: Query, audio: Source, language: str | None) -> Query:
    """Read a recording as words, or as the sound of a product.

    It is a sound if no clear words were recognised, or if it is as near to the sound of a product as those are to
    each other, whatever words were recognised in it.
    """
    load = {"max_seconds": settings.QUERY_AUDIO_MAX_SECONDS}
    waveform = context.once(("recording", id(audio)), lambda: load_audio(audio, **load))
    first = context.indexes[0]
    transcript, failed = context.once(("speech", id(audio)), lambda: transcribe_waveform(waveform, language, first))
    context.degrade(*failed)
    with_sounds = [one for one in context.each_index() if has_vectors(one, "audio")]
    if transcript and transcript.is_sure:  # a bell may be recognised as "blue lamp"
        with_sounds = [one for one in with_sounds if is_product_sound(one, waveform)]
    is_sound = bool(with_sounds)
    if is_sound:
        query = replace(query, inputs=query.inputs | {"audio": waveform})
    if transcript is None:
        return query
    typed, spoken = query.text, "" if is_sound else transcript.text
    query = replace(query, transcript=spoken, text=f"{typed} {spoken}".strip())
    if not spoken:
        return query
    said = [(transcript.text, transcript.confidence), *transcript.alternatives]
    return replace(query, heard=[(f"{typed} {text}".strip(), confidence) for text, confidence in said])


def clean_text(text: str) -> str:
    """Return ``text`` without control characters and outer space; raises ``BadQuery`` if it is too long."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    cleaned = " ".join("".join(kept).split())
    if len(cleaned) > settings.QUERY_MAX_CHARACTERS:
        lengths = {"length": len(cleaned), "limit": settings.QUERY_MAX_CHARACTERS}
        raise BadQuery(_("The query has %(length)s characters; at most %(limit)s are read.") % lengths)
    return cleaned
