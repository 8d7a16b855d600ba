"""Prepared values of a batch: each ``prepare_`` method is called once for all of its objects."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from xsearch.index.prepared import prepare
from xsearch.indexing.batch import IndexingContext, IndexingJob
from xsearch.indexing.database import atomic

logger = logging.getLogger("xsearch.indexing")


def prepare_values(context: IndexingContext, jobs: Sequence[IndexingJob]) -> None:
    """Compute the prepared values of ``jobs``; if that fails, object by object, so that only the one at fault fails."""
    for name in context.index.prepared if jobs else ():
        try:
            _prepare(context, name, jobs)
        except Exception:
            logger.exception("prepare_%s of %s failed", name, context.index.label)
            for job in jobs:
                _prepare_alone(context, name, job)


def _prepare(context: IndexingContext, name: str, jobs: Sequence[IndexingJob]) -> None:
    with atomic():  # an error of the database must not spoil the transaction around this
        found = prepare(context.index, name, [job.obj for job in jobs])
    for job in jobs:
        job.values[name] = found[job.obj.pk]


def _prepare_alone(context: IndexingContext, name: str, job: IndexingJob) -> None:
    try:
        _prepare(context, name, [job])
    except Exception as error:  # noqa: BLE001 - a method of the shop may raise anything
        job.failed[f"prepared:{name}"] = f"prepare_{name}: {error.__class__.__name__}: {error}"


def kept_values(job: IndexingJob) -> dict[str, Any]:
    """Return the values for the record: those that could not be computed stay as they are."""
    unknown = {key.removeprefix("prepared:") for key in job.failed if key.startswith("prepared:")}
    return {name: values for name, values in job.record.values.items() if name in unknown} | job.values
