"""What one batch of objects is made of: jobs, who makes their vectors, and the single things to encode."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xsearch.encoders import Encoder, EncoderAway, EncoderError
from xsearch.index.stores import Store
from xsearch.indexing.inputs import MediaFile, ObjectInputs
from xsearch.models import EncoderSpace, IndexRecord

logger = logging.getLogger("xsearch.indexing")

Vector = NDArray[np.float32] | None

#: The fingerprints of the live space and of the one beside it.
Spaces = tuple[str, str | None]

#: Whose vector: the configured encoder's, or that of the live space while another one is being built.
Role = Literal["target", "live"]
ROLES: tuple[Role, ...] = ("target", "live")


#: Key of the full-text document's source hash.
DOCUMENT_KEY = "document"


@dataclass
class Job:
    """One object on its way into the index."""

    record: IndexRecord
    obj: Any
    inputs: ObjectInputs
    #: Live vectors to write: (store, row, None for the object's own) → vector, None to clear it.
    live: dict[tuple[Store, Any], Vector] = field(default_factory=dict)
    #: Vectors to write into the columns beside: as above.
    beside: dict[tuple[Store, Any], Vector] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    #: The literal of the full-text document, None to leave it.
    document: str | None = None
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
        return bool(self.broken or self.failed or self.unavailable or self.inputs.outages)

    @property
    def has_new_words(self) -> bool:
        """Whether the full-text document is to be written."""
        is_other = self.record.source_hashes.get(DOCUMENT_KEY) != self.inputs.document_digest
        return self.is_readable and (self.record.forced or is_other)

    def cannot(self, modality: str, error: EncoderError) -> None:
        """Note that the encoder of a modality cannot work at all."""
        self.unavailable[modality] = str(error)
        self.must_wait |= isinstance(error, EncoderAway)

    def is_current(self, key: str, modality: str, fingerprint: str | None) -> bool:
        """Say whether a column was made from the same source by the same encoder before."""
        record = self.record
        same_encoder = record.fingerprints.get(modality) == fingerprint
        same_source = record.source_hashes.get(key) == self.hashes[key]
        return bool(not record.forced and same_encoder and same_source)


@dataclass(frozen=True, eq=False)
class Plan:
    """Who makes the vectors of one modality: the configured encoder, and that of the live space beside it."""

    modality: str
    jobs: Sequence[Job]
    target: Encoder | None
    fingerprint: str | None
    space: EncoderSpace
    #: Keeps what is live searchable while another encoder's vectors are made; None when it cannot be had.
    keeper: Encoder | None = None
    _complaints: set[str] = field(default_factory=set)

    @property
    def is_rebuilding(self) -> bool:
        """Whether the live vectors are another encoder's than the configured one's."""
        return bool(self.fingerprint != self.space.fingerprint)

    def encoder(self, role: Role) -> Encoder | None:
        """Return the encoder in a role, None where there is none."""
        return self.target if role == "target" else self.keeper

    def put(self, job: Job, store: Store, row_pk: Any, vector: Vector) -> None:
        """Note a vector of the configured encoder."""
        if self.fingerprint == self.space.fingerprint:
            job.live[store, row_pk] = vector
        elif self.fingerprint == self.space.beside_fingerprint:
            job.beside[store, row_pk] = vector

    def clear(self, job: Job, store: Store, row_pk: Any) -> None:
        """Note that there is nothing to make a vector of, in either space."""
        job.live[store, row_pk] = None
        self.outdate(job, store, row_pk)

    def outdate(self, job: Job, store: Store, row_pk: Any) -> None:
        """Note that the vector beside, if there is one, was made of something else."""
        if self.space.beside:
            job.beside[store, row_pk] = None

    def cannot(self, role: Role, error: EncoderError) -> None:
        """Note that an encoder cannot work at all."""
        if role == "live":
            if str(error) not in self._complaints:
                logger.warning("The live %s vectors cannot be kept up to date: %s", self.modality, error)
            self._complaints.add(str(error))
            return
        for job in self.jobs:
            job.cannot(self.modality, error)


@dataclass(frozen=True, eq=False)
class Item:
    """One thing to encode: a text, or a file that is not read yet."""

    plan: Plan
    job: Job
    store: Store
    row_pk: Any
    key: str
    source: str | MediaFile

    @property
    def is_changed(self) -> bool:
        """Whether the content differs from what was indexed before; known once the source is read."""
        return bool(self.job.record.source_hashes.get(self.key) != self.job.hashes[self.key])

    @property
    def is_wanted_live(self) -> bool:
        """Whether the live space needs a vector too, while the configured encoder's go beside it."""
        return self.plan.is_rebuilding and (self.is_changed or self.job.record.forced)

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to do; known once the source is read."""
        return self.job.is_current(self.key, self.plan.modality, self.plan.fingerprint)

    def put(self, role: Role, vector: Vector) -> None:
        """Note a vector."""
        if role == "target":
            self.plan.put(self.job, self.store, self.row_pk, vector)
        else:
            self.job.live[self.store, self.row_pk] = vector

    def outdate(self) -> None:
        """Note that what is there was made of something else, and goes, whatever becomes of the new content."""
        self.plan.outdate(self.job, self.store, self.row_pk)
        if self.plan.is_rebuilding:
            self.job.live[self.store, self.row_pk] = None

    def clear(self) -> None:
        """Note that there is nothing to make a vector of."""
        self.plan.clear(self.job, self.store, self.row_pk)

    def fail(self, error: Exception) -> None:
        """Note an error that may not come again."""
        obj = self.job.obj
        logger.error("Encoding %s of %s %s failed", self.plan.modality, obj._meta.label, obj.pk, exc_info=error)
        self.job.failed[self.key] = f"{self.plan.modality}: {error.__class__.__name__}: {error}"


@dataclass(eq=False)
class Batch:
    """Objects that are claimed, encoded and written together."""

    records: Sequence[IndexRecord]
    jobs: list[Job] = field(default_factory=list)
    #: What there is to encode, by modality.
    work: list[tuple[Plan, list[Item]]] = field(default_factory=list)
    #: What went wrong with the batch as a whole.
    error: Exception | None = None
    encoded: threading.Event = field(default_factory=threading.Event)

    @property
    def spaces(self) -> dict[str, Spaces]:
        """Whose vectors each modality had, live and beside, when the batch was made."""
        plans = [plan for plan, _items in self.work]
        return {plan.modality: (plan.space.fingerprint, plan.space.beside_fingerprint) for plan in plans}
