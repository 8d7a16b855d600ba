"""The configured recognisers, built once per process."""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed

from xsearch.conf import settings
from xsearch.lazy import ProcessLock, build_backend
from xsearch.speech.base import LanguageUnsupported, Transcriber, TranscriberError, language_code

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


def _forget_on_change(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting == "XSEARCH":
        with _lock.held():
            _built.clear()


setting_changed.connect(_forget_on_change)
