"""From an object to what the encoders and the full-text search take: texts, photos, sounds and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.db import models

from xsearch import paths
from xsearch.conf import settings
from xsearch.registry import Index
from xsearch.stores import Store
from xsearch.text import ANALYSIS_VERSION

_MAX_PHRASE = 200  # characters


@dataclass(frozen=True)
class MediaInput:
    """One file: the row that its vector belongs to, None for the object's own row, and its content."""

    store: Store
    row_pk: Any
    name: str
    content: bytes
    digest: str


@dataclass
class ObjectInputs:
    """Everything that one object is indexed by."""

    texts: dict[str, list[str]]
    media: list[MediaInput] = field(default_factory=list)
    #: What cannot be read until the object changes, by column or photo.
    errors: dict[str, str] = field(default_factory=dict)
    #: What could not be read now, and may be later; by column or photo, or "object" for all of it.
    outages: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words for the text encoder, the weightiest first, since encoders cut long texts."""
        return "\n".join(text for weight in sorted(self.texts) for text in self.texts[weight])

    @property
    def text_digest(self) -> str:
        """Hash of the words and their weights."""
        return hashlib.sha256(repr(sorted(self.texts.items())).encode()).hexdigest()

    @property
    def document_digest(self) -> str:
        """Hash of the words that begins with how they are analysed: another analysis, another document."""
        return f"{ANALYSIS_VERSION}:{self.text_digest}"

    @property
    def phrases(self) -> list[str]:
        """What a customer would say or type: the texts of weight A and B."""
        spoken = self.texts.get("A", []) + self.texts.get("B", [])
        return list(dict.fromkeys(text[:_MAX_PHRASE] for text in spoken))


def media_key(store: Store, row_pk: Any) -> str:
    """Return the name under which a file's hash is kept: "image", or "image:photos:7" for a photo row."""
    return f"{store.key}:{row_pk}" if store.many else store.key


def collect(index: Index, obj: models.Model) -> ObjectInputs:
    """Read the declared texts and files of ``obj``; what cannot be read is noted in ``errors`` or ``outages``."""
    inputs = ObjectInputs({weight: _texts(obj, names) for weight, names in index.text.items()})
    for key, (store, row_pk, file) in _files_by_key(index, obj).items():
        try:
            inputs.media.append(_read(store, row_pk, file))
        except _FileTooLargeError as error:
            inputs.errors[key] = f"{store.modality} {file.name}: {error}"
        except _GONE as error:
            inputs.errors[key] = f"{store.modality} {file.name}: not in the storage ({error.__class__.__name__})"
        except Exception as error:  # noqa: BLE001 - each storage raises its own
            inputs.outages[key] = f"{store.modality} {file.name}: {error.__class__.__name__}: {error}"
    return inputs


def _files_by_key(index: Index, obj: models.Model) -> dict[str, tuple[Store, Any, Any]]:
    """Return (store, row, file) of every vector; of several paths to the object's own photo, the first with a file."""
    found: dict[str, tuple[Store, Any, Any]] = {}
    for store in index.stores():
        if store.modality != "text" and settings.EMBEDDINGS.get(store.modality):
            for row_pk, file in _files(store, obj):
                found.setdefault(media_key(store, row_pk), (store, row_pk, file))
    return found


def _texts(obj: models.Model, names: Any) -> list[str]:
    found = (str(value).strip() for name in names for value in paths.values(obj, name))
    return [text.replace("\x00", "") for text in found if text]


def _files(store: Store, obj: models.Model) -> Iterator[tuple[Any, Any]]:
    """Yield (row, file) of a column: every photo row, or the first file of the object's own."""
    if store.many:
        for row in paths.values(obj, store.many):
            for file in paths.values(row, store.path):
                if file:
                    yield row.pk, file
                    break
        return
    for file in paths.values(obj, store.path):
        if file:
            yield None, file
            return


class _FileTooLargeError(Exception):
    pass


#: A name that leads to no file, by accident or on purpose; asking again changes nothing.
_GONE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, SuspiciousFileOperation)


def _read(store: Store, row_pk: Any, file: Any) -> MediaInput:
    limit = settings.IMAGE_MAX_BYTES if store.modality == "image" else settings.AUDIO_MAX_BYTES
    with file.storage.open(file.name) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise _FileTooLargeError(f"larger than {limit} bytes; raise {store.modality.upper()}_MAX_BYTES in XSEARCH.")
    return MediaInput(store, row_pk, file.name, content, hashlib.sha256(content).hexdigest())
