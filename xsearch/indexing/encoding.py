"""From prepared contents to vectors: groups that suit the model, and errors that spoil only their cause."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from xsearch.encoders import Encoder, EncoderError, TwoStepEncoder
from xsearch.encoders.base import Vectors
from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.indexing.batch import Batch, Item, Job, Plan, Role
from xsearch.indexing.rebuild import prepare_columns
from xsearch.indexing.spaces import bound_modalities, live_encoder, live_spaces, open_space, target_encoder

#: Contents that a model gets at once where it does not say itself.
GROUP_SIZE = 32
TEXT_GROUP_SIZE = 256


def plan_work(index: Index, batch: Batch) -> None:
    """List what of ``batch`` is to be encoded, and by whom; notes what is to be cleared."""
    for modality in bound_modalities(index):
        plan = _plan(index, modality, batch.jobs)
        if plan:
            items = [item for job in batch.jobs if job.is_readable for item in _items(index, plan, job)]
            batch.work.append((plan, items))


def _plan(index: Index, modality: str, jobs: Sequence[Job]) -> Plan | None:
    try:
        target = target_encoder(modality)
        fingerprint = target.fingerprint  # a service may have to be asked for it
        space = prepare_columns(index, open_space(index, modality, target), target)
    except EncoderError as error:
        for job in jobs:
            job.cannot(modality, error)
        known = live_spaces(index).get(modality)
        return Plan(modality, jobs, None, None, known, live_encoder(known)) if known else None
    for job in jobs:
        job.fingerprints[modality] = fingerprint
    keeper = live_encoder(space) if space.fingerprint != fingerprint else None
    return Plan(modality, jobs, target, fingerprint, space, keeper)


def _items(index: Index, plan: Plan, job: Job) -> list[Item]:
    stores = index.stores_for(plan.modality)
    if plan.modality == "text":
        return _text_items(plan, job, stores[0])
    _clear_vanished(plan, job, stores)
    return [
        Item(plan, job, media.store, media.row_pk, media.key, media)
        for media in job.inputs.files
        if media.store.modality == plan.modality
    ]


def _text_items(plan: Plan, job: Job, store: Store) -> list[Item]:
    job.hashes[store.key] = job.inputs.text_digest
    text = job.inputs.text
    if not text:
        plan.clear(job, store, None)
        return []
    item = Item(plan, job, store, None, store.key, text)
    return [] if item.is_current else [item]


def _clear_vanished(plan: Plan, job: Job, stores: Sequence[Store]) -> None:
    """Clear the object's own vector where it has no file any more; photo rows go with their vector."""
    there = {media.store.key for media in job.inputs.files}
    for store in stores:
        if not store.many and store.key not in there:
            plan.clear(job, store, None)


def preferred_batch_size(index: Index) -> int:
    """Return how many objects fill the models that need most at once; 0 where none says."""
    found = [0]
    for modality in bound_modalities(index):
        with suppress(EncoderError):
            found.append(int(getattr(target_encoder(modality), "batch_size", None) or 0))
    return max(found)


def group_size(modality: str, encoder: Encoder) -> int:
    """Return how many contents the model of ``encoder`` gets at once."""
    preferred = int(getattr(encoder, "batch_size", None) or GROUP_SIZE)
    # Encoders sort texts by length before they split them, which pays the more, the more there are.
    return max(preferred, TEXT_GROUP_SIZE) if modality == "text" else max(preferred, 1)


def encode_group(plan: Plan, role: Role, group: Sequence[tuple[Item, Any]]) -> int:
    """Encode prepared contents and note their vectors; returns how many got one. Notes what goes wrong."""
    encoder = plan.encoder(role)
    if encoder is None or not group:
        return 0
    try:
        return _encode(plan, role, encoder, group)
    except EncoderError as error:
        plan.cannot(role, error)
        return 0


def _encode(plan: Plan, role: Role, encoder: Encoder, group: Sequence[tuple[Item, Any]]) -> int:
    """Encode all at once; if that fails, each half by itself, so that one bad item spoils only itself."""
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
