"""Photos and sounds that a catalogue names → files in the media folder, named by their content."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.utils.text import slugify
from PIL import Image

from shop.models import Product
from xsearch.conf import settings as search_settings
from xsearch.media import MediaError, load_audio, load_image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from django.core.files.storage import Storage

#: Formats that every browser shows, with the ending of their files; anything else becomes a JPEG.
_SHOWN = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_SOUND_ENDINGS = ("wav", "mp3", "flac", "ogg", "opus", "m4a", "aac", "webm")


class BadReference(ValueError):  # noqa: N818 - a line of the file, not a failure of the program
    """A file that a catalogue names and that cannot be used; the text says why."""


def store_photo(folder: Path, reference: str, sku: str, *, kind: str = "products") -> str:
    """Keep the picture ``reference`` (relative to ``folder``) in the storage's folder ``kind`` and return its name."""
    content = _read(folder, reference, search_settings.IMAGE_MAX_BYTES)
    stem = _stem(kind, sku, content)
    if name := _kept(stem, _SHOWN.values(), Product._meta.get_field("photo").storage):
        return name
    try:
        image = load_image(content)
    except MediaError as error:
        raise BadReference(f"{reference}: {error}") from error
    ending = _SHOWN.get(_image_format(content))
    if ending is None:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        content, ending = buffer.getvalue(), "jpg"
    return _write(f"{stem}.{ending}", content, Product._meta.get_field("photo").storage)


def store_sound(folder: Path, reference: str, sku: str) -> str:
    """Keep the recording ``reference`` (relative to ``folder``) and return its name in the storage."""
    ending = reference.rpartition(".")[2].lower()
    if ending not in _SOUND_ENDINGS:
        raise BadReference(f"{reference}: a sound must be one of {', '.join(_SOUND_ENDINGS)}")
    content = _read(folder, reference, search_settings.AUDIO_MAX_BYTES)
    stem = _stem("sounds", sku, content)
    if name := _kept(stem, (ending,), Product._meta.get_field("sound").storage):
        return name
    try:
        load_audio(content, max_seconds=search_settings.PRODUCT_AUDIO_MAX_SECONDS)
    except MediaError as error:
        raise BadReference(f"{reference}: {error}") from error
    return _write(f"{stem}.{ending}", content, Product._meta.get_field("sound").storage)


def _read(folder: Path, reference: str, max_bytes: int) -> bytes:
    """Read a file inside ``folder``; nothing outside it, also not through a link."""
    try:
        path = (folder / reference).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise BadReference(f"{reference} lies outside the catalogue's folder, where nothing is read")
        if not path.is_file():
            raise BadReference(f"{reference} does not exist")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise BadReference(f"{reference:.100} cannot be read: {error.__class__.__name__}") from error


def _stem(folder: str, sku: str, content: bytes) -> str:
    digest = hashlib.sha256(sku.encode() + b"\0" + content).hexdigest()[:20]
    return f"{folder}/{slugify(sku)[:40] or 'product'}-{digest}"


def _kept(stem: str, endings: Iterable[str], storage: Storage) -> str | None:
    """Return the name under which this very content is kept already."""
    for ending in endings:
        if storage.exists(f"{stem}.{ending}") and storage.size(f"{stem}.{ending}") > 0:
            return f"{stem}.{ending}"
    return None


def _image_format(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as image:
        return image.format or ""


def _write(name: str, content: bytes, storage: Storage) -> str:
    if storage.exists(name):
        storage.delete(name)  # left empty by a run that was cut off
    return str(storage.save(name, ContentFile(content)))
