"""What a customer sent, made ready: text cleaned, photo decoded and cropped, recording understood."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image

from xsearch.conf import settings
from xsearch.errors import BadQuery
from xsearch.index.registry import Index
from xsearch.media import MediaError, Source, crop_image, load_audio, load_image
from xsearch.search.context import companions, once
from xsearch.search.meaning import Meaning, meaning_of
from xsearch.search.vectors.examples import has_vectors
from xsearch.search.vectors.sounds import is_one_of
from xsearch.search.voice import Hypothesis, shares, transcribe_waveform
from xsearch.understanding import Interpretation, Mode

Crop = tuple[float, float, float, float]


@dataclass(frozen=True)
class Given:
    """What a customer gave, and how it is to be read; ``search`` says what each is."""

    text: str | None = None
    image: Source | Sequence[Source] | None = None
    audio: Source | None = None
    crop: Crop | None = None
    language: str | None = None
    heard: Sequence[Hypothesis] = ()
    correct: bool = True
    understand: bool = True
    modes: Mapping[str, Mode] | None = None


@dataclass
class Query:
    """A query with its media decoded and its recording understood."""

    text: str = ""
    #: By modality, what the encoders get; of photos a list.
    inputs: dict[str, Any] = field(default_factory=dict)
    transcript: str | None = None
    #: What was typed or said, of which ``text`` is what is left to be searched for as words.
    said: str = ""
    #: All of it with typing errors corrected; None where there was nothing to correct.
    corrected: str | None = None
    interpretation: Interpretation | None = None
    #: All that may have been said, the likeliest first: (text, confidence).
    heard: Sequence[Hypothesis] = ()
    #: What is searched for as words: (text, share). The first is ``text``.
    texts: Sequence[Hypothesis] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not (self.said or self.inputs)


def read_query(index: Index, given: Given, degraded: list[str]) -> Query:
    """Decode the media, understand the recording and the words; what is not available goes to ``degraded``."""
    query = Query(text=clean_text(given.text or ""))
    if given.heard and clean_text(given.heard[0][0]) == query.text:  # else it was changed since
        query.heard = [(clean_text(said), confidence) for said, confidence in given.heard]
    if given.image is not None:
        query.inputs["image"] = once(("photo", id(given.image)), lambda: _photos(given))
    if given.audio is not None:
        _listen(index, query, given.audio, given.language, degraded)
    query.said = query.text
    if query.said:
        _understand(index, query, given, degraded)
    return query


def _understand(index: Index, query: Query, given: Given, degraded: list[str]) -> None:
    """Fill in what the words mean; of a spoken query, what else they may be is searched for too, by its share."""
    understood = given.understand and settings.UNDERSTAND
    options: dict[str, Any] = {"correct": given.correct, "understood": understood, "modes": given.modes}

    def read(said: str) -> Meaning:
        meaning: Meaning = once(("meaning", said), lambda: meaning_of(companions(index), said, degraded, **options))
        return meaning

    first, *others = shares([(said, confidence) for said, confidence in query.heard if said]) or [(query.said, 1.0)]
    meaning = read(query.said)
    query.corrected, query.interpretation = meaning.corrected, meaning.interpretation
    query.text = meaning.interpretation.text
    texts = [(query.text, first[1]), *((read(said).interpretation.text, share) for said, share in others)]
    query.texts = [(text, share) for text, share in texts if text]


def _photos(given: Given) -> list[Image.Image]:
    """Return the photos, the first one cropped; raises ``MediaError``, which says of several which one is meant."""
    sources: Sequence[Any] = given.image if isinstance(given.image, list | tuple) else [given.image]
    if not 1 <= len(sources) <= settings.IMAGES_MAX:
        numbers = {"limit": settings.IMAGES_MAX, "count": len(sources)}
        raise BadQuery(_("Send 1 to %(limit)s photos, not %(count)s.") % numbers, code="too_many")
    photos = [_photo(source, number if len(sources) > 1 else None) for number, source in enumerate(sources, start=1)]
    if given.crop:
        photos[0] = crop_image(photos[0], given.crop)
    return photos


def _photo(source: Source, number: int | None) -> Image.Image:
    try:
        return load_image(source)
    except MediaError as error:
        if number is None:
            raise
        raise type(error)(_("Photo %(number)s: %(problem)s") % {"number": number, "problem": error}) from error


def _listen(index: Index, query: Query, audio: Source, language: str | None, degraded: list[str]) -> None:
    """Take the recording as words if they are clear, else as a sound, if there are sounds to compare it with.

    What is as near to the sound of an object as these are to each other is that sound, whatever was heard in it.
    """
    indexes = companions(index)
    waveform = once(("recording", id(audio)), lambda: load_audio(audio, max_seconds=settings.QUERY_AUDIO_MAX_SECONDS))
    transcript, left_out = once(("speech", id(audio)), lambda: transcribe_waveform(waveform, language, indexes[0]))
    degraded += left_out
    with_sounds = [one for one in indexes if has_vectors(one, "audio")]
    if transcript and transcript.is_sure:  # a bell may be heard as "blue lamp"
        with_sounds = [one for one in with_sounds if is_one_of(one, waveform)]
    is_sound = bool(with_sounds)
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
