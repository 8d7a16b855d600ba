"""Preloading of the configured models in this process, before the first search."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from django.db import DatabaseError, InterfaceError

from xsearch.conf import settings
from xsearch.speech import Phrases

#: Name, kind and action of a step; the action returns facts.
_Step = tuple[str, str, Callable[[], str]]

logger = logging.getLogger("xsearch")


@dataclass(frozen=True)
class WarmedUp:
    """One preloaded model: an encoder with one modality, the words of an index, or a recogniser.

    ``seconds`` and ``memory_mb`` are the cost of loading it; ``error`` says why it cannot work.
    """

    name: str
    kind: str
    facts: str = ""
    seconds: float = 0.0
    memory_mb: float = 0.0
    error: str | None = None


def warm_up(*, speech: bool = True) -> list[WarmedUp]:
    """Load the encoders and words of every registered index and, with ``speech``, every recogniser.

    An encoder of a column that no index fills is left out, and so is the default recogniser where it is not installed.
    An error of one does not stop the others. Call it in a serving process after the fork, for example in gunicorn's
    ``post_worker_init``.
    """
    steps = [*_encoder_steps(), *_word_steps(), *(_speech_steps() if speech else ())]
    return [_timed(*step) for step in steps]


def warm_up_worker(**kwargs: Any) -> None:  # noqa: ARG001 - what Celery's signal sends
    """Load the encoders of a Celery worker in a thread: Celery kills a process that starts too slowly."""
    if settings.WARM_UP:
        threading.Thread(target=_load_encoders, name="xsearch-warm-up", daemon=True).start()


def _load_encoders() -> None:
    for step in _encoder_steps():
        _timed(*step)


def _encoder_steps() -> Iterator[_Step]:
    from xsearch.encoders import get_encoder
    from xsearch.index.stores import MODALITIES
    from xsearch.indexing.spaces import used_encoders

    for alias in used_encoders():
        try:
            encoder = get_encoder(alias)
        except Exception as error:  # noqa: BLE001 - becomes a finding
            yield alias, "encoder", partial(_fail, error)
            continue
        for modality in (one for one in MODALITIES if one in encoder.modalities):
            yield alias, modality, partial(_encode, encoder, modality)


def _encode(encoder: Any, modality: str) -> str:
    encoder.encode_batch(modality, [_sample(modality)])
    return f"{encoder.dimension} dimensions, {encoder.fingerprint}"


def _word_steps() -> Iterator[_Step]:
    from xsearch.index.registry import registered

    return ((index.label, "words", partial(_read_words, index)) for index in registered() if index.text)


def _read_words(index: Any) -> str:
    """Load the segmenter, the glossary and the vocabulary of the spelling correction."""
    from xsearch.search.context import SearchContext
    from xsearch.search.words.lexical import lexical_query
    from xsearch.search.words.spelling import corrected

    context = SearchContext(index, index.get_queryset().db)
    try:
        for text in (_sample("text"), "红色连衣裙"):
            corrected(context, text)
            lexical_query(context, text)
    except (DatabaseError, InterfaceError):
        return "not loaded: the database cannot be asked"
    return "spelling, glossary, synonyms"


def _speech_steps() -> Iterator[_Step]:
    from xsearch.speech import get_transcribers

    try:
        transcribers = get_transcribers()
    except Exception as error:  # noqa: BLE001 - becomes a finding
        was_asked_for = "TRANSCRIBERS" in settings.overrides()
        action = partial(_fail, error) if was_asked_for else partial("not loaded: {}".format, error)
        return iter([("XSEARCH['TRANSCRIBERS']", "speech", action)])
    return ((type(one).__name__, "speech", partial(_listen, one)) for one in transcribers)


def _listen(transcriber: Any) -> str:
    """Recognise a sound with the shop's phrases; without them if the database is unreachable."""
    from xsearch.search.voice import phrases_of

    try:
        phrases = phrases_of()
    except (DatabaseError, InterfaceError):
        phrases = Phrases()
    languages = sorted(transcriber.languages)
    transcriber.transcribe(_sample("audio"), language=next(iter(languages), None), phrases=phrases)
    return f"languages: {', '.join(languages)}"


def _fail(error: Exception) -> str:
    raise error


def _sample(modality: str) -> Any:
    """Return one item of a modality that the model really encodes: words, a picture, a modulated tone."""
    if modality == "text":
        return "red dress"
    if modality == "image":
        from PIL import Image

        return Image.linear_gradient("L").convert("RGB")
    from xsearch.media.audio import RATE_HZ, Waveform

    times = np.arange(RATE_HZ) / RATE_HZ
    tone = 0.3 * np.sin(2 * np.pi * 180 * times) * np.sin(2 * np.pi * 1.5 * times) ** 2
    return Waveform(tone.astype(np.float32))


def _timed(name: str, kind: str, action: Callable[[], str]) -> WarmedUp:
    before_mb, started = memory_mb(), time.perf_counter()
    try:
        facts = action()
    except Exception as error:  # noqa: BLE001 - a backend of the host may raise anything
        logger.warning("%s cannot work with %s: %s", name, kind, error)
        return WarmedUp(name, kind, error=str(error) or error.__class__.__name__)
    return WarmedUp(name, kind, facts, round(time.perf_counter() - started, 2), round(memory_mb() - before_mb, 1))


def memory_mb() -> float:
    """Return the resident memory of this process in MB; 0 where ``/proc`` is missing."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123
            return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0
