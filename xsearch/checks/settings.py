"""Checks of the settings: keys, types, backends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from xsearch.conf import DEFAULTS, NULLABLE, settings
from xsearch.index.stores import MODALITIES
from xsearch.text.glossary import read_glossary


@checks.register("xsearch")
def check_settings(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E001 unknown keys, E002 to E004 bad backends, E005 wrong types, W006 options of backends, E007 glossary."""
    try:
        unknown = settings.unknown_keys()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="XSEARCH = {}", id="xsearch.E001")]
    known = ", ".join(DEFAULTS)
    found: list[CheckMessage] = [
        Error(f"XSEARCH has no setting {key!r}.", hint=f"Known settings: {known}.", id="xsearch.E001")
        for key in unknown
    ]
    wrong = list(_check_types(settings.overrides()))
    return found + (wrong or [*_check_encoders(), *_check_glossary()])


def _check_types(overrides: dict[str, Any]) -> Iterator[CheckMessage]:
    for key, value in overrides.items():
        default = DEFAULTS.get(key)
        if default is None or (key in NULLABLE and value is None):  # unknown, or may be without a value
            continue
        expected: Any = {int: (int, float), float: (int, float), list: (list, tuple)}.get(type(default), type(default))
        if not isinstance(value, expected):
            text = f"XSEARCH[{key!r}] is {value!r}, not a {type(default).__name__}."
            yield Error(text, hint=f"The default is {default!r}.", id="xsearch.E005")


def _check_glossary() -> Iterator[CheckMessage]:
    if settings.GLOSSARY is None:
        return
    try:
        read_glossary(Path(settings.GLOSSARY))
    except (OSError, ValueError) as error:
        hint = "Name a file in the format of xsearch/text/glossary.txt, or None for no glossary."
        yield Error(f"XSEARCH['GLOSSARY'] cannot be read: {error}", hint=hint, id="xsearch.E007")


def _check_encoders() -> Iterator[CheckMessage]:
    specs = [(f"['ENCODERS'][{alias!r}]", spec) for alias, spec in settings.ENCODERS.items()]
    specs += [(f"['TRANSCRIBERS'][{number}]", spec) for number, spec in enumerate(settings.TRANSCRIBERS)]
    for place, spec in specs:
        yield from _check_backend(place, spec)
    for modality, alias in settings.EMBEDDINGS.items():
        if modality not in MODALITIES:
            hint = f"Columns are {', '.join(MODALITIES)}."
            yield Error(f"XSEARCH['EMBEDDINGS'] has no column {modality!r}.", hint=hint, id="xsearch.E004")
        elif alias is not None and alias not in settings.ENCODERS:
            names = ", ".join(settings.ENCODERS)
            hint = f"Configured encoders: {names}; None leaves the column empty."
            text = f"XSEARCH['EMBEDDINGS'][{modality!r}] names the encoder {alias!r}, which is not configured."
            yield Error(text, hint=hint, id="xsearch.E004")


def _check_backend(place: str, spec: Any) -> Iterator[CheckMessage]:
    if not isinstance(spec, dict) or not isinstance(spec.get("BACKEND"), str):
        hint = '{"BACKEND": "dotted.path.Class", "OPTIONS": {}}'
        yield Error(f"XSEARCH{place} needs a BACKEND.", hint=hint, id="xsearch.E002")
        return
    try:
        backend = import_string(spec["BACKEND"])
    except ImportError as error:
        hint = "Correct the dotted path, or install the package that the backend needs."
        yield Error(f"XSEARCH{place}: {error}", hint=hint, id="xsearch.E003")
        return
    check_options = getattr(backend, "check_options", None)  # a hook: see xsearch.encoders.Encoder
    for problem, cure in check_options(spec.get("OPTIONS") or {}) if check_options else ():
        yield CheckWarning(f"XSEARCH{place}: {problem}", hint=cure, id="xsearch.W006")
