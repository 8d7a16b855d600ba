"""Encoding of a batch: plan what is to be encoded, read and prepare the contents, and run the encoders on them.

``prepare`` runs in any thread and asks no database; ``encode_group`` runs in the thread of the models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from django.db import connections
from PIL.Image import Image

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, TwoStepEncoder
from xsearch.encoders.base import Vectors
from xsearch.index.registry import Index
from xsearch.indexing.batch import EncoderRole, EncodingItem, EncodingPlan, IndexingBatch, IndexingContext, IndexingJob
from xsearch.indexing.inputs import FileRefusedError, MediaFile, read
from xsearch.indexing.rebuild import ensure_columns
from xsearch.indexing.spaces import bound_modalities, live_adapters, live_encoder, open_space, target_encoder
from xsearch.media import AudioUnavailable, MediaError, Waveform, load_audio, load_image
from xsearch.media.web import WebFile

#: Contents that a model gets at once where it names no batch size.
GROUP_SIZE = 32
TEXT_GROUP_SIZE = 256

#: What the models take, by role.
PreparedInputs = dict[EncoderRole, Any]


# Planning


def plan_work(context: IndexingContext, batch: IndexingBatch) -> None:
    """List the contents of ``batch`` to encode, and their encoders; marks vectors to be cleared."""
    for modality in bound_modalities(context.index):
        plan = _plan(context, modality, batch.jobs)
        if plan:
            items = [item for job in batch.jobs if job.is_readable for item in _items(context, plan, job)]
            batch.work.append((plan, items))


def _plan(context: IndexingContext, modality: str, jobs: Sequence[IndexingJob]) -> EncodingPlan | None:
    present = context.spaces.get(modality)
    try:
        target = target_encoder(modality, context.adapters)
        fingerprint = target.fingerprint  # may ask a service for it
        space = ensure_columns(context.index, present or open_space(context.index, modality, target), target)
    except EncoderError as error:
        for job in jobs:
            job.note_unavailable(modality, error)
        return EncodingPlan(modality, jobs, _encoders(None, live_encoder(present)), None, present) if present else None
    for job in jobs:
        job.fingerprints[modality] = fingerprint
    live = live_encoder(space) if space.fingerprint != fingerprint else None
    return EncodingPlan(modality, jobs, _encoders(target, live), fingerprint, space)


def _encoders(target: Encoder | None, live: Encoder | None) -> dict[EncoderRole, Encoder]:
    found: dict[EncoderRole, Encoder | None] = {"target": target, "live": live}
    return {role: encoder for role, encoder in found.items() if encoder}


def _items(context: IndexingContext, plan: EncodingPlan, job: IndexingJob) -> list[EncodingItem]:
    stores = [store for store in context.stores if store.modality == plan.modality]
    if plan.modality == "text":
        item = EncodingItem(plan, job, stores[0], None, stores[0].key, job.inputs.text)
        job.hashes[item.key] = job.inputs.text_digest
        if not item.source:
            item.clear()
        return [item] if item.source and not item.is_current else []
    # The object's own vector goes with its file; deleted photo rows took their vectors with them.
    present = {media.store.key for media in job.inputs.files}
    for store in stores:
        if not store.many and store.key not in present:
            EncodingItem(plan, job, store, None, store.key, "").clear()
    files = [media for media in job.inputs.files if media.store.modality == plan.modality]
    return [EncodingItem(plan, job, media.store, media.row_pk, media.key, media) for media in files]


def preferred_batch_size(index: Index) -> int:
    """Return the largest batch size that an encoder of ``index`` prefers; 0 if none names one."""
    sizes, adapters = [0], live_adapters()
    for modality in bound_modalities(index):
        with suppress(EncoderError):
            sizes.append(int(getattr(target_encoder(modality, adapters), "batch_size", None) or 0))
    return max(sizes)


# Preparing


def prepare(item: EncodingItem) -> PreparedInputs:
    """Return the input of each encoder for ``item``, nothing if there is nothing to encode; records problems.

    The decoded original is freed here, unless an encoder takes it as it is.
    """
    source = item.source
    content = source if isinstance(source, str) else _decoded(item, source)
    if content is None:
        return {}
    if item.is_changed:
        item.clear(live=item.plan.is_rebuilding)  # whether or not the new content can be encoded
    prepared: PreparedInputs = {}
    # During a rebuild, searches must find new content in the live space too.
    needs_live_vector = item.plan.is_rebuilding and (item.is_changed or item.job.record.forced)
    for role, encoder in item.plan.encoders.items():
        if role == "live" and not needs_live_vector:
            continue
        try:
            two_step = encoder if isinstance(encoder, TwoStepEncoder) else None
            prepared[role] = two_step.prepare(item.plan.modality, content) if two_step else content
        except EncoderError as error:
            item.plan.note_unavailable(role, error)
        except Exception as error:  # noqa: BLE001 - an encoder of the shop may raise anything
            item.fail(error)
    return prepared


def _decoded(item: EncodingItem, media: MediaFile) -> Any:
    """Return the decoded file, None if it cannot be read or was encoded before."""
    digest = media.file.digest if isinstance(media.file, WebFile) else None
    if digest:
        item.job.hashes[item.key] = digest
        if item.is_current:
            return None
    try:
        content = read(media)
    except FileRefusedError as error:
        return _refuse(item, str(error))
    except Exception as error:  # noqa: BLE001 - each storage raises its own
        item.job.inputs.outages[item.key] = f"{media}: {error.__class__.__name__}: {error}"
        return None
    finally:
        connections.close_all()  # this thread's: a storage may keep its files in a database
    item.job.hashes[item.key] = digest or hashlib.sha256(content).hexdigest()
    return None if item.is_current else _decode(item, media, content)


def _decode(item: EncodingItem, media: MediaFile, content: bytes) -> Any:
    try:
        if item.plan.modality == "image":
            return load_image(content)
        return load_audio(content, max_seconds=settings.PRODUCT_AUDIO_MAX_SECONDS)
    except AudioUnavailable as error:
        item.job.unavailable[item.plan.modality] = str(error)
    except MediaError as error:
        _refuse(item, f"{media}: {error}")
    return None


def _refuse(item: EncodingItem, reason: str) -> None:
    item.job.broken[item.key] = reason
    item.clear()


def size_bytes(content: Any) -> int:
    """Return roughly how much memory a prepared content takes."""
    if isinstance(content, dict):
        return sum(map(size_bytes, content.values()))
    if isinstance(content, Image):
        return content.width * content.height * len(content.getbands())
    if isinstance(content, Waveform):
        return content.samples.nbytes
    if hasattr(content, "nbytes"):  # arrays, tensors
        return int(content.nbytes)
    return 8 * len(content) if hasattr(content, "__len__") else 8


# Running the encoders


def group_size(modality: str, encoder: Encoder) -> int:
    """Return how many contents the model of ``encoder`` gets at once."""
    preferred = int(getattr(encoder, "batch_size", None) or GROUP_SIZE)
    # Encoders sort texts by length before they split them, which saves more the more texts there are.
    return max(preferred, TEXT_GROUP_SIZE) if modality == "text" else max(preferred, 1)


def encode_group(plan: EncodingPlan, role: EncoderRole, group: Sequence[tuple[EncodingItem, Any]]) -> int:
    """Encode prepared contents and add the vectors to their jobs; returns how many got one. Records problems."""
    encoder = plan.encoders.get(role)
    if encoder is None or not group:
        return 0
    try:
        return _encode(plan, role, encoder, group)
    except EncoderError as error:
        plan.note_unavailable(role, error)
        return 0


def _encode(plan: EncodingPlan, role: EncoderRole, encoder: Encoder, group: Sequence[tuple[EncodingItem, Any]]) -> int:
    """Encode all at once; if that fails, each half by itself, so that one bad content fails alone."""
    try:
        vectors = _vectors(plan.modality, encoder, [content for _item, content in group])
    except EncoderError:
        raise
    except Exception as error:  # noqa: BLE001 - an encoder of the shop may raise anything
        if len(group) == 1:
            group[0][0].fail(error)
            return 0
        middle = len(group) // 2
        return sum(_encode(plan, role, encoder, half) for half in (group[:middle], group[middle:]))
    for (item, _content), vector in zip(group, vectors, strict=True):
        item.put(role, vector if vector.any() else None)
    return len(group)


def _vectors(modality: str, encoder: Encoder, contents: Sequence[Any]) -> Vectors:
    run = encoder.encode_prepared if isinstance(encoder, TwoStepEncoder) else encoder.encode_batch
    vectors = run(modality, contents)
    expected = (len(contents), encoder.dimension)
    if vectors.shape != expected or not np.isfinite(vectors).all():
        raise ValueError(
            f"{encoder.__class__.__name__} returned vectors of shape {vectors.shape}, not finite ones of {expected}."
        )
    return vectors
