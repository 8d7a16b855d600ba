"""The configured recognisers, built once per process."""

from __future__ import annotations

from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from xsearch.conf import settings
from xsearch.lazy import ProcessLock
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
            _built.extend([_build(spec) for spec in settings.TRANSCRIBERS])
        return list(_built)


def _build(spec: dict[str, Any]) -> Transcriber:
    try:
        backend = import_string(spec["BACKEND"])
    except ImportError as error:
        raise TranscriberError(f"The recogniser {spec['BACKEND']!r} cannot be imported: {error}") from error
    try:
        transcriber = backend(**spec.get("OPTIONS", {}))
    except TranscriberError:
        raise
    except Exception as error:  # backends of the shop may raise anything
        problem = f"The recogniser {spec['BACKEND']!r} cannot be made: {error.__class__.__name__}: {error}"
        raise TranscriberError(f"{problem}. Correct its OPTIONS: {spec.get('OPTIONS', {})!r}") from error
    if not isinstance(transcriber, Transcriber):
        raise TranscriberError(f"{spec['BACKEND']!r} is not an xsearch.speech.Transcriber.")
    return transcriber


def _forget_on_change(*, setting: str, **kwargs: Any) -> None:  # noqa: ARG001
    if setting == "XSEARCH":
        with _lock.held():
            _built.clear()


setting_changed.connect(_forget_on_change)
