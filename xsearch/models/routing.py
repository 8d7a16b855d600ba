"""Databases of xsearch's tables: whoever writes, or decides by what was written, reads no replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import models, router

ModelT = TypeVar("ModelT", bound=models.Model)

_chosen: ContextVar[str | None] = ContextVar("xsearch_database", default=None)
_reads_primary: ContextVar[bool] = ContextVar("xsearch_reads_primary", default=False)


def write_alias(model: type[models.Model], **hints: Any) -> str:
    """Return the alias of the database that rows of ``model`` are written to."""
    return _chosen.get() or router.db_for_write(model, **hints)


@contextmanager
def through_alias(alias: str | None) -> Iterator[None]:
    """Index through another alias of the same database, such as one with the rights of the tables' owner."""
    token = _chosen.set(alias)
    try:
        yield
    finally:
        _chosen.reset(token)


class PrimaryManager(models.Manager[ModelT]):
    """Reads from the database that is written to, where the router sends other reads to a replica."""

    def get_queryset(self) -> models.QuerySet[ModelT]:
        """Return all rows; ``using`` reads them from elsewhere."""
        return super().get_queryset().using(self._db or write_alias(self.model, **self._hints))  # type: ignore[attr-defined]


class PrimaryReadsRouter:
    """Answers before the shop's routers while ``primary_reads`` is active."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        """Return the alias that the shop's routers name for writing."""
        return router.db_for_write(model, **hints) if _reads_primary.get() else None


@contextmanager
def primary_reads() -> Iterator[None]:
    """Read everything where it is written: relations of the shop's objects, and whatever its hooks read, too.

    A worker that indexes a replica's past would take it for the present.
    """
    if router.routers and not isinstance(router.routers[0], PrimaryReadsRouter):
        router.routers.insert(0, PrimaryReadsRouter())
    token = _reads_primary.set(True)
    try:
        yield
    finally:
        _reads_primary.reset(token)
