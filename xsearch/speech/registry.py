"""Configured recognisers, built once per process."""

from __future__ import annotations

import threading
from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from xsearch.conf import settings
from xsearch.speech.base import LanguageUnsupported, Transcriber, TranscriberError

_lock = threading.RLock()
_built: list[Transcriber] = []


def get_transcriber(language: str | None = None) -> Transcriber:
    """Return the first configured recogniser that knows ``language``; raises ``LanguageUnsupported``."""
    transcribers = configured()
    for transcriber in transcribers:
        if language is None or language in transcriber.languages:
            return transcriber
    known = sorted({code for transcriber in transcribers for code in transcriber.languages})
    raise LanguageUnsupported(
        f"No recogniser knows {language!r}; configured ones know: {', '.join(known) or 'nothing'}. "
        f"Add one that does (a Whisper model knows Chinese) to XSEARCH['TRANSCRIBERS']."
    )


def configured() -> list[Transcriber]:
    """Return every recogniser of ``XSEARCH["TRANSCRIBERS"]``, in order."""
    with _lock:
        if not _built:
            _built.extend(_build(spec) for spec in settings.TRANSCRIBERS)
        return list(_built)


def _build(spec: dict[str, Any]) -> Transcriber:
    try:
        backend = import_string(spec["BACKEND"])
    except ImportError as error:
        raise TranscriberError(f"The recogniser {spec['BACKEND']!r} cannot be imported: {error}") from error
    transcriber = backend(**spec.get("OPTIONS", {}))
    if not isinstance(transcriber, Transcriber):
        raise TranscriberError(f"{spec['BACKEND']!r} is not an xsearch.speech.Transcriber.")
    return transcriber


def _forget_on_change(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting == "XSEARCH":
        _built.clear()


setting_changed.connect(_forget_on_change)
