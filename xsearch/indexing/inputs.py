"""Inputs of an object for the encoders and the full-text search: texts, photos, sounds and their hashes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.db import models

from xsearch.conf import settings
from xsearch.index import paths
from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.index.translations import in_every_language
from xsearch.media.web import AddressRefused
from xsearch.text import ANALYSIS_VERSION
from xsearch.text.markup import looks_like_html, page_text

logger = logging.getLogger("xsearch.indexing")

_MAX_PHRASE = 200  # characters


@dataclass(frozen=True)
class MediaFile:
    """A file that is not read yet, and the row of its vector: None for the object's own row."""

    store: Store
    row_pk: Any
    file: Any

    @property
    def key(self) -> str:
        """The name under which the file's hash is kept: "image", or "image:photos:7" for a photo row."""
        return f"{self.store.key}:{self.row_pk}" if self.store.many else self.store.key

    def __str__(self) -> str:
        return f"{self.store.modality} {self.file.name}"


@dataclass
class ObjectInputs:
    """All texts and files by which one object is indexed."""

    texts: dict[str, list[str]]
    files: list[MediaFile] = field(default_factory=list)
    #: Inputs that could not be read this time; by column or photo, or "object" for all of them.
    outages: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text for the text encoder, by descending weight, since encoders truncate long texts."""
        return "\n".join(text for weight in sorted(self.texts) for text in self.texts[weight])

    @property
    def text_digest(self) -> str:
        """Hash of the words and their weights."""
        return hashlib.sha256(repr(sorted(self.texts.items())).encode()).hexdigest()

    @property
    def document_digest(self) -> str:
        """Hash of the words that begins with the version of the text analysis: another version, another document."""
        return f"{ANALYSIS_VERSION}:{self.text_digest}"

    @property
    def phrases(self) -> list[str]:
        """The texts of weight A and B, as customers say or type them."""
        spoken = self.texts.get("A", []) + self.texts.get("B", [])
        return list(dict.fromkeys(text[:_MAX_PHRASE] for text in spoken))


def collect(index: Index, obj: models.Model, stores: Sequence[Store] | None = None) -> ObjectInputs:
    """Return the declared texts and files of ``obj``, which are read later; ``stores`` saves their look-up."""
    texts = {weight: list(_texts(index, obj, names)) for weight, names in index.text.items()}
    found: dict[str, MediaFile] = {}
    for store in index.stores() if stores is None else stores:
        if store.modality != "text" and settings.EMBEDDINGS.get(store.modality):
            for media in _files(store, obj):
                found.setdefault(media.key, media)  # the first path with a file wins for the object's own photo
    return ObjectInputs(texts, list(found.values()))


def _texts(index: Index, obj: models.Model, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        values = (value for path in in_every_language(index.model, name) for value in paths.values(obj, path))
        for value in values:
            text = str(value).replace("\x00", "").strip()
            if name in index.html:
                text = page_text(text)
            elif looks_like_html(text):
                _warn_of_html(index.label, name)
            if text:
                yield text


@cache
def _warn_of_html(label: str, name: str) -> None:
    """Say once that tags are indexed as words."""
    logger.warning("%s: %r holds HTML. Add it to `html` of the index, or its tags are words.", label, name)


def _files(store: Store, obj: models.Model) -> Iterator[MediaFile]:
    """Yield the first file of every photo row, or of the object itself."""
    for row in paths.values(obj, store.many) if store.many else [obj]:
        for file in paths.files(row, store.path):
            yield MediaFile(store, row.pk if store.many else None, file)
            break


class FileRefusedError(Exception):
    """A file that stays unreadable until the object changes; the message says why."""


#: Errors of a name that leads to no file, by accident or on purpose; retrying does not help.
_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError, SuspiciousFileOperation)


def read(media: MediaFile) -> bytes:
    """Return the content of a file; raises ``FileRefusedError``, or what the storage raises when it is down."""
    modality = media.store.modality
    limit = settings.IMAGE_MAX_BYTES if modality == "image" else settings.AUDIO_MAX_BYTES
    try:
        with media.file.storage.open(media.file.name) as stream:
            content: bytes = stream.read(limit + 1)
    except AddressRefused as error:
        raise FileRefusedError(f"{media}: {error}") from error
    except _MISSING as error:
        raise FileRefusedError(f"{media}: not in the storage ({error.__class__.__name__})") from error
    if len(content) > limit:
        raise FileRefusedError(f"{media}: larger than {limit} bytes; raise {modality.upper()}_MAX_BYTES in XSEARCH.")
    return content
