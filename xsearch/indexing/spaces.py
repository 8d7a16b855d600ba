"""Encoder spaces: which encoder's vectors are live in each column, and the swap to another encoder's."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, encoder_from_spec
from xsearch.indexing import schema
from xsearch.indexing.adapters import configured_encoder, configured_spec
from xsearch.indexing.locking import lock_table
from xsearch.indexing.outbox import content_type_of
from xsearch.models import EncoderSpace, IndexRecord, StagedVector
from xsearch.registry import Index
from xsearch.stores import MODALITIES, Store

logger = logging.getLogger("xsearch.indexing")

#: Share of the objects that may have failed for good when the next encoder's vectors replace the live ones.
_TOLERATED_SHARE = 0.1
_PAUSES_S = (0.1, 0.3, 1.0)


def bound_modalities(index: Index) -> list[str]:
    """Return the modalities of ``index`` that an encoder is configured for."""
    present = {store.modality for store in index.stores()}
    return [name for name in MODALITIES if name in present and settings.EMBEDDINGS.get(name)]


def target_encoder(modality: str) -> Encoder:
    """Return the encoder that the settings name for a column, with its adapter; raises ``EncoderError``."""
    alias = settings.EMBEDDINGS[modality]
    encoder = configured_encoder(alias)
    if modality not in encoder.modalities:
        raise EncoderError(
            f"XSEARCH['EMBEDDINGS'][{modality!r}] is {alias!r}, which encodes only "
            f"{', '.join(sorted(encoder.modalities))}. Name an encoder that encodes {modality}."
        )
    return encoder


def target_fingerprints(index: Index) -> dict[str, str]:
    """Return the fingerprint that each column of ``index`` should have by the settings."""
    return {modality: encoder.fingerprint for modality, encoder in _target_encoders(index).items()}


def _target_encoders(index: Index) -> dict[str, Encoder]:
    """Return the encoders of ``target_encoder`` that can say what they are."""
    found = {}
    for modality in bound_modalities(index):
        try:
            encoder = target_encoder(modality)
            if encoder.fingerprint:  # a service may have to be asked for it
                found[modality] = encoder
        except EncoderError as error:
            logger.warning("%s vectors of %s: %s", modality, index.label, error)
    return found


def live_spaces(index: Index) -> dict[str, EncoderSpace]:
    """Return the live space of each modality of ``index``."""
    return {space.modality: space for space in EncoderSpace.objects.filter(content_type=content_type_of(index))}


def live_encoder(space: EncoderSpace) -> Encoder | None:
    """Return the encoder whose vectors are live; None when it cannot be had any more."""
    try:
        encoder = encoder_from_spec(space.spec)
        return encoder if encoder.fingerprint == space.fingerprint else None
    except EncoderError as error:
        logger.warning("The encoder of the live %s vectors cannot be had: %s", space.modality, error)
        return None


def open_space(index: Index, modality: str, encoder: Encoder) -> EncoderSpace:
    """Return the live space of a column, made for ``encoder`` if there is none yet."""
    space, created = EncoderSpace.objects.get_or_create(
        content_type=content_type_of(index),
        modality=modality,
        defaults={
            "fingerprint": encoder.fingerprint,
            "dimension": encoder.dimension,
            "spec": configured_spec(settings.EMBEDDINGS[modality]),
        },
    )
    if created:
        _drop_foreign_indexes(index, space)
    return space


def _drop_foreign_indexes(index: Index, space: EncoderSpace) -> None:
    """Drop what is left of a space that was removed by hand, for it would refuse the first vectors of this one."""
    with schema.alone_with_indexes() as is_alone:
        for store in index.stores_for(space.modality) if is_alone else ():
            if not schema.has_index(store, store.column, space.dimension):
                schema.drop_vector_index(store)


def swap_finished(index: Index) -> list[str]:
    """Make each space live that the settings name and that is complete; returns the modalities swapped."""
    swapped = []
    targets = _target_encoders(index)
    for modality, space in live_spaces(index).items():
        encoder = targets.get(modality)
        if (
            encoder is not None
            and encoder.fingerprint != space.fingerprint
            and _is_complete(index, modality, encoder.fingerprint)
            and _try_swap(index, space, encoder)
        ):
            swapped.append(modality)
    return swapped


def _is_complete(index: Index, modality: str, fingerprint: str) -> bool:
    """Say whether the next space has all vectors, but for a few that cannot be made."""
    records = IndexRecord.objects.filter(content_type=content_type_of(index))
    missing = records.exclude(fingerprints__contains={modality: fingerprint})
    if missing.exclude(status=IndexRecord.Status.FAILED).exists():
        return False
    if missing.count() > records.count() * _TOLERATED_SHARE:
        return False
    # An encoder that made nothing of anything is no reason to drop what there is.
    columns = index.stores_for(modality)
    has_live = any(store.model._base_manager.exclude(**{store.column: None}).exists() for store in columns)
    return not has_live or any(_staged(store, fingerprint).exclude(vector=None).exists() for store in columns)


def _staged(store: Store, fingerprint: str) -> QuerySet[StagedVector]:
    content_type = ContentType.objects.get_for_model(store.model)
    return StagedVector.objects.filter(content_type=content_type, modality=store.modality, fingerprint=fingerprint)


def _try_swap(index: Index, space: EncoderSpace, encoder: Encoder) -> bool:
    """Swap now unless somebody else does, or the shop keeps changing rows; then the next run tries again."""
    # Several paths may lead to one column.
    stores = list({store.key: store for store in index.stores_for(space.modality)}.values())
    with schema.alone_with_indexes() as is_alone:
        for store in stores if is_alone else ():
            schema.drop_vector_index(store)  # it allows one dimension only, and slows the swap down
        for pause_s in _PAUSES_S if is_alone else ():
            if _swap(stores, space, encoder):
                logger.info("%s vectors of %s now come from %s.", space.modality, index.label, encoder.fingerprint)
                return True
            time.sleep(pause_s)
    return False


@transaction.atomic
def _swap(stores: Sequence[Store], space: EncoderSpace, encoder: Encoder) -> bool:
    now = EncoderSpace.objects.select_for_update().get(pk=space.pk)
    if now.fingerprint != space.fingerprint or not all(lock_table(store) for store in stores):
        return False
    for store in stores:
        _move_staged(store, encoder.fingerprint)
    now.fingerprint, now.dimension, now.since = encoder.fingerprint, encoder.dimension, timezone.now()
    now.spec = configured_spec(settings.EMBEDDINGS[now.modality])
    now.save()
    return True


def _move_staged(store: Store, fingerprint: str) -> None:
    content_type = ContentType.objects.get_for_model(store.model)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{store.table}" AS live SET "{store.column}" = ('  # noqa: S608 - names come from model metadata
            f' SELECT vector FROM "{StagedVector._meta.db_table}" AS staged WHERE staged.content_type_id = %s'
            f" AND staged.modality = %s AND staged.fingerprint = %s"
            f' AND staged.row_id = live."{store.row_key}"::text)',
            [content_type.pk, store.modality, fingerprint],
        )
    StagedVector.objects.filter(content_type=content_type, modality=store.modality).delete()
