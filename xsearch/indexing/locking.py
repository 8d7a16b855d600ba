"""Row locks of the writers: they never wait for a transaction of the shop.

A transaction of the shop locks rows in whatever order it saves them. A writer that waited for one of them
while it holds others could bring that transaction into a deadlock, and so fail a save. Writers take only
what is free, and come back later for the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, models

from xsearch.index.registry import Index
from xsearch.index.stores import Store, main_store
from xsearch.indexing.batch import Spaces
from xsearch.models import EncoderSpace, IndexRecord


def lock_records(records: Iterable[IndexRecord]) -> tuple[dict[Any, IndexRecord], set[Any]]:
    """Lock those of the claimed ``records`` that are still ours; returns them as they are now, and the busy ones."""
    claims = {record.pk: record.claim for record in records}
    there = IndexRecord.objects.filter(pk__in=claims)
    needed = there.only("claim", "revision").order_by("object_id")
    free = {record.pk: record for record in needed.select_for_update(skip_locked=True)}
    busy = set(there.values_list("pk", flat=True)) - free.keys()
    return {pk: record for pk, record in free.items() if record.claim == claims[pk]}, busy


def lock_rows(index: Index, object_pks: Collection[Any]) -> tuple[set[Any], set[Any]]:
    """Lock the rows of objects in all tables that indexing writes; returns those that exist, and the busy."""
    present, busy = _lock_table(index.model, "pk", object_pks)
    for model, object_key in _written_tables(index):
        busy |= _lock_table(model, object_key, object_pks)[1]
    return present, busy


def _written_tables(index: Index) -> set[tuple[type[models.Model], str]]:
    stores: list[Store] = index.stores() + ([main_store(index)] if index.text else [])
    tables = {(store.owner, store.object_key) for store in stores}
    return tables - {(index.model, "pk")}


def _lock_table(model: type[models.Model], object_key: str, object_pks: Collection[Any]) -> tuple[set[Any], set[Any]]:
    rows = model._base_manager.filter(**{f"{object_key}__in": object_pks}).order_by("pk")
    locked = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
    free = set(locked.values_list("pk", flat=True))
    objects = dict(rows.values_list("pk", object_key))
    return set(objects.values()), {key for pk, key in objects.items() if pk not in free}


def hold_spaces(index: Index) -> dict[str, Spaces]:
    """Return whose vectors each modality has, live and beside, which stays so until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT modality, fingerprint, beside->>'fingerprint' FROM {EncoderSpace._meta.db_table}"  # noqa: S608
            " WHERE content_type_id = %s ORDER BY modality FOR SHARE",
            [index.content_type.pk],
        )
        return {modality: (live, beside) for modality, live, beside in cursor.fetchall()}
