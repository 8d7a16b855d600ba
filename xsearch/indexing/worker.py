"""What a worker does: claim batches, read them, have them encoded, write them, until nothing waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Prefetch

from xsearch.conf import settings
from xsearch.index.paths import Step, relations
from xsearch.index.registry import Index
from xsearch.indexing import bulk, outbox, rebuild, writing
from xsearch.indexing.batch import Batch, Job
from xsearch.indexing.encoding import plan_work, preferred_batch_size
from xsearch.indexing.inputs import ObjectInputs, collect
from xsearch.indexing.pipeline import EncoderTimes, Pipeline
from xsearch.models import EmbeddedModel, IndexRecord
from xsearch.text import tsvector_literal

logger = logging.getLogger("xsearch.indexing")

Progress = Callable[["IndexingReport"], None]

#: Batches that are claimed at once: one that is written, one in the models, one that is prepared meanwhile.
_BATCHES_AT_ONCE = 3
_TICK_S = 1.0


@dataclass
class IndexingReport(EncoderTimes):
    """What one run of a worker did; counts of objects, and how busy its models were."""

    indexed: int = 0
    failed: int = 0
    forgotten: int = 0

    @property
    def handled(self) -> int:
        """All objects that no longer wait."""
        return self.indexed + self.failed + self.forgotten


def index_pending(
    index: Index,
    *,
    batch_size: int | None = None,
    limit_s: float | None = None,
    progress: Progress | None = None,
    wait: bool = False,
) -> IndexingReport:
    """Index what waits, in batches, until nothing does or ``limit_s`` seconds have passed.

    With ``wait`` also until the other workers are done, for what one of them held that died comes back.
    """
    report = index_without_settling(index, batch_size=batch_size, limit_s=limit_s, progress=progress, wait=wait)
    settle(index)
    return report


def index_without_settling(
    index: Index,
    *,
    batch_size: int | None = None,
    limit_s: float | None = None,
    progress: Progress | None = None,
    wait: bool = False,
) -> IndexingReport:
    """Do as ``index_pending``, but leave swaps and vector indexes to the caller, who calls ``settle``."""
    report = IndexingReport()
    bulk.drop_indexes(index)
    _work_off(index, report, batch_size, limit_s, progress)
    while wait and outbox.in_work(index).exists():
        time.sleep(_TICK_S)
        _work_off(index, report, batch_size, limit_s, progress)
        if progress:
            progress(report)
    return report


def _work_off(
    index: Index, report: IndexingReport, batch_size: int | None, limit_s: float | None, progress: Progress | None
) -> None:
    size = batch_size or max(settings.BATCH_SIZE, preferred_batch_size(index))
    end = time.monotonic() + (float("inf") if limit_s is None else limit_s)
    worker = Worker(index, report)

    def claim() -> list[IndexRecord]:
        is_over = worker.has_begun and time.monotonic() > end
        return [] if is_over else outbox.claim(index, size)

    worker.work_off(claim, progress)


def settle(index: Index) -> None:
    """Swap the spaces that are complete, and build the database indexes that are missing."""
    rebuild.swap_finished(index)
    bulk.create_indexes(index)


class Worker:
    """Takes claimed batches through the pipeline; asks the database in the caller's thread only."""

    def __init__(self, index: Index, report: IndexingReport) -> None:
        self.report = report
        self.has_begun = False
        self._index = index
        self._pipeline = Pipeline(report)
        self._held: list[Batch] = []
        self._renewed_at = time.monotonic()

    def work_off(self, claim: Callable[[], Sequence[IndexRecord]], progress: Progress | None = None) -> None:
        """Index what ``claim`` hands out, until it has nothing more."""
        try:
            while self._take(claim):
                self._finish(self._held[0])
                del self._held[0]
                if progress:
                    progress(self.report)
        except BaseException:
            # The worker is being stopped: others may go on at once.
            outbox.release([record for batch in self._held for record in batch.records])
            raise
        finally:
            self._pipeline.close()

    def _take(self, claim: Callable[[], Sequence[IndexRecord]]) -> bool:
        """Claim ahead of the models, as far as sensible; says whether there is anything to do."""
        while len(self._held) < _BATCHES_AT_ONCE:
            self._renew_if_due()  # before, so that nobody claims what is his already
            records = claim()
            if not records:
                break
            self.has_begun = True
            self._held.append(Batch(records))
            self._load(self._held[-1])
        return bool(self._held)

    def _load(self, batch: Batch) -> None:
        try:
            objects = _objects(self._index, batch.records)
            missing = [record for record in batch.records if record.object_id not in objects]
            self.report.forgotten += writing.forget(self._index, missing) if missing else 0
            batch.records = [record for record in batch.records if record.object_id in objects]
            batch.jobs = [_job(self._index, record, objects[record.object_id]) for record in batch.records]
            plan_work(self._index, batch)
        except Exception as error:  # noqa: BLE001 - dealt with when it is the batch's turn
            batch.error = error
        else:
            self._pipeline.submit(batch)

    def _finish(self, batch: Batch) -> None:
        while not batch.error and not self._pipeline.wait(batch, min(_TICK_S, settings.LEASE_S / 10)):
            self._renew_if_due()
        try:
            if batch.error:
                raise batch.error
            written = writing.write(self._index, batch.jobs, batch.spaces)
        except Exception as error:
            logger.exception("Indexing a batch of %s failed", self._index.label)
            self._retry_singly(batch, error)
            return
        failed = sum(1 for job in written if job.has_problems)
        self.report.failed += failed
        self.report.indexed += len(written) - failed

    def _retry_singly(self, batch: Batch, error: Exception) -> None:
        """Find the object that a batch failed for, so that the others do not wait for it."""
        if len(batch.records) == 1:
            writing.fail(batch.records, error)
            self.report.failed += 1
            return
        for record in batch.records:
            single = Batch([record])
            self._load(single)
            self._finish(single)

    def _renew_if_due(self) -> None:
        """Keep the leases of all that is held, so that no other worker takes it while this one lives."""
        now = time.monotonic()
        if now - self._renewed_at > settings.LEASE_S / 4:
            outbox.renew([record for batch in self._held for record in batch.records])
            self._renewed_at = now


def _objects(index: Index, records: Sequence[IndexRecord]) -> dict[str, Any]:
    queryset = index.get_queryset().filter(pk__in=[record.object_id for record in records])
    if issubclass(index.model, EmbeddedModel):
        queryset = queryset.defer(*(field.name for field in EmbeddedModel._meta.local_fields))
    return {str(obj.pk): obj for obj in queryset.prefetch_related(*_prefetches(index))}


def _prefetches(index: Index) -> list[str | Prefetch[Any]]:
    steps = {step.attribute: step for path in index.paths() for step in relations(index.model, path)}
    return [_prefetch(step) for step in steps.values()]


def _prefetch(step: Step) -> str | Prefetch[Any]:
    """Return how to load a relation; vectors of photo rows are not read back."""
    if step.field.one_to_many and issubclass(step.model, EmbeddedModel):
        rows = step.model._default_manager.defer(*(field.name for field in EmbeddedModel._meta.local_fields))
        return Prefetch(step.attribute, rows)
    return step.attribute


def _job(index: Index, record: IndexRecord, obj: models.Model) -> Job:
    job = Job(record, obj, _collect(index, obj))
    if index.text and job.has_new_words:
        job.document = tsvector_literal(job.inputs.texts)  # here, where no row is locked and the model is at work
    return job


def _collect(index: Index, obj: models.Model) -> ObjectInputs:
    try:
        return collect(index, obj)
    except Exception as error:  # a property or storage of the shop may raise anything
        logger.exception("Reading %s %s failed", index.label, obj.pk)
        return ObjectInputs({}, outages={"object": f"{error.__class__.__name__}: {error}"})
