"""From the inputs of a batch of objects to the vectors that are to be written."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError
from xsearch.indexing.inputs import MediaInput, ObjectInputs
from xsearch.indexing.spaces import bound_modalities, live_encoder, open_space, target_encoder
from xsearch.media import MediaError, load_audio, load_image
from xsearch.models import EncoderSpace, IndexRecord
from xsearch.registry import Index
from xsearch.stores import Store

logger = logging.getLogger("xsearch.indexing")

Vector = NDArray[np.float32] | None


@dataclass
class Job:
    """One object on its way into the index."""

    record: IndexRecord
    obj: Any
    inputs: ObjectInputs
    #: Live vectors to write: (store, row, None for the object's own) → vector, None to clear it.
    live: dict[tuple[Store, Any], Vector] = field(default_factory=dict)
    #: Vectors of the next space: as above, with its fingerprint.
    staged: dict[tuple[Store, Any, str], Vector] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    #: Problems that go away only when the object changes, and those that may go away by themselves.
    broken: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def is_current(self, key: str, digest: str, modality: str, fingerprint: str) -> bool:
        """Say whether a column was made from the same source by the same encoder before."""
        record = self.record
        same_encoder = record.fingerprints.get(modality) == fingerprint
        return not record.forced and same_encoder and record.source_hashes.get(key) == digest


@dataclass(frozen=True)
class Item:
    """One thing to encode: a text, or a decoded photo or sound."""

    job: Job
    store: Store
    row_pk: Any
    key: str
    content: Any


def encode(index: Index, jobs: Sequence[Job]) -> None:
    """Fill ``live`` and ``staged`` of ``jobs`` with the vectors of whatever changed."""
    for modality in bound_modalities(index):
        try:
            target = target_encoder(modality)
            space = open_space(index, modality, target)
            _encode_modality(index, modality, jobs, target, space)
        except EncoderError as error:
            for job in jobs:
                job.failed[modality] = str(error)
    for job in jobs:
        job.broken.update(job.inputs.errors)


def _encode_modality(index: Index, modality: str, jobs: Sequence[Job], target: Encoder, space: EncoderSpace) -> None:
    items: list[Item] = []
    for job in jobs:
        job.fingerprints[modality] = target.fingerprint
        items += _changed(index, modality, job, target.fingerprint)
    vectors = _encode_items(modality, items, target)
    if target.fingerprint == space.fingerprint:
        for item, vector in vectors:
            item.job.live[item.store, item.row_pk] = vector
        return
    for item, vector in vectors:
        item.job.staged[item.store, item.row_pk, target.fingerprint] = vector
    _keep_live_searchable(modality, items, space)


def _keep_live_searchable(modality: str, items: Sequence[Item], space: EncoderSpace) -> None:
    """While another space is being built, new content must be found in the live one too."""
    changed = [item for item in items if item.job.record.source_hashes.get(item.key) != item.job.hashes[item.key]]
    encoder = live_encoder(space)
    if encoder is None:
        for item in changed:
            item.job.live[item.store, item.row_pk] = None
        return
    for item, vector in _encode_items(modality, changed, encoder):
        item.job.live[item.store, item.row_pk] = vector


def _changed(index: Index, modality: str, job: Job, fingerprint: str) -> list[Item]:
    if modality == "text":
        store = next(store for store in index.stores() if store.modality == "text")
        key, digest = store.key, job.inputs.text_digest
        job.hashes[key] = digest
        unchanged = job.is_current(key, digest, modality, fingerprint)
        return [] if unchanged else [Item(job, store, None, key, job.inputs.text)]
    stores = [store for store in index.stores() if store.modality == modality]
    _clear_vanished(job, stores)
    items = []
    for media in job.inputs.media:
        if media.store.modality != modality:
            continue
        key = media_key(media.store, media.row_pk)
        job.hashes[key] = media.digest
        if not job.is_current(key, media.digest, modality, fingerprint):
            items += _decoded(job, media, key)
    return items


def _clear_vanished(job: Job, stores: Sequence[Store]) -> None:
    """Clear the object's own vector where it has no file any more; photo rows go with their vector."""
    for store in stores:
        has_file = any(media.store == store for media in job.inputs.media)
        if not store.many and not has_file:
            job.live[store, None] = None


def media_key(store: Store, row_pk: Any) -> str:
    """Return the name under which a file's hash is kept: "image", or "image:photos:7" for a photo row."""
    return f"{store.key}:{row_pk}" if store.many else store.key


def _decoded(job: Job, media: MediaInput, key: str) -> list[Item]:
    try:
        content: Any
        if media.store.modality == "image":
            content = load_image(media.content)
        else:
            content = load_audio(media.content, max_seconds=settings.PRODUCT_AUDIO_MAX_SECONDS)
    except MediaError as error:
        job.broken[key] = f"{media.store.modality} {media.name}: {error}"
        job.live[media.store, media.row_pk] = None
        return []
    return [Item(job, media.store, media.row_pk, key, content)]


def _encode_items(modality: str, items: Sequence[Item], encoder: Encoder) -> list[tuple[Item, Vector]]:
    """Encode all at once; if that fails, one by one, so that one bad item spoils only itself."""
    if not items:
        return []
    try:
        vectors = encoder.encode_batch(modality, [item.content for item in items])
    except EncoderError:
        raise
    except Exception as error:
        if len(items) == 1:
            logger.exception("Encoding %s of %s failed", modality, items[0].job.record)
            items[0].job.failed[items[0].key] = f"{modality}: {error.__class__.__name__}: {error}"
            return []
        return [pair for item in items for pair in _encode_items(modality, [item], encoder)]
    return [(item, vector if vector.any() else None) for item, vector in zip(items, vectors, strict=True)]


def grouped_by_store(jobs: Sequence[Job]) -> dict[Store, list[tuple[Job, Any, Vector]]]:
    """Return the live vectors of ``jobs`` by the column they go to."""
    groups: dict[Store, list[tuple[Job, Any, Vector]]] = defaultdict(list)
    for job in jobs:
        for (store, row_pk), vector in job.live.items():
            groups[store].append((job, row_pk, vector))
    return groups
