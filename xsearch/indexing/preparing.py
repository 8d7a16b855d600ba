"""From a text or a file to what an encoder's model takes; runs in any thread, and asks no database."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connections
from PIL.Image import Image

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, TwoStepEncoder
from xsearch.indexing.batch import Item, Role
from xsearch.indexing.inputs import FileRefusedError, MediaFile, read
from xsearch.media import AudioUnavailable, MediaError, Waveform, load_audio, load_image

Prepared = dict[Role, Any]


def prepare(item: Item) -> Prepared:
    """Return what the models take for ``item``, nothing where there is nothing to encode; notes what goes wrong.

    The decoded original is let go here, unless an encoder takes it as it is.
    """
    source = item.source
    content = source if isinstance(source, str) else _decoded(item, source)
    if content is None:
        return {}
    found: Prepared = {}
    for role in _roles(item):
        _prepare_for(role, item, content, found)
    return found


def _roles(item: Item) -> list[Role]:
    """Say whose vectors are wanted; while a space is built, new content must be found in the live one too."""
    if item.is_changed:
        item.outdate()
    roles: list[Role] = ["target", "live"] if item.is_wanted_live else ["target"]
    return [role for role in roles if item.plan.encoder(role)]


def _prepare_for(role: Role, item: Item, content: Any, found: Prepared) -> None:
    encoder = item.plan.encoder(role)
    try:
        found[role] = _prepared_by(encoder, item.plan.modality, content)
    except EncoderError as error:
        item.plan.cannot(role, error)
    except Exception as error:  # noqa: BLE001 - an encoder of the shop may raise anything
        item.fail(error)


def _prepared_by(encoder: Encoder | None, modality: str, content: Any) -> Any:
    return encoder.prepare(modality, content) if isinstance(encoder, TwoStepEncoder) else content


def _decoded(item: Item, media: MediaFile) -> Any:
    """Return the decoded file, None if it cannot be had or was encoded before."""
    try:
        content = read(media)
    except FileRefusedError as error:
        return _refuse(item, str(error))
    except Exception as error:  # noqa: BLE001 - each storage raises its own
        item.job.inputs.outages[item.key] = f"{media}: {error.__class__.__name__}: {error}"
        return None
    finally:
        connections.close_all()  # this thread's: a storage may keep its files in a database
    item.job.hashes[item.key] = hashlib.sha256(content).hexdigest()
    return None if item.is_current else _decode(item, media, content)


def _decode(item: Item, media: MediaFile, content: bytes) -> Any:
    try:
        if item.plan.modality == "image":
            return load_image(content)
        return load_audio(content, max_seconds=settings.PRODUCT_AUDIO_MAX_SECONDS)
    except AudioUnavailable as error:
        item.job.unavailable[item.plan.modality] = str(error)
    except MediaError as error:
        _refuse(item, f"{media}: {error}")
    return None


def _refuse(item: Item, reason: str) -> None:
    item.job.broken[item.key] = reason
    item.clear()


def size_bytes(content: Any) -> int:
    """Return about how much memory something prepared takes."""
    if isinstance(content, dict):
        return sum(map(size_bytes, content.values()))
    if isinstance(content, Image):
        return content.width * content.height * len(content.getbands())
    if isinstance(content, Waveform):
        return content.samples.nbytes
    if hasattr(content, "nbytes"):  # arrays, tensors
        return int(content.nbytes)
    return 8 * len(content) if hasattr(content, "__len__") else 8
