"""A worker's run: claim batches, read them, have them encoded, write them, until no record is pending.

A column that is filled for the first time has its HNSW index built afterwards. Adding a row to the index takes about a
millisecond; building it as a whole, in memory and by several processes, takes a fraction of that per row.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models

from xsearch.conf import settings
from xsearch.index.paths import relations
from xsearch.index.registry import Index
from xsearch.indexing import outbox, rebuild, vector_indexes, writing
from xsearch.indexing.batch import IndexingBatch, IndexingContext, IndexingJob, IndexingReport
from xsearch.indexing.database import objects_of
from xsearch.indexing.encoding import plan_work, preferred_batch_size
from xsearch.indexing.inputs import ObjectInputs, collect
from xsearch.indexing.leases import index_build_lease
from xsearch.indexing.maintenance import is_owner
from xsearch.indexing.pipeline import Pipeline
from xsearch.indexing.preparation import prepare_values
from xsearch.indexing.spaces import live_spaces
from xsearch.models import EncoderSpace, IndexRecord
from xsearch.models.routing import primary_reads
from xsearch.text import tsvector_literal

logger = logging.getLogger("xsearch.indexing")

ProgressCallback = Callable[[IndexingReport], None]

#: Batches that are claimed at once: one that is written, one in the models, one that is being prepared.
_BATCHES_AT_ONCE = 3
_TICK_S = 1.0

#: Objects; fewer are added to an HNSW index in little time.
_BULK_SIZE = 5_000
#: Shares of the objects without a vector: the index is dropped above the first, and built below the second.
_DROP_SHARE = 0.5
_BUILD_SHARE = 0.2


@primary_reads()
def index_pending(
    index: Index,
    *,
    batch_size: int | None = None,
    limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    wait: bool = False,
    settled: bool = True,
) -> IndexingReport:
    """Index what is pending, in batches, until nothing is or ``limit_s`` seconds have passed.

    ``wait`` also waits for other workers, and takes over from those that died. With ``settled=False``, swaps and
    vector indexes are left to the caller, who calls ``settle``.
    """
    report = IndexingReport()
    _drop_indexes_before_bulk(index)
    size = batch_size or max(settings.BATCH_SIZE, preferred_batch_size(index))
    _index_claimed(index, report, size, limit_s, progress)
    while wait and outbox.in_work(index).exists():
        time.sleep(_TICK_S)
        _index_claimed(index, report, size, limit_s, progress)
        if progress:
            progress(report)
    if settled:
        settle(index)
    return report


@primary_reads()
def settle(index: Index) -> None:
    """Swap the spaces that are complete, and build the missing vector indexes."""
    spaces = live_spaces(index)
    if rebuild.swap_finished(index, spaces):
        spaces = live_spaces(index)
    if vector_indexes.missing_indexes(vector_indexes.columns_in(index, spaces)):
        # Read again for each look: another process may swap the columns meanwhile.
        vector_indexes.create_vector_indexes(lambda: vector_indexes.columns_in(index, _filled_spaces(index)))


def columns_without_index(index: Index) -> list[vector_indexes.VectorColumn]:
    """Return the columns of ``index`` whose live vectors have no vector index."""
    return vector_indexes.missing_indexes(vector_indexes.columns_in(index, live_spaces(index)))


def _index_claimed(
    index: Index, report: IndexingReport, size: int, limit_s: float | None, progress: ProgressCallback | None
) -> None:
    end = time.monotonic() + (float("inf") if limit_s is None else limit_s)
    worker = Worker(index, report)

    def claim() -> list[IndexRecord]:
        is_over = worker.has_started and time.monotonic() > end
        return [] if is_over else outbox.claim(index, size)

    worker.run(claim, progress)


class Worker:
    """Takes claimed batches through the pipeline; only the caller's thread uses the database."""

    def __init__(self, index: Index, report: IndexingReport) -> None:
        self.report = report
        self.has_started = False
        self._index = index
        self._pipeline = Pipeline(report)
        self._held: list[IndexingBatch] = []
        self._renewed_at = time.monotonic()

    def run(self, claim: Callable[[], Sequence[IndexRecord]], progress: ProgressCallback | None = None) -> None:
        """Index the records that ``claim`` returns, until it returns none."""
        try:
            while self._claim_ahead(claim):
                self._finish(self._held[0])
                del self._held[0]
                if progress:
                    progress(self.report)
        except BaseException:
            # The worker is being stopped: others can continue at once.
            outbox.release([record for batch in self._held for record in batch.records])
            raise
        finally:
            self._pipeline.close()

    def _claim_ahead(self, claim: Callable[[], Sequence[IndexRecord]]) -> bool:
        """Claim as many batches as the pipeline uses at once; returns True if there is anything to do."""
        while len(self._held) < _BATCHES_AT_ONCE:
            self._renew_if_due()  # before claiming: an expired lease would make our own records claimable
            records = claim()
            if not records:
                break
            self.has_started = True
            self._held.append(IndexingBatch(records))
            self._load(self._held[-1])
        return bool(self._held)

    def _load(self, batch: IndexingBatch) -> None:
        try:
            objects = _objects(self._index, batch.records)
            context = batch.context = IndexingContext.open(self._index)
            missing = [record for record in batch.records if record.object_id not in objects]
            self.report.forgotten += writing.forget(context, missing) if missing else 0
            batch.records = [record for record in batch.records if record.object_id in objects]
            batch.jobs = [_job(context, record, objects[record.object_id]) for record in batch.records]
            prepare_values(context, batch.jobs)
            plan_work(context, batch)
        except Exception as error:  # noqa: BLE001 - handled when the batch is finished
            batch.error = error
        else:
            self._pipeline.submit(batch)

    def _finish(self, batch: IndexingBatch) -> None:
        while not batch.error and not self._pipeline.wait(batch, min(_TICK_S, settings.LEASE_S / 10)):
            self._renew_if_due()
        try:
            if batch.error or not batch.context:
                raise batch.error or RuntimeError("The batch was not loaded.")
            written = writing.write(batch.context, batch.jobs, batch.spaces)
        except Exception as error:
            logger.exception("Indexing a batch of %s failed", self._index.label)
            self._retry_singly(batch, error)
            return
        failed = sum(1 for job in written if job.problems)
        self.report.failed += failed
        self.report.indexed += len(written) - failed

    def _retry_singly(self, batch: IndexingBatch, error: Exception) -> None:
        """Retry each object by itself, so that only the one at fault fails."""
        if len(batch.records) == 1:
            writing.fail(batch.records, error)
            self.report.failed += 1
            return
        for record in batch.records:
            single = IndexingBatch([record])
            self._load(single)
            self._finish(single)

    def _renew_if_due(self) -> None:
        """Renew the leases of all claimed records, so that no other worker claims them while this one lives."""
        now = time.monotonic()
        if now - self._renewed_at > settings.LEASE_S / 4:
            outbox.renew([record for batch in self._held for record in batch.records])
            self._renewed_at = now


# Objects and their inputs


def _objects(index: Index, records: Sequence[IndexRecord]) -> dict[str, Any]:
    queryset = objects_of(index).filter(pk__in=[record.object_id for record in records])
    # By name: what the index prefetches with a queryset of its own stays as it is.
    followed = {step.attribute: None for path in index.paths() for step in relations(index.model, path)}
    return {str(obj.pk): obj for obj in queryset.prefetch_related(*followed)}


def _job(context: IndexingContext, record: IndexRecord, obj: models.Model) -> IndexingJob:
    try:
        inputs = collect(context.index, obj, context.stores)
    except Exception as error:  # a property or storage of the shop may raise anything
        logger.exception("Reading %s %s failed", context.index.label, obj.pk)
        inputs = ObjectInputs({}, outages={"object": f"{error.__class__.__name__}: {error}"})
    job = IndexingJob(record, obj, inputs)
    if context.index.text and job.has_new_words:
        job.document = tsvector_literal(inputs.texts)  # here no row is locked, and the models are at work
    return job


# Vector indexes and bulk indexing


def _drop_indexes_before_bulk(index: Index) -> None:
    """Drop the HNSW index of each column of which most rows are about to be filled.

    Searches scan the column meanwhile; the smaller part of it is filled.
    """
    if not outbox.claimable(index)[_BULK_SIZE : _BULK_SIZE + 1].exists():
        return
    for space in live_spaces(index).values():
        if _is_filling(index, space, _DROP_SHARE):
            stores = [store for store in index.stores_for(space.modality) if is_owner(store.table)]
            with index_build_lease([store.table for store in stores]) as is_ours:
                for store in stores if is_ours else ():
                    vector_indexes.drop_vector_index(store, store.column)


def _filled_spaces(index: Index) -> dict[str, EncoderSpace]:
    """Return the spaces but for those that are still being filled."""
    return {name: space for name, space in live_spaces(index).items() if not _is_filling(index, space, _BUILD_SHARE)}


def _is_filling(index: Index, space: EncoderSpace, share: float) -> bool:
    """Return True if many objects, and more than ``share`` of all, wait for their first vector of ``space``."""
    records = outbox.index_records(index)
    waiting = records.filter(status=IndexRecord.Status.PENDING)
    first = waiting.exclude(fingerprints__contains={space.modality: space.fingerprint}).count()
    return first > _BULK_SIZE and first > share * records.count()
