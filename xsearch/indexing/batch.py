"""Batches of indexing: the context that is read once for all objects, the jobs, and the single contents to encode."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders import Encoder, EncoderAway, EncoderError
from xsearch.index.registry import Index
from xsearch.index.stores import Store, main_store
from xsearch.indexing.database import database_alias
from xsearch.indexing.inputs import MediaFile, ObjectInputs
from xsearch.indexing.spaces import LiveAdapters, live_adapters, live_spaces
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
    spaces: dict[str, EncoderSpace]
    adapters: LiveAdapters

    @classmethod
    def open(cls, index: Index) -> IndexingContext:
        """Read the context of a batch."""
        using = database_alias()
        document_store = main_store(index) if index.text else None
        return cls(index, using, index.stores(), document_store, live_spaces(index, using), live_adapters())


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
    #: Prepared values by name.
    values: dict[str, list[Any]] = field(default_factory=dict)
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
    def problems(self) -> dict[str, str]:
        """All reasons why a part of the object could not be indexed."""
        return self.unavailable | self.failed | self.inputs.outages | self.broken

    @property
    def has_new_words(self) -> bool:
        """True if the full-text document must be written."""
        is_other = self.record.source_hashes.get(DOCUMENT_KEY) != self.inputs.document_digest
        return self.is_readable and (self.record.forced or is_other)

    def note_unavailable(self, modality: str, error: EncoderError) -> None:
        """Record that the encoder of a modality does not work."""
        self.unavailable[modality] = str(error)
        self.must_wait |= isinstance(error, EncoderAway)


@dataclass(frozen=True, eq=False)
class EncodingPlan:
    """The encoders of one modality: the configured one, and that of the live space while another is being built."""

    modality: str
    jobs: Sequence[IndexingJob]
    #: The live one encodes new content during a rebuild; without those that are unavailable.
    encoders: Mapping[EncoderRole, Encoder]
    fingerprint: str | None
    space: EncoderSpace
    _warned_of: set[str] = field(default_factory=set)

    @property
    def is_rebuilding(self) -> bool:
        """True if the live vectors are not the configured encoder's."""
        return bool(self.fingerprint != self.space.fingerprint)

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
    def is_current(self) -> bool:
        """True if this encoder made a vector of this content before; ask after the source is read."""
        record = self.job.record
        is_same_encoder = record.fingerprints.get(self.plan.modality) == self.plan.fingerprint
        return is_same_encoder and not self.is_changed and not record.forced

    def put(self, role: EncoderRole, vector: StoredVector) -> None:
        """Add a vector to the columns that hold the space of its encoder."""
        plan, place = self.plan, (self.store, self.row_pk)
        if role == "live" or not plan.is_rebuilding:
            self.job.live[place] = vector
        elif plan.fingerprint == plan.space.staged_fingerprint:
            self.job.staged[place] = vector

    def clear(self, *, live: bool = True) -> None:
        """Clear the live vector and the staged one, or the staged one alone."""
        if live:
            self.job.live[self.store, self.row_pk] = None
        if self.plan.space.beside:
            self.job.staged[self.store, self.row_pk] = None

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
        return {plan.modality: (plan.space.fingerprint, plan.space.staged_fingerprint) for plan in plans}


@dataclass
class IndexingReport:
    """Results of one run of a worker: counts of objects, and how busy the thread of the models was."""

    indexed: int = 0
    failed: int = 0
    forgotten: int = 0
    #: Photos that got a vector.
    photos: int = 0
    encoder_busy_s: float = 0.0
    #: Time without contents to encode, including the time to claim and load them.
    encoder_waited_s: float = 0.0

    @property
    def handled(self) -> int:
        """The number of objects that no longer wait."""
        return self.indexed + self.failed + self.forgotten
