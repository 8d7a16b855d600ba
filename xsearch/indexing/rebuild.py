"""Change of encoder without downtime: its vectors are staged, swapped with the live ones at once, and rolled back.

A space has at most one set of staged vectors: the next ones, or the previous ones that were live before the last swap.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Cast

from xsearch.encoders import Encoder
from xsearch.index.registry import Index
from xsearch.indexing import outbox, vector_indexes
from xsearch.indexing.columns import (
    ColumnSet,
    column_set,
    create_staged_columns,
    drop_staged_columns,
    exclusive_access,
    rows_lacking,
    rows_with,
    swap_names,
)
from xsearch.indexing.database import atomic, execute, rows_of_model
from xsearch.indexing.leases import index_build_lease
from xsearch.indexing.maintenance import TableBusyError, require_owner
from xsearch.indexing.spaces import live_encoder, live_spaces, space_facts, target_encoder, target_encoders
from xsearch.models import EncoderSpace, IndexRecord

logger = logging.getLogger("xsearch.indexing")

_State = EncoderSpace.StagedState

#: Share of the live vectors that the next encoder may fail to make.
_TOLERATED_SHARE = 0.1
#: By how much the clocks of workers and of the database may differ.
_MAX_CLOCK_SKEW = timedelta(minutes=5)


class RebuildError(Exception):
    """A rebuild or rollback that is not possible; the message says why and what to do."""


# Staging


def ensure_columns(index: Index, space: EncoderSpace, encoder: Encoder) -> EncoderSpace:
    """Create the staged columns for the configured encoder's vectors, unless the live columns hold them.

    Returns the space as it is then; raises ``TableBusyError``, ``NotOwnerError``.
    """
    fingerprint = encoder.fingerprint
    is_new = fingerprint not in (space.fingerprint, space.staged_fingerprint)
    if not is_new and not space.beside:
        return space
    columns = column_set(index, space.modality)
    if not is_new and not columns.without_staged_column():
        return space
    require_owner(columns.tables)
    if is_new:
        _mark_lost_vectors(columns, fingerprint)
    facts = {**space_facts(space.modality, encoder), "state": _State.NEXT}
    with exclusive_access(columns) as spaces:
        started = [now for now in spaces if fingerprint not in (now.fingerprint, now.staged_fingerprint)]
        for now in started:
            now.beside = facts
            now.save(update_fields=["beside"])
        if spaces[0].beside:
            stores = columns.stores if started else columns.without_staged_column()
            create_staged_columns(stores, str(spaces[0].staged_fingerprint))
    return next(now for now in spaces if now.pk == space.pk)


def stage_columns(index: Index) -> None:
    """Create the staged columns that the configured encoders need; raises ``TableBusyError``, ``EncoderError``."""
    for modality, space in unfinished(index).items():
        ensure_columns(index, space, target_encoder(modality))


def _mark_lost_vectors(columns: ColumnSet, fingerprint: str) -> None:
    """Mark the objects whose vectors of ``fingerprint`` were in columns that were dropped."""
    lost = _records(columns).filter(fingerprints__contains={columns.modality: fingerprint})
    outbox.mark_records(lost, fingerprints=_fingerprints_with(columns.modality, ""))


def _fingerprints_with(modality: str, fingerprint: str) -> Func:
    new = Value({modality: fingerprint}, JSONField())
    return Func(F("fingerprints"), new, template="(%(expressions)s)", arg_joiner=" || ", output_field=JSONField())


def _records(columns: ColumnSet) -> models.QuerySet[IndexRecord]:
    return IndexRecord.objects.filter(content_type__in=[index.content_type for index in columns.indexes])


def adopt_existing_vectors(index: Index) -> None:
    """Record which objects have vectors of the configured encoder already, because it was configured before."""
    targets = target_encoders(index)
    for modality, space in live_spaces(index).items():
        both = {space.fingerprint, space.staged_fingerprint}
        fingerprint = targets[modality].fingerprint if modality in targets else None
        if space.staged_state in (None, _State.NEXT) or fingerprint not in both:
            continue
        [other] = both - {fingerprint}
        records = outbox.index_records(index).filter(
            _complete(index, modality, live=fingerprint == space.fingerprint),
            status=IndexRecord.Status.INDEXED,
            fingerprints__contains={modality: other},
        )
        outbox.update_in_order(records, fingerprints=_fingerprints_with(modality, str(fingerprint)))


def _complete(index: Index, modality: str, *, live: bool) -> Q:
    """Return the condition for records of objects that have all vectors, live or staged; outdated ones were cleared."""
    present, lacking = Q(pk__in=()), Q(pk__in=())
    for store in {store.key: store for store in index.stores_for(modality)}.values():
        key = Cast(store.object_key, TextField())
        present |= Q(object_id__in=rows_with(store, live=live).values_list(key))
        lacking |= Q(object_id__in=rows_lacking(store, live=live).values_list(key))
    return present & ~lacking


# Swapping


def unfinished(index: Index) -> dict[str, EncoderSpace]:
    """Return the live spaces that are not those of the configured encoders, by modality."""
    targets = target_encoders(index)
    return {
        modality: space
        for modality, space in live_spaces(index).items()
        if modality in targets and targets[modality].fingerprint != space.fingerprint
    }


def swap_finished(index: Index, spaces: Mapping[str, EncoderSpace] | None = None) -> list[str]:
    """Swap each of the live ``spaces`` whose staged vectors are configured and complete; returns their modalities."""
    swapped = []
    targets = target_encoders(index)
    for modality, space in (live_spaces(index) if spaces is None else spaces).items():
        if space.staged_state == _State.RETURNED:
            _mark_changed_since_swap(column_set(index, modality))
        encoder = targets.get(modality)
        is_next = encoder is not None and encoder.fingerprint == space.staged_fingerprint
        if is_next and space.staged_state in (_State.NEXT, _State.FORMER) and swap(index, space):
            logger.info("%s vectors of %s now come from %s.", modality, index.label, space.staged_fingerprint)
            swapped.append(modality)
    return swapped


def swap(index: Index, space: EncoderSpace) -> bool:
    """Swap the staged vectors of ``space`` with the live ones if they are complete; returns True if it did."""
    columns = column_set(index, space.modality)
    # Asked again after the index, which takes long to build.
    return (
        not obstacles(index, space)
        and _create_staged_indexes(columns, space)
        and not obstacles(index, space)
        and swap_columns(columns, space, _State.FORMER) is not None
    )


def obstacles(index: Index, space: EncoderSpace) -> list[str]:
    """Return the reasons that keep the staged vectors from becoming live; a few failures are no reason."""
    columns = column_set(index, space.modality)
    # Objects that never had a vector are in neither space.
    indexed = _records(columns).filter(fingerprints__has_key=space.modality)
    waiting = indexed.exclude(fingerprints__contains={space.modality: space.staged_fingerprint})
    left = waiting.exclude(status=IndexRecord.Status.FAILED).count()
    reasons = [f"{left} objects wait for their {space.modality} vectors"] if left else []
    for store in columns.stores:
        live, lost = rows_with(store, live=True).count(), rows_lacking(store, live=False).count()
        if lost > max(live * _TOLERATED_SHARE, 1) or 0 < live == lost:
            reasons.append(f"{lost} of {live} vectors of {store.table} could not be made")
    return reasons


def _create_staged_indexes(columns: ColumnSet, space: EncoderSpace) -> bool:
    """Create the vector indexes of the staged columns; returns True if all exist then."""
    dimension = (space.beside or {})["dimension"]
    staged = [(store, store.staged_column, dimension) for store in columns.stores]
    is_missing = bool(vector_indexes.missing_indexes(staged))
    if not vector_indexes.create_vector_indexes(lambda: staged):
        return False
    for store in columns.stores if is_missing else ():
        execute(f'ANALYZE "{store.table}" ("{store.staged_column}")')  # query plans need the statistics of the column
    return True


def swap_columns(columns: ColumnSet, space: EncoderSpace, state: str) -> float | None:
    """Swap staged and live columns; None if another process swapped them first, or holds the tables.

    Returns for how many milliseconds the tables were locked.
    """
    before = space.fingerprint, space.staged_fingerprint
    with index_build_lease(columns.tables) as is_ours:
        if not is_ours:
            return None
        try:
            with exclusive_access(columns) as spaces:
                started = time.perf_counter()
                if any((now.fingerprint, now.staged_fingerprint) != before for now in spaces):
                    return None
                create_staged_columns(columns.without_staged_column(), str(space.staged_fingerprint))
                for now in spaces:
                    now.exchange(state)
                    now.save()
                swap_names(columns.stores, spaces[0])
        except TableBusyError as error:
            logger.warning("The swap of the %s vectors waits: %s", columns.modality, error)
            return None
    return (time.perf_counter() - started) * 1000


# Rolling back


def roll_back(index: Index, modality: str) -> None:
    """Make the vectors live again that were live before the last swap; raises ``RebuildError``, ``TableBusyError``.

    Objects that changed since then are marked.
    """
    space = live_spaces(index).get(modality)
    if space is None or space.staged_state != _State.FORMER or not space.beside:
        raise RebuildError(f"There are no former {modality} vectors of {index.label} to go back to.")
    former = EncoderSpace(modality=modality, **{name: space.beside[name] for name in ("fingerprint", "spec")})
    if live_encoder(former) is None:
        raise RebuildError(
            f"The encoder of the former {modality} vectors of {index.label} ({former.fingerprint}) cannot be had any "
            f"more, so that no query could be compared with them. Put its weights back where they were: {former.spec}"
        )
    columns = column_set(index, modality)
    if not _create_staged_indexes(columns, space) or swap_columns(columns, space, _State.RETURNED) is None:
        raise TableBusyError(f"The {modality} vectors of {index.label} cannot be swapped now; try again.")
    _mark_changed_since_swap(columns)


def _mark_changed_since_swap(columns: ColumnSet) -> None:
    """Mark the objects that were indexed while the now staged vectors were live: the live vectors lack the changes."""
    for index in columns.indexes:
        space = live_spaces(index)[columns.modality]
        since = datetime.fromisoformat((space.beside or {})["since"]) - _MAX_CLOCK_SKEW
        touched = outbox.index_records(index).filter(indexed_at__gt=since)
        changed = touched.exclude(_complete(index, columns.modality, live=True)).values_list("object_id", flat=True)
        outbox.mark(rows_of_model(index.model).filter(pk__in=list(changed)), forced=True)
    _change_state(columns, _State.RETURNED, _State.HELD)


@atomic()
def _change_state(columns: ColumnSet, before: str, after: str) -> None:
    for space in columns.spaces.select_for_update():
        if space.beside and space.staged_state == before:
            space.beside["state"] = after
            space.save(update_fields=["beside"])


def allow_again(index: Index) -> None:
    """Allow vectors that were rolled back to become live again."""
    for modality in live_spaces(index):
        _change_state(column_set(index, modality), _State.HELD, _State.NEXT)


def drop_staged(index: Index, modality: str) -> bool:
    """Drop the staged vectors; returns True if there were any. Raises ``RebuildError`` for the configured encoder's."""
    space = live_spaces(index).get(modality)
    if space is None or not space.beside:
        return False
    encoder = target_encoders(index).get(modality)
    if encoder and encoder.fingerprint == space.staged_fingerprint:
        raise RebuildError(
            f"The settings name the encoder of the {modality} vectors that are kept beside the live ones of "
            f"{index.label} ({encoder.fingerprint}). Set XSEARCH back to the live ones' first ({space.fingerprint})."
        )
    columns = column_set(index, modality)
    with exclusive_access(columns) as spaces:
        drop_staged_columns(columns.stores)
        for now in spaces:
            now.beside = None
            now.save(update_fields=["beside"])
    return True
