"""The contract of speech recognisers, waveform in and transcript out; and those of the settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from xsearch.conf import settings
from xsearch.lazy import ProcessLock, VersionedCache, build_backend, on_settings_change
from xsearch.media import Waveform

T = TypeVar("T")


@dataclass(frozen=True)
class Transcript:
    """The recognised text; ``confidence`` and those of the alternatives lie in [0, 1].

    Each recogniser measures confidence in its own way, so use ``is_sure``: it is true if the confidence reaches the
    recogniser's ``min_confidence``, or the one in the settings. ``xsearch.search`` sets it.
    """

    text: str
    language: str
    confidence: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()
    is_sure: bool = True


@dataclass(frozen=True)
class Phrases:
    """Phrases of the shop's catalogue: titles, brands, categories, colours.

    ``version`` changes with the catalogue; ``load`` reads the phrases and is called only after a change.
    """

    version: str = ""
    load: Callable[[], Iterable[str]] = field(default=tuple)
    #: Tells the catalogues of a process apart: of several models, databases and schemas.
    catalogue: Hashable = ""


class LanguageUnsupported(Exception):  # noqa: N818 - a condition to fall back on, not a failure
    """The recogniser does not support the language."""


class TranscriberError(Exception):
    """A recogniser cannot work at all (missing package or model); the message carries the cure."""


def language_code(language: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag: "zh" of "zh-Hans" and of "zh_CN"."""
    return (language or "").lower().replace("_", "-").partition("-")[0] or None


class Transcriber(ABC):
    """Turns speech into text. Instances are shared between threads."""

    #: ISO 639-1 codes of the supported languages.
    languages: frozenset[str]
    #: Below this confidence a transcript is a guess: customers confirm it before the search. If products have
    #: sounds, the recording is compared with them instead.
    min_confidence: float = 0.0

    @abstractmethod
    def transcribe(self, waveform: Waveform, *, language: str | None, phrases: Phrases) -> Transcript:
        """Return the transcript; its text is empty if nothing was said.

        With ``language`` None the recogniser detects the language. Raises ``LanguageUnsupported`` for a language
        that is not supported and ``TranscriberError`` if the model cannot be loaded.
        """


#: That a recogniser knows the words of at the same time.
_CATALOGUES = 4


class PhrasesCache(Generic[T]):
    """Caches the result of ``make`` for the latest version of the phrases, as ``VersionedCache`` does."""

    def __init__(self, make: Callable[[Phrases], T]) -> None:
        self._make = make
        self._cache: VersionedCache[T] = VersionedCache(_CATALOGUES, is_inherited=False)

    def get(self, phrases: Phrases) -> T:
        """Return the result for ``phrases``, or the previous one while another thread makes it."""
        return self._cache.get(phrases.catalogue, phrases.version, lambda: self._make(phrases))


_lock = ProcessLock()
_built: list[Transcriber] = []


def get_transcriber(language: str | None = None) -> Transcriber:
    """Return the first of ``XSEARCH["TRANSCRIBERS"]`` that supports ``language`` (None: the first of all).

    Raises ``LanguageUnsupported`` when none does and ``TranscriberError`` when one cannot be built.
    """
    transcribers = get_transcribers()
    code = language_code(language)
    for transcriber in transcribers:
        if code is None or code in transcriber.languages:
            return transcriber
    known = ", ".join(sorted(set().union(*(transcriber.languages for transcriber in transcribers)))) or "none"
    raise LanguageUnsupported(
        f"No configured recogniser understands {code or 'speech'!r} (languages known: {known}). "
        "Add one that does, such as a Whisper model, to XSEARCH['TRANSCRIBERS']."
    )


def get_transcribers() -> list[Transcriber]:
    """Return all recognisers in the order of the settings; raises ``TranscriberError`` when one cannot be built."""
    with _lock.held():
        if not _built:
            specs = settings.TRANSCRIBERS
            _built.extend([build_backend(spec, Transcriber, TranscriberError) for spec in specs])  # type: ignore[type-abstract]
        return list(_built)


on_settings_change(_built.clear)
