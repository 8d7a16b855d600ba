"""The contract of speech recognisers: waveform in, transcript out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from xsearch.media import Waveform


@dataclass(frozen=True)
class Transcript:
    """What was understood; ``confidence`` and those of the alternatives lie in [0, 1].

    Each recogniser measures confidence in its own way. ``is_sure`` is what to go by: whether it reaches the
    recogniser's ``min_confidence``, or the one in the settings; ``xsearch.search`` fills it in.
    """

    text: str
    language: str
    confidence: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()
    is_sure: bool = True


@dataclass(frozen=True)
class Phrases:
    """What can be said in this shop: titles, brands, categories, colours.

    ``version`` changes when the catalogue does; ``load`` reads the phrases only when it has.
    """

    version: str = ""
    load: Callable[[], Iterable[str]] = field(default=tuple)


class LanguageUnsupported(Exception):  # noqa: N818 - a condition to fall back on, not a failure
    """The recogniser does not know the language."""


class TranscriberError(Exception):
    """A recogniser cannot work at all (missing package or model); the message carries the cure."""


def language_code(language: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag: "zh" of "zh-Hans" and of "zh_CN"."""
    return (language or "").lower().replace("_", "-").partition("-")[0] or None


class Transcriber(ABC):
    """Turns speech into text. Instances are shared between threads."""

    #: ISO 639-1 codes of the languages it understands.
    languages: frozenset[str]
    #: Below this confidence a transcript is a guess: customers look at it before it is searched for, and a
    #: recording is compared with the products' sounds instead, if there are any.
    min_confidence: float = 0.0

    @abstractmethod
    def transcribe(self, waveform: Waveform, *, language: str | None, phrases: Phrases) -> Transcript:
        """Return what was said; an empty text when nothing was.

        Raises ``LanguageUnsupported`` for a language it does not know and ``TranscriberError`` when
        the model cannot be loaded. ``language`` None means that the recogniser may guess.
        """
