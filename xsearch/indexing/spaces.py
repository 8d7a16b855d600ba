"""Encoder spaces: which encoder's vectors are live in each column, and the swap to another encoder's."""

from __future__ import annotations

import logging

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, encoder_from_spec, get_encoder
from xsearch.encoders.registry import encoder_spec
from xsearch.indexing import schema
from xsearch.indexing.outbox import content_type_of
from xsearch.models import EncoderSpace, IndexRecord, StagedVector
from xsearch.registry import Index
from xsearch.stores import MODALITIES, Store

logger = logging.getLogger("xsearch.indexing")


def bound_modalities(index: Index) -> list[str]:
    """Return the modalities of ``index`` that an encoder is configured for."""
    present = {store.modality for store in index.stores()}
    return [name for name in MODALITIES if name in present and settings.EMBEDDINGS.get(name)]


def target_encoder(modality: str) -> Encoder:
    """Return the encoder that the settings name for a column; raises ``EncoderError``."""
    alias = settings.EMBEDDINGS[modality]
    encoder = get_encoder(alias)
    if modality not in encoder.modalities:
        raise EncoderError(
            f"XSEARCH['EMBEDDINGS'][{modality!r}] is {alias!r}, which encodes only "
            f"{', '.join(sorted(encoder.modalities))}. Name an encoder that encodes {modality}."
        )
    return encoder


def target_fingerprints(index: Index) -> dict[str, str]:
    """Return the fingerprint that each column of ``index`` should have by the settings."""
    found = {}
    for modality in bound_modalities(index):
        try:
            found[modality] = target_encoder(modality).fingerprint
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
    except EncoderError:
        return None


def open_space(index: Index, modality: str, encoder: Encoder) -> EncoderSpace:
    """Return the live space of a column, made for ``encoder`` if there is none yet."""
    space, _created = EncoderSpace.objects.get_or_create(
        content_type=content_type_of(index),
        modality=modality,
        defaults={
            "fingerprint": encoder.fingerprint,
            "dimension": encoder.dimension,
            "spec": encoder_spec(settings.EMBEDDINGS[modality]),
        },
    )
    return space


def swap_finished(index: Index) -> list[str]:
    """Make each space live that the settings name and that is complete; returns the modalities swapped."""
    swapped = []
    for modality, space in live_spaces(index).items():
        fingerprint = target_fingerprints(index).get(modality, space.fingerprint)
        if fingerprint != space.fingerprint and _is_complete(index, modality, fingerprint):
            _swap(index, space, target_encoder(modality))
            swapped.append(modality)
    return swapped


def _is_complete(index: Index, modality: str, fingerprint: str) -> bool:
    records = IndexRecord.objects.filter(content_type=content_type_of(index))
    waiting = records.exclude(fingerprints__contains={modality: fingerprint})
    return not waiting.exclude(status=IndexRecord.Status.FAILED).exists()


@transaction.atomic
def _swap(index: Index, space: EncoderSpace, encoder: Encoder) -> None:
    space = EncoderSpace.objects.select_for_update().get(pk=space.pk)
    for store in index.stores():
        if store.modality == space.modality:
            schema.drop_vector_index(store)
            _move_staged(store, encoder.fingerprint)
    space.fingerprint, space.dimension = encoder.fingerprint, encoder.dimension
    space.spec = encoder_spec(settings.EMBEDDINGS[space.modality])
    space.save()
    logger.info("%s vectors of %s now come from %s.", space.modality, index.label, encoder.fingerprint)


def _move_staged(store: Store, fingerprint: str) -> None:
    table, column = store.model._meta.db_table, store.column
    key = store.model._meta.pk.column
    content_type = ContentType.objects.get_for_model(store.model)
    staged = StagedVector.objects.filter(content_type=content_type, modality=store.modality)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" AS live SET "{column}" = ('  # noqa: S608 - names come from model metadata
            f' SELECT vector FROM "{StagedVector._meta.db_table}" AS staged WHERE staged.content_type_id = %s'
            f" AND staged.modality = %s AND staged.fingerprint = %s"
            f' AND staged.row_id = live."{key}"::text)',
            [content_type.pk, store.modality, fingerprint],
        )
    staged.delete()
