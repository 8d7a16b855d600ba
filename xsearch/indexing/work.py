"""What a worker does: claim a batch, read it, encode it, write it, until nothing waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from xsearch.conf import settings
from xsearch.indexing import outbox, schema, spaces, writing
from xsearch.indexing.encoding import Job, encode
from xsearch.indexing.inputs import ObjectInputs, collect
from xsearch.models import EmbeddedModel, IndexRecord
from xsearch.registry import Index

logger = logging.getLogger("xsearch.indexing")

Progress = Callable[["IndexingReport"], None]


@dataclass
class IndexingReport:
    """What one run of a worker did; counts of objects."""

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
) -> IndexingReport:
    """Index what waits, in batches, until nothing does or ``limit_s`` seconds have passed."""
    report = IndexingReport()
    started = time.monotonic()
    while records := outbox.claim(index, batch_size or settings.BATCH_SIZE):
        try:
            _index_batch(index, records, report)
        except BaseException:
            outbox.release(records)  # the worker is being stopped: others may go on at once
            raise
        if progress:
            progress(report)
        if limit_s is not None and time.monotonic() - started > limit_s:
            break
    settle(index)
    return report


def settle(index: Index) -> None:
    """Swap the spaces that are complete, and build the database indexes that are missing."""
    spaces.swap_finished(index)
    schema.create_vector_indexes(index)


def _index_batch(index: Index, records: Sequence[IndexRecord], report: IndexingReport) -> None:
    try:
        objects = _load(index, records)
        forgotten = writing.forget(index, [record for record in records if record.object_id not in objects])
        report.forgotten += forgotten
        records = [record for record in records if record.object_id in objects]
        jobs = [Job(r, objects[r.object_id], _collect(index, objects[r.object_id])) for r in records]
        live = encode(index, jobs)
        written = writing.write(index, jobs, live)
    except Exception as error:
        logger.exception("Indexing a batch of %s failed", index.label)
        _retry_singly(index, records, error, report)
        return
    failed = sum(1 for job in written if job.has_problems)
    report.failed += failed
    report.indexed += len(written) - failed


def _retry_singly(index: Index, records: Sequence[IndexRecord], error: Exception, report: IndexingReport) -> None:
    """Find the object that a batch failed for, so that the others do not wait for it."""
    if len(records) == 1:
        writing.fail(records, error)
        report.failed += 1
        return
    for record in records:
        _index_batch(index, [record], report)


def _load(index: Index, records: Sequence[IndexRecord]) -> dict[str, Any]:
    queryset = index.get_queryset().filter(pk__in=[record.object_id for record in records])
    if issubclass(index.model, EmbeddedModel):
        queryset = queryset.defer(*(field.name for field in EmbeddedModel._meta.local_fields))
    return {str(obj.pk): obj for obj in queryset.prefetch_related(*_prefetches(index))}


def _prefetches(index: Index) -> list[str]:
    from xsearch.paths import relations

    return list(dict.fromkeys(step.attribute for path in index.paths() for step in relations(index.model, path)))


def _collect(index: Index, obj: models.Model) -> ObjectInputs:
    try:
        return collect(index, obj)
    except Exception as error:  # a property or storage of the shop may raise anything
        logger.exception("Reading %s %s failed", index.label, obj.pk)
        return ObjectInputs({}, outages={"object": f"{error.__class__.__name__}: {error}"})
