"""Bulk marking: objects that no signal announced, and objects with vectors or words of another encoder or analysis."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Now

from xsearch.index.prepared_filters import PreparedFilter
from xsearch.index.registry import Index, registered
from xsearch.indexing.database import objects_of, rows_of_model
from xsearch.indexing.dispatch import send_task
from xsearch.indexing.maintenance import unhurried
from xsearch.indexing.outbox import claimable, index_records, mark, mark_records, update_in_order, without_record
from xsearch.indexing.rebuild import adopt_existing_vectors
from xsearch.indexing.spaces import target_fingerprints
from xsearch.models import IndexRecord
from xsearch.models.routing import primary_reads
from xsearch.text import ANALYSIS_VERSION


def sweep() -> dict[str, int]:
    """Send the tasks of missed work (unsent tasks, unannounced rows, dead workers); returns what waits, by label."""
    return {index.label: find_missed(index) for index in registered()}


@primary_reads()
def find_missed(index: Index) -> int:
    """Send the task of ``index`` if anything was missed; returns how many objects wait."""
    reconcile(index)
    waiting = claimable(index).count()
    if waiting:
        send_task(index.label)
    return waiting


@unhurried()
def reconcile(index: Index) -> None:
    """Record objects that have no record, and drop the records of objects that are gone."""
    mark(without_record(index), dispatch=False)
    present = rows_of_model(index.model).annotate(xsearch_key=Cast("pk", models.TextField()))
    there = present.filter(xsearch_key=models.OuterRef("object_id"))
    index_records(index).filter(~models.Exists(there)).delete()


@primary_reads()
def mark_stale(index: Index, *, forced: bool = False) -> int:
    """Mark objects without current vectors, or all (``forced``), and retry failed ones; returns how many wait."""
    reconcile(index)
    if forced:
        mark(objects_of(index), forced=True, dispatch=False)
    else:
        mark_outdated(index)
    delayed = Q(status=IndexRecord.Status.PENDING, not_before__gt=Now())
    update_in_order(
        index_records(index).filter(Q(status=IndexRecord.Status.FAILED) | delayed),
        status=IndexRecord.Status.PENDING,
        attempts=0,
        not_before=Now(),
    )
    return claimable(index).count()


def mark_outdated(index: Index) -> None:
    """Mark objects that need to be indexed again.

    These have vectors of another encoder than the configured one, words of another version of the text analysis, or
    lack a prepared value that was declared, or got another type, since.
    """
    adopt_existing_vectors(index)
    indexed = index_records(index).filter(status=IndexRecord.Status.INDEXED)
    current = Q(fingerprints__contains=target_fingerprints(index))
    if index.prepared:
        current &= Q(values__has_keys=list(index.prepared))
        for name in index.prepared:
            current &= ~PreparedFilter(index, name).of_another_type()
    if index.text:
        current &= Q(source_hashes__document__startswith=f"{ANALYSIS_VERSION}:")
    mark_records(indexed.exclude(current))
