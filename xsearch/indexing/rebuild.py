"""Changing the encoder without downtime: its vectors are made beside the live ones, swapped at once, and sent back."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.db.models import F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Cast, Now

from xsearch.encoders import Encoder, EncoderError
from xsearch.index.registry import Index
from xsearch.index.stores import Store
from xsearch.indexing import outbox, vector_indexes
from xsearch.indexing.columns import (
    ColumnSet,
    TableBusyError,
    column_set,
    drop_beside,
    exchange_names,
    make_beside,
    rows_lacking,
    rows_with,
    to_ourselves,
)
from xsearch.indexing.spaces import live_encoder, live_spaces, space_facts, target_encoders
from xsearch.models import EncoderSpace, IndexRecord

logger = logging.getLogger("xsearch.indexing")

Beside = EncoderSpace.Beside

#: Share of the live vectors that the next encoder may fail to make.
_TOLERATED_SHARE = 0.1
#: By how much the clocks of workers and of the database may differ.
_CLOCKS_DIFFER = timedelta(minutes=5)


class RebuildError(Exception):
    """A rebuild, or a way back, that cannot be; the message says why and what to do."""


def prepare_columns(index: Index, space: EncoderSpace, encoder: Encoder) -> EncoderSpace:
    """Make the columns beside that the configured encoder's vectors need, if they are not the live ones.

    Returns the space as it is then; raises ``TableBusyError``.
    """
    fingerprint = encoder.fingerprint
    is_new = fingerprint not in (space.fingerprint, space.beside_fingerprint)
    columns = column_set(index, space.modality)
    if not is_new and not (space.beside and columns.without_beside()):
        return space
    if is_new:
        _disown(columns, fingerprint)
    facts = {**space_facts(space.modality, encoder), "state": Beside.NEXT}
    with to_ourselves(columns) as spaces:
        begun = [now for now in spaces if fingerprint not in (now.fingerprint, now.beside_fingerprint)]
        for now in begun:
            now.beside = facts
            now.save(update_fields=["beside"])
        if spaces[0].beside:
            make_beside(columns.stores if begun else columns.without_beside(), str(spaces[0].beside_fingerprint))
    return next(now for now in spaces if now.pk == space.pk)


def begin(index: Index) -> None:
    """Make the columns beside that the configured encoders need; raises ``TableBusyError``."""
    targets = target_encoders(index)
    for modality, space in unfinished(index).items():
        prepare_columns(index, space, targets[modality])


def _disown(columns: ColumnSet, fingerprint: str) -> None:
    """Mark the objects that had a vector of ``fingerprint`` in columns that are gone."""
    claiming = _records(columns).filter(fingerprints__contains={columns.modality: fingerprint})
    outbox.update_in_order(
        claiming,
        fingerprints=_fingerprints_with(columns.modality, ""),
        status=IndexRecord.Status.PENDING,
        revision=F("revision") + 1,
        not_before=Now(),
    )


def _fingerprints_with(modality: str, fingerprint: str) -> Func:
    new = Value({modality: fingerprint}, JSONField())
    return Func(F("fingerprints"), new, template="(%(expressions)s)", arg_joiner=" || ", output_field=JSONField())


def _records(columns: ColumnSet) -> models.QuerySet[IndexRecord]:
    types = [index.content_type for index in columns.indexes]
    return IndexRecord.objects.filter(content_type__in=types)


def has_former(index: Index, modality: str) -> bool:
    """Say whether there are vectors that ``roll_back`` can go back to."""
    space = live_spaces(index).get(modality)
    return space is not None and space.beside_state == Beside.FORMER


def unfinished(index: Index) -> dict[str, EncoderSpace]:
    """Return the live spaces that are not those of the configured encoders, by modality."""
    targets, spaces = target_encoders(index), live_spaces(index)
    return {
        modality: space
        for modality, space in spaces.items()
        if modality in targets and targets[modality].fingerprint != space.fingerprint
    }


def swap_finished(index: Index) -> list[str]:
    """Make each space live that the settings name and that is complete; returns the modalities swapped."""
    swapped = []
    targets = target_encoders(index)
    for modality, space in live_spaces(index).items():
        if space.beside_state == Beside.RETURNED:
            _mark_changed_meanwhile(column_set(index, modality))
        encoder = targets.get(modality)
        is_next = encoder is not None and encoder.fingerprint == space.beside_fingerprint
        if is_next and space.beside_state in (Beside.NEXT, Beside.FORMER) and swap(index, space):
            logger.info("%s vectors of %s now come from %s.", modality, index.label, space.beside_fingerprint)
            swapped.append(modality)
    return swapped


def swap(index: Index, space: EncoderSpace) -> bool:
    """Let the vectors beside those of ``space`` become live, if they are complete; says whether they did."""
    columns = column_set(index, space.modality)
    # Asked again after the index, which takes its time.
    return (
        not obstacles(index, space)
        and _create_indexes_beside(columns, space)
        and not obstacles(index, space)
        and exchange(columns, space, Beside.FORMER) is not None
    )


def obstacles(index: Index, space: EncoderSpace) -> list[str]:
    """Return what the vectors beside lack to become live; nothing if they are complete but for a few failures."""
    columns = column_set(index, space.modality)
    # Those that never had a vector are in neither space.
    known = _records(columns).filter(fingerprints__has_key=space.modality)
    waiting = known.exclude(fingerprints__contains={space.modality: space.beside_fingerprint})
    left = waiting.exclude(status=IndexRecord.Status.FAILED).count()
    found = [f"{left} objects wait for their {space.modality} vectors"] if left else []
    for store in columns.stores:
        live, lost = rows_with(store, live=True).count(), rows_lacking(store, live=False).count()
        if lost > max(live * _TOLERATED_SHARE, 1) or 0 < live == lost:
            found.append(f"{lost} of {live} vectors of {store.table} could not be made")
    return found


def _create_indexes_beside(columns: ColumnSet, space: EncoderSpace) -> bool:
    """Create the vector indexes of the columns beside; says whether they are there."""
    dimension = (space.beside or {})["dimension"]
    wanted = [(store, store.beside, dimension) for store in columns.stores]
    is_built = bool(vector_indexes.missing_indexes(wanted))
    if not vector_indexes.create_vector_indexes(lambda: wanted):
        return False
    for store in columns.stores if is_built else ():
        with connection.cursor() as cursor:  # plans and walks rely on what is known of a column
            cursor.execute(f'ANALYZE "{store.table}" ("{store.beside}")')
    return True


def exchange(columns: ColumnSet, space: EncoderSpace, state: str) -> float | None:
    """Let the vectors beside change places with the live ones; None if somebody was quicker, or is in the way.

    Returns for how many milliseconds the tables were locked.
    """
    before = space.fingerprint, space.beside_fingerprint
    with vector_indexes.alone_with_indexes() as is_alone:
        if not is_alone:
            return None
        try:
            with to_ourselves(columns) as spaces:
                started = time.perf_counter()
                if any((now.fingerprint, now.beside_fingerprint) != before for now in spaces):
                    return None
                make_beside(columns.without_beside(), str(space.beside_fingerprint))
                for now in spaces:
                    now.exchange(state)
                    now.save()
                exchange_names(columns.stores, spaces[0])
        except TableBusyError as error:
            logger.warning("The swap of the %s vectors waits: %s", columns.modality, error)
            return None
    return (time.perf_counter() - started) * 1000


def roll_back(index: Index, modality: str) -> None:
    """Let the vectors that were live before the last swap be live again; raises ``RebuildError``, ``TableBusyError``.

    What changed since then is marked to be indexed.
    """
    space = live_spaces(index).get(modality)
    if space is None or space.beside_state != Beside.FORMER or not space.beside:
        raise RebuildError(f"There are no former {modality} vectors of {index.label} to go back to.")
    former = EncoderSpace(modality=modality, **{name: space.beside[name] for name in ("fingerprint", "spec")})
    if live_encoder(former) is None:
        raise RebuildError(
            f"The encoder of the former {modality} vectors of {index.label} ({former.fingerprint}) cannot be had any "
            f"more, so that no query could be compared with them. Put its weights back where they were: {former.spec}"
        )
    columns = column_set(index, modality)
    if not _create_indexes_beside(columns, space) or exchange(columns, space, Beside.RETURNED) is None:
        raise TableBusyError(f"The {modality} vectors of {index.label} cannot be swapped now; try again.")
    _mark_changed_meanwhile(columns)


def _mark_changed_meanwhile(columns: ColumnSet) -> None:
    """Mark the objects that were indexed while the vectors beside were live; the live ones know nothing of that."""
    for index in columns.indexes:
        space = live_spaces(index)[columns.modality]
        since = datetime.fromisoformat((space.beside or {})["since"]) - _CLOCKS_DIFFER
        touched = IndexRecord.objects.filter(content_type=index.content_type, indexed_at__gt=since)
        changed = touched.exclude(_intact(index, columns.modality, live=True)).values_list("object_id", flat=True)
        outbox.mark(index.model._base_manager.filter(pk__in=list(changed)), forced=True)
    _set_state(columns, Beside.RETURNED, Beside.HELD)


@transaction.atomic
def _set_state(columns: ColumnSet, before: str, after: str) -> None:
    for space in columns.spaces.select_for_update():
        if space.beside and space.beside_state == before:
            space.beside["state"] = after
            space.save(update_fields=["beside"])


def _intact(index: Index, modality: str, *, live: bool) -> Q:
    """Return which records are of objects whose vectors are all there, live or beside: what changes is emptied."""
    there, lacking = Q(pk__in=()), Q(pk__in=())
    for store in {store.key: store for store in index.stores_for(modality)}.values():
        there |= Q(object_id__in=_keys(store, rows_with(store, live=live)))
        lacking |= Q(object_id__in=_keys(store, rows_lacking(store, live=live)))
    return there & ~lacking


def _keys(store: Store, rows: models.QuerySet[models.Model]) -> models.QuerySet[models.Model]:
    keys: models.QuerySet[models.Model] = rows.values_list(Cast(store.object_key, TextField()))
    return keys


def reclaim(index: Index) -> None:
    """Note where the configured encoder's vectors are there already, for its settings were in force before."""
    targets = target_encoders(index)
    for modality, space in live_spaces(index).items():
        both = {space.fingerprint, space.beside_fingerprint}
        fingerprint = targets[modality].fingerprint if modality in targets else None
        if space.beside_state in (None, Beside.NEXT) or fingerprint not in both:
            continue
        [other] = both - {fingerprint}
        records = IndexRecord.objects.filter(
            _intact(index, modality, live=fingerprint == space.fingerprint),
            content_type=index.content_type,
            status=IndexRecord.Status.INDEXED,
            fingerprints__contains={modality: other},
        )
        outbox.update_in_order(records, fingerprints=_fingerprints_with(modality, str(fingerprint)))


def allow_again(index: Index) -> None:
    """Let vectors that were sent back become live again, as somebody wishes."""
    for modality in live_spaces(index):
        _set_state(column_set(index, modality), Beside.HELD, Beside.NEXT)


def forget_beside(index: Index, modality: str) -> bool:
    """Drop the vectors that are kept beside the live ones; says whether there were any. Raises ``RebuildError``.

    The configured encoder's are kept: they would only be made again.
    """
    space = live_spaces(index).get(modality)
    if space is None or not space.beside:
        return False
    try:
        encoder = target_encoders(index).get(modality)
    except EncoderError:
        encoder = None
    if encoder and encoder.fingerprint == space.beside_fingerprint:
        raise RebuildError(
            f"The settings name the encoder of the {modality} vectors that are kept beside the live ones of "
            f"{index.label} ({encoder.fingerprint}). Set XSEARCH back to the live ones' first ({space.fingerprint})."
        )
    columns = column_set(index, modality)
    with to_ourselves(columns) as spaces:
        drop_beside(columns.stores)
        for now in spaces:
            now.beside = None
            now.save(update_fields=["beside"])
    return True
