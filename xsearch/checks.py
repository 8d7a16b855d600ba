"""System checks: each finding has an id and a hint that is the cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from celery import current_app
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import DatabaseError, connections
from django.utils.module_loading import import_string

from xsearch.conf import DEFAULTS, NULLABLE, settings
from xsearch.errors import BadQuery
from xsearch.index.filters import final_field
from xsearch.index.paths import relations
from xsearch.index.registry import Index, registered
from xsearch.index.stores import MODALITIES
from xsearch.indexing import spaces, vector_indexes
from xsearch.indexing.database import fetch_one
from xsearch.models import EncoderSpace
from xsearch.text.glossary import read_glossary

MIN_PGVECTOR = (0, 8)


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


@checks.register("xsearch")
def check_indexes(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E010 paths that lead nowhere, E011 models without embeddings, E012 filters, facets and groups without a field."""
    return [message for index in registered() for message in _check_index(index)]


def _check_index(index: Index) -> Iterator[CheckMessage]:
    for path in index.paths():
        yield from _attempt(lambda path=path: relations(index.model, path), index, "xsearch.E010")  # type: ignore[misc]
    yield from _attempt(index.stores, index, "xsearch.E011")
    yield from _attempt(index.filter_names, index, "xsearch.E012")
    if index.group_by:
        yield from _attempt(lambda: final_field(index.model, str(index.group_by)), index, "xsearch.E012")
    for name in set(index.facets) - set(index.filters):
        hint = f"Add {name!r} to `filters`, so that a click on the facet can limit the results."
        yield CheckWarning(f"{index.label}: facet {name!r} is not a filter.", hint=hint, id="xsearch.W012")


def _attempt(action: Callable[[], Any], index: Index, identifier: str) -> Iterator[CheckMessage]:
    try:
        action()
    except (ImproperlyConfigured, FieldError, BadQuery) as error:
        hint = f"Correct the declaration of {type(index).__module__}.{type(index).__name__}."
        yield Error(str(error), hint=hint, obj=index.model, id=identifier)


@checks.register("xsearch")
def check_broker(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """W020: tasks have nowhere to go."""
    if current_app.conf.broker_url:
        return []
    hint = "Set CELERY_BROKER_URL, for example to redis://127.0.0.1:6379/0, and import your Celery app in __init__.py."
    return [CheckWarning("Celery has no broker: saved products wait for the sweep.", hint=hint, id="xsearch.W020")]


@checks.register("xsearch", checks.Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E030 not PostgreSQL, E031 pgvector missing or too old, W032 another encoder's vectors, W033 missing indexes."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        try:
            found += _check_pgvector(alias)
            found += [] if found else _check_spaces(alias)
        except DatabaseError as error:
            text = f"xsearch cannot read the database {alias!r}: {error}"
            found.append(CheckWarning(text, hint="python manage.py migrate", id="xsearch.W031"))
    return found


def _check_pgvector(alias: str) -> Iterator[CheckMessage]:
    if connections[alias].vendor != "postgresql":
        yield Error("xsearch needs PostgreSQL with pgvector.", hint="Use the postgresql engine.", id="xsearch.E030")
        return
    row = fetch_one(
        "SELECT coalesce(x.extversion, a.default_version) FROM pg_available_extensions a"
        " LEFT JOIN pg_extension x ON x.extname = a.name WHERE a.name = 'vector'",
        using=alias,
    )
    if row is None:
        hint = "Install pgvector ≥ 0.8 on the database server, then run: python manage.py migrate"
        yield Error("The database server has no pgvector.", hint=hint, id="xsearch.E031")
    elif tuple(int(part) for part in row[0].split(".")[:2]) < MIN_PGVECTOR:
        hint = "Update the package on the server, then run: ALTER EXTENSION vector UPDATE;"
        yield Error(f"pgvector {row[0]} is older than 0.8.", hint=hint, id="xsearch.E031")


def _check_spaces(alias: str) -> Iterator[CheckMessage]:
    if EncoderSpace._meta.db_table not in connections[alias].introspection.table_names():
        return
    for index in registered():
        if any(message.level >= checks.ERROR for message in _check_index(index)):  # reported elsewhere
            continue
        targets = spaces.target_fingerprints(index)
        for modality, space in spaces.live_spaces(index).items():
            if targets.get(modality, space.fingerprint) != space.fingerprint:
                text = f"The {modality} vectors of {index.label} are not those of the configured encoder."
                yield CheckWarning(text, hint=f"python manage.py xsearch_rebuild {index.label}", id="xsearch.W032")
            for store in index.stores_for(modality):
                if not vector_indexes.has_index(store, store.column, space.dimension):
                    text = f"{store.model._meta.label}.{store.column} has no vector index; searches scan every row."
                    yield CheckWarning(text, hint=f"python manage.py xsearch_index {index.label}", id="xsearch.W033")
