"""The configured recognisers, built once per process."""

from __future__ import annotations

import threading
from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from xsearch.conf import settings
from xsearch.speech.base import LanguageUnsupported, Transcriber, TranscriberError

_lock = threading.Lock()
_built: list[Transcriber] = []


def get_transcriber(language: str | None = None) -> Transcriber:
    """Return the first of ``XSEARCH["TRANSCRIBERS"]`` that knows ``language`` (None: the first of all).

    Raises ``LanguageUnsupported`` when none does and ``TranscriberError`` when one cannot be built.
    """
    transcribers = _all()
    code = language.lower().split("-")[0].split("_")[0] if language else None
    for transcriber in transcribers:
        if code is None or code in transcriber.languages:
            return transcriber
    known = ", ".join(sorted(set().union(*(transcriber.languages for transcriber in transcribers)))) or "none"
    raise LanguageUnsupported(
        f"No configured recogniser understands {code or 'speech'!r} (languages known: {known}). "
        "Add one that does, such as a Whisper model, to XSEARCH['TRANSCRIBERS']."
    )


def _all() -> list[Transcriber]:
    with _lock:
        if not _built:
            _built.extend([_build(spec) for spec in settings.TRANSCRIBERS])
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
        with _lock:
            _built.clear()


setting_changed.connect(_forget_on_change)
