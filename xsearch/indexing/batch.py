"""Batches of indexing: the context that is read once for all objects, the jobs, and the single contents to encode."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders import Encoder, EncoderAway, EncoderError
from xsearch.index.registry import Index
from xsearch.index.stores import Store, main_store
from xsearch.indexing.database import database_alias
from xsearch.indexing.inputs import MediaFile, ObjectInputs
from xsearch.indexing.spaces import LiveAdapters, bound_modalities, live_adapters, live_spaces, target_encoder
from xsearch.models import EncoderSpace, IndexRecord

logger = logging.getLogger("xsearch.indexing")

StoredVector = NDArray[np.float32] | None

#: The fingerprints of the live and of the staged vectors.
SpaceFingerprints = tuple[str, str | None]

#: Whose vector: the configured encoder's, or that of the live space while a rebuild goes on.
EncoderRole = Literal["target", "live"]
ROLES: tuple[EncoderRole, ...] = ("target", "live")

#: Key of the full-text document's source hash.
DOCUMENT_KEY = "document"


@dataclass(frozen=True)
class IndexingContext:
    """Facts that a batch of indexing reads once: its stores, its live spaces and the encoders in use."""

    index: Index
    #: Alias of the database.
    using: str
    stores: Sequence[Store]
    #: The store of the full-text document; None for an index without text.
    document_store: Store | None
    modalities: Sequence[str]
    spaces: dict[str, EncoderSpace]
    adapters: LiveAdapters

    @classmethod
    def open(cls, index: Index) -> IndexingContext:
        """Read the context of a batch."""
        using, stores = database_alias(), index.stores()
        document_store = main_store(index) if index.text else None
        modalities = bound_modalities(index)
        return cls(index, using, stores, document_store, modalities, live_spaces(index, using), live_adapters())

    def stores_for(self, modality: str) -> list[Store]:
        """Return the stores of one modality."""
        return [store for store in self.stores if store.modality == modality]

    def target_encoder(self, modality: str) -> Encoder:
        """Return the encoder that the settings name for a modality; raises ``EncoderError``."""
        return target_encoder(modality, self.adapters)


@dataclass
class IndexingJob:
    """One object of a batch: its inputs, the vectors that were made of them, and its problems."""

    record: IndexRecord
    obj: Any
    inputs: ObjectInputs
    #: Vectors for the live columns: (store, row, None for the object's own) → vector, None to clear it.
    live: dict[tuple[Store, Any], StoredVector] = field(default_factory=dict)
    #: Vectors for the staged columns, in the same form.
    staged: dict[tuple[Store, Any], StoredVector] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    #: The literal of the full-text document, None to keep the present one.
    document: str | None = None
    #: Problems by column or photo: permanent until the object changes, or temporary.
    broken: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    #: Problems of encoders, by modality.
    unavailable: dict[str, str] = field(default_factory=dict)
    #: True if an encoder is only away, so that the object waits for it.
    must_wait: bool = False

    @property
    def is_readable(self) -> bool:
        """True if the object's texts and files could be listed; otherwise its columns stay as they are."""
        return "object" not in self.inputs.outages

    @property
    def has_problems(self) -> bool:
        """True if any part of the object could not be indexed."""
        return bool(self.broken or self.failed or self.unavailable or self.inputs.outages)

    @property
    def has_new_words(self) -> bool:
        """True if the full-text document must be written."""
        is_other = self.record.source_hashes.get(DOCUMENT_KEY) != self.inputs.document_digest
        return self.is_readable and (self.record.forced or is_other)

    def note_unavailable(self, modality: str, error: EncoderError) -> None:
        """Record that the encoder of a modality does not work."""
        self.unavailable[modality] = str(error)
        self.must_wait |= isinstance(error, EncoderAway)

    def is_current(self, key: str, modality: str, fingerprint: str | None) -> bool:
        """Return True if a column was made from the same source by the same encoder before."""
        record = self.record
        same_encoder = record.fingerprints.get(modality) == fingerprint
        same_source = record.source_hashes.get(key) == self.hashes[key]
        return bool(not record.forced and same_encoder and same_source)


@dataclass(frozen=True, eq=False)
class EncodingPlan:
    """The encoders of one modality: the configured one, and that of the live space while another is being built."""

    modality: str
    jobs: Sequence[IndexingJob]
    target: Encoder | None
    fingerprint: str | None
    space: EncoderSpace
    #: Encodes new content for the live space during a rebuild; None if it is unavailable.
    live_encoder: Encoder | None = None
    _warned_of: set[str] = field(default_factory=set)

    @property
    def is_rebuilding(self) -> bool:
        """True if the live vectors are not the configured encoder's."""
        return bool(self.fingerprint != self.space.fingerprint)

    def encoder(self, role: EncoderRole) -> Encoder | None:
        """Return the encoder in a role, None where there is none."""
        return self.target if role == "target" else self.live_encoder

    def put(self, job: IndexingJob, store: Store, row_pk: Any, vector: StoredVector) -> None:
        """Add a vector of the configured encoder to the columns that hold its space."""
        if self.fingerprint == self.space.fingerprint:
            job.live[store, row_pk] = vector
        elif self.fingerprint == self.space.beside_fingerprint:
            job.staged[store, row_pk] = vector

    def clear(self, job: IndexingJob, store: Store, row_pk: Any) -> None:
        """Clear the vectors of both spaces: there is nothing to encode."""
        job.live[store, row_pk] = None
        self.clear_staged(job, store, row_pk)

    def clear_staged(self, job: IndexingJob, store: Store, row_pk: Any) -> None:
        """Clear the staged vector, if there is one: it was made of other content."""
        if self.space.beside:
            job.staged[store, row_pk] = None

    def note_unavailable(self, role: EncoderRole, error: EncoderError) -> None:
        """Record that an encoder does not work."""
        if role == "live":
            if str(error) not in self._warned_of:
                logger.warning("The live %s vectors cannot be kept up to date: %s", self.modality, error)
            self._warned_of.add(str(error))
            return
        for job in self.jobs:
            job.note_unavailable(self.modality, error)


@dataclass(frozen=True, eq=False)
class EncodingItem:
    """One content to encode: a text, or a file that is not read yet."""

    plan: EncodingPlan
    job: IndexingJob
    store: Store
    row_pk: Any
    key: str
    source: str | MediaFile

    @property
    def is_changed(self) -> bool:
        """True if the content differs from what was indexed before; ask after the source is read."""
        return bool(self.job.record.source_hashes.get(self.key) != self.job.hashes[self.key])

    @property
    def needs_live_vector(self) -> bool:
        """True if the live space needs a vector too, while the configured encoder's vectors are staged."""
        return self.plan.is_rebuilding and (self.is_changed or self.job.record.forced)

    @property
    def is_current(self) -> bool:
        """True if there is nothing to encode; ask after the source is read."""
        return self.job.is_current(self.key, self.plan.modality, self.plan.fingerprint)

    def put(self, role: EncoderRole, vector: StoredVector) -> None:
        """Add a vector to the job."""
        if role == "target":
            self.plan.put(self.job, self.store, self.row_pk, vector)
        else:
            self.job.live[self.store, self.row_pk] = vector

    def clear_outdated(self) -> None:
        """Clear the vectors of the content before, whether or not the new content can be encoded."""
        self.plan.clear_staged(self.job, self.store, self.row_pk)
        if self.plan.is_rebuilding:
            self.job.live[self.store, self.row_pk] = None

    def clear(self) -> None:
        """Clear the vectors: there is nothing to encode."""
        self.plan.clear(self.job, self.store, self.row_pk)

    def fail(self, error: Exception) -> None:
        """Record an error that may be gone at the next attempt."""
        obj = self.job.obj
        logger.error("Encoding %s of %s %s failed", self.plan.modality, obj._meta.label, obj.pk, exc_info=error)
        self.job.failed[self.key] = f"{self.plan.modality}: {error.__class__.__name__}: {error}"


@dataclass(eq=False)
class IndexingBatch:
    """Objects that are claimed, encoded and written together."""

    records: Sequence[IndexRecord]
    jobs: list[IndexingJob] = field(default_factory=list)
    #: The contents to encode, by modality.
    work: list[tuple[EncodingPlan, list[EncodingItem]]] = field(default_factory=list)
    #: The error that the batch as a whole met.
    error: Exception | None = None
    encoded: threading.Event = field(default_factory=threading.Event)
    context: IndexingContext | None = None

    @property
    def spaces(self) -> dict[str, SpaceFingerprints]:
        """The fingerprints of each modality, live and staged, when the batch was planned."""
        plans = [plan for plan, _items in self.work]
        return {plan.modality: (plan.space.fingerprint, plan.space.beside_fingerprint) for plan in plans}
