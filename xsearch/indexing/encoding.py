"""From the inputs of a batch of objects to the vectors that are to be written."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderAway, EncoderError
from xsearch.indexing.inputs import MediaInput, ObjectInputs, media_key
from xsearch.indexing.spaces import bound_modalities, live_encoder, live_spaces, open_space, target_encoder
from xsearch.media import AudioUnavailable, MediaError, Waveform, load_audio, load_image
from xsearch.models import EncoderSpace, IndexRecord
from xsearch.registry import Index
from xsearch.stores import Store

logger = logging.getLogger("xsearch.indexing")

Vector = NDArray[np.float32] | None

_MAX_VALUES = 64_000_000  # pixels or samples that are held decoded at once


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
    #: Problems by column or photo: for good until the object changes, or with this one input for now.
    broken: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    #: Modalities whose encoder cannot work at all.
    unavailable: dict[str, str] = field(default_factory=dict)
    #: Whether one of those is only away, and the object has to wait for it.
    must_wait: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the object's texts and files could be listed; if not, what is indexed of it stays."""
        return "object" not in self.inputs.outages

    @property
    def has_problems(self) -> bool:
        """Whether anything of the object could not be indexed."""
        return bool(self.broken or self.failed or self.unavailable)

    def is_current(self, key: str, digest: str, modality: str, fingerprint: str | None) -> bool:
        """Say whether a column was made from the same source by the same encoder before."""
        record = self.record
        same_encoder = record.fingerprints.get(modality) == fingerprint
        same_source = record.source_hashes.get(key) == digest
        return bool(not record.forced and same_encoder and same_source)


@dataclass(frozen=True)
class Plan:
    """Who makes the vectors of one modality: the configured encoder, and that of the live space beside it."""

    modality: str
    target: Encoder | None
    space: EncoderSpace

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the configured encoder."""
        return self.target.fingerprint if self.target else None

    @property
    def is_rebuilding(self) -> bool:
        """Whether the live vectors are another encoder's than the configured one's."""
        return bool(self.fingerprint != self.space.fingerprint)

    def put(self, job: Job, store: Store, row_pk: Any, vector: Vector) -> None:
        """Note a vector of the configured encoder."""
        if self.fingerprint == self.space.fingerprint:
            job.live[store, row_pk] = vector
        elif self.fingerprint:
            job.staged[store, row_pk, self.fingerprint] = vector

    def clear(self, job: Job, store: Store, row_pk: Any) -> None:
        """Note that there is nothing to make a vector of, in either space."""
        self.put(job, store, row_pk, None)
        job.live[store, row_pk] = None


@dataclass(frozen=True)
class Item:
    """One thing to encode: a text, or a decoded photo or sound."""

    job: Job
    store: Store
    row_pk: Any
    key: str
    content: Any

    @property
    def is_changed(self) -> bool:
        """Whether the content differs from what was indexed before."""
        return bool(self.job.record.source_hashes.get(self.key) != self.job.hashes[self.key])


def encode(index: Index, jobs: Sequence[Job]) -> dict[str, str]:
    """Fill ``live`` and ``staged`` of ``jobs`` with the vectors of whatever changed.

    Returns the fingerprint of the space that was live for each modality meanwhile.
    """
    live = {}
    for modality in bound_modalities(index):
        plan = _plan(index, modality, jobs)
        if plan:
            live[modality] = plan.space.fingerprint
            items = (item for job in jobs if job.is_readable for item in _items(index, plan, job))
            for chunk in _chunks(items, max(settings.BATCH_SIZE, len(jobs))):
                _encode_chunk(plan, chunk, jobs)
    for job in jobs:
        job.broken |= job.inputs.errors
        job.failed |= job.inputs.outages
    return live


def _plan(index: Index, modality: str, jobs: Sequence[Job]) -> Plan | None:
    try:
        target = target_encoder(modality)
        fingerprint = target.fingerprint  # a service may have to be asked for it
    except EncoderError as error:
        _note_unavailable(modality, jobs, error)
        space = live_spaces(index).get(modality)
        return Plan(modality, None, space) if space else None
    for job in jobs:
        job.fingerprints[modality] = fingerprint
    return Plan(modality, target, open_space(index, modality, target))


def _note_unavailable(modality: str, jobs: Sequence[Job], error: EncoderError) -> None:
    for job in jobs:
        job.unavailable[modality] = str(error)
        job.must_wait |= isinstance(error, EncoderAway)


def _encode_chunk(plan: Plan, items: Sequence[Item], jobs: Sequence[Job]) -> None:
    if plan.target:
        try:
            for item, vector in _encode_items(plan.modality, items, plan.target):
                plan.put(item.job, item.store, item.row_pk, vector)
        except EncoderError as error:
            _note_unavailable(plan.modality, jobs, error)
    if plan.is_rebuilding:
        _keep_live_searchable(plan, items)


def _keep_live_searchable(plan: Plan, items: Sequence[Item]) -> None:
    """While another space is being built, new content must be found in the live one too."""
    changed = [item for item in items if item.is_changed]
    for item in changed:
        item.job.live[item.store, item.row_pk] = None
    encoder = live_encoder(plan.space)
    try:
        vectors = _encode_items(plan.modality, changed, encoder) if encoder else []
    except EncoderError as error:
        logger.warning("The live %s vectors cannot be kept up to date: %s", plan.modality, error)
        return
    for item, vector in vectors:
        item.job.live[item.store, item.row_pk] = vector


def _items(index: Index, plan: Plan, job: Job) -> Iterator[Item]:
    if plan.modality == "text":
        yield from _text_items(index, plan, job)
        return
    stores = index.stores_for(plan.modality)
    _clear_vanished(plan, job, stores)
    for media in job.inputs.media:
        key = media_key(media.store, media.row_pk)
        if media.store.modality == plan.modality:
            job.hashes[key] = media.digest
            if not job.is_current(key, media.digest, plan.modality, plan.fingerprint):
                yield from _decoded(plan, job, media, key)


def _text_items(index: Index, plan: Plan, job: Job) -> Iterator[Item]:
    store = index.stores_for("text")[0]
    digest = job.hashes[store.key] = job.inputs.text_digest
    if not job.inputs.text:
        plan.clear(job, store, None)
    elif not job.is_current(store.key, digest, "text", plan.fingerprint):
        yield Item(job, store, None, store.key, job.inputs.text)


def _clear_vanished(plan: Plan, job: Job, stores: Sequence[Store]) -> None:
    """Clear the object's own vector where it has no file any more; photo rows go with their vector."""
    there = {media.store.key for media in job.inputs.media} | job.inputs.outages.keys()
    for store in stores:
        if not store.many and store.key not in there:
            plan.clear(job, store, None)


def _decoded(plan: Plan, job: Job, media: MediaInput, key: str) -> Iterator[Item]:
    try:
        content: Any
        if media.store.modality == "image":
            content = load_image(media.content)
        else:
            content = load_audio(media.content, max_seconds=settings.PRODUCT_AUDIO_MAX_SECONDS)
    except AudioUnavailable as error:
        job.unavailable[plan.modality] = str(error)
    except MediaError as error:
        job.broken[key] = f"{media.store.modality} {media.name}: {error}"
        plan.clear(job, media.store, media.row_pk)
    else:
        yield Item(job, media.store, media.row_pk, key, content)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield ``items`` in groups that fit into memory together."""
    group: list[Item] = []
    values = 0
    for item in items:
        group.append(item)
        values += _values_in(item.content)
        if len(group) >= size or values >= _MAX_VALUES:
            yield group
            group, values = [], 0
    if group:
        yield group


def _values_in(content: Any) -> int:
    if isinstance(content, Image):
        return content.width * content.height
    return len(content.samples) if isinstance(content, Waveform) else len(content)


def _encode_items(modality: str, items: Sequence[Item], encoder: Encoder) -> list[tuple[Item, Vector]]:
    """Encode all at once; if that fails, one by one, so that one bad item spoils only itself."""
    if not items:
        return []
    try:
        vectors = _encode_batch(modality, items, encoder)
    except EncoderError:
        raise
    except Exception as error:
        if len(items) == 1:
            logger.exception("Encoding %s of %s failed", modality, items[0].job.record)
            items[0].job.failed[items[0].key] = f"{modality}: {error.__class__.__name__}: {error}"
            return []
        return [pair for item in items for pair in _encode_items(modality, [item], encoder)]
    return [(item, vector if vector.any() else None) for item, vector in zip(items, vectors, strict=True)]


def _encode_batch(modality: str, items: Sequence[Item], encoder: Encoder) -> NDArray[np.float32]:
    vectors = encoder.encode_batch(modality, [item.content for item in items])
    expected = (len(items), encoder.dimension)
    if vectors.shape != expected or not np.isfinite(vectors).all():
        raise ValueError(
            f"{encoder.__class__.__name__} returned vectors of shape {vectors.shape}, not finite ones of {expected}."
        )
    return vectors


def grouped_by_store(jobs: Sequence[Job]) -> dict[Store, list[tuple[Job, Any, Vector]]]:
    """Return the live vectors of ``jobs`` by the column they go to."""
    groups: dict[Store, list[tuple[Job, Any, Vector]]] = defaultdict(list)
    for job in jobs:
        for (store, row_pk), vector in job.live.items():
            groups[store].append((job, row_pk, vector))
    return groups
