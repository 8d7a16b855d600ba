"""Encoder spaces: which encoder's vectors are live in each column, and which encoder's should be."""

from __future__ import annotations

import logging
from typing import Any

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, encoder_from_spec
from xsearch.encoders.adapted import model_of
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import Index
from xsearch.index.stores import MODALITIES
from xsearch.indexing import vector_indexes
from xsearch.indexing.columns import ColumnSet, column_set
from xsearch.models import Adapter, EncoderSpace

logger = logging.getLogger("xsearch.indexing")

#: Its dotted path is stored with the spaces whose vectors it made.
_INSTALLED_ENCODER = "xsearch.indexing.adapters.InstalledEncoder"


def bound_modalities(index: Index) -> list[str]:
    """Return the modalities of ``index`` that an encoder is configured for."""
    present = {store.modality for store in index.stores()}
    return [name for name in MODALITIES if name in present and settings.EMBEDDINGS.get(name)]


def configured_encoder(alias: str) -> Encoder:
    """Return the encoder of the settings with the adapter in use behind it, if there is one."""
    return encoder_from_spec(configured_spec(alias))


def configured_spec(alias: str) -> dict[str, Any]:
    """Return the spec of ``configured_encoder``; an adapter of another encoder than the present one is left out."""
    spec = encoder_spec(alias)
    adapter = live_adapter(alias)
    if adapter is None or not fits(spec, adapter):
        return spec
    return {"BACKEND": _INSTALLED_ENCODER, "OPTIONS": {"encoder": spec, "digest": adapter.digest}}


def live_adapter(alias: str) -> Adapter | None:
    """Return the adapter in use for an encoder, without its content."""
    return Adapter.objects.filter(encoder=alias, is_live=True).defer("content").first()


def fits(spec: dict[str, Any], adapter: Adapter) -> bool:
    """Return True if ``adapter`` was trained on the model of the encoder that ``spec`` describes."""
    try:
        fingerprint = encoder_from_spec(spec).fingerprint
    except EncoderError:  # away for now: whoever uses it is told so
        return True
    if model_of(fingerprint) == model_of(adapter.base_fingerprint):
        return True
    logger.warning(
        "The adapter %s was trained on %s, and the encoder is now %s: it is left out. Fine-tune again.",
        adapter, adapter.base_fingerprint, fingerprint,
    )  # fmt: skip
    return False


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
    return {modality: encoder.fingerprint for modality, encoder in target_encoders(index).items()}


def target_encoders(index: Index) -> dict[str, Encoder]:
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
    """Return the live space of each modality of ``index``, in the order in which they were opened."""
    spaces = EncoderSpace.objects.filter(content_type=index.content_type).order_by("pk")
    return {space.modality: space for space in spaces}


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
    content_type = index.content_type
    known = EncoderSpace.objects.filter(content_type=content_type, modality=modality).first()
    if known:
        return known
    columns = column_set(index, modality)
    # An index that shares its table with another one shares the space too.
    shared = columns.spaces.values("fingerprint", "dimension", "spec", "beside").first()
    facts = shared or space_facts(modality, encoder)
    space, created = EncoderSpace.objects.get_or_create(content_type=content_type, modality=modality, defaults=facts)
    if created:
        _drop_foreign_indexes(columns, space)
    return space


def space_facts(modality: str, encoder: Encoder) -> dict[str, Any]:
    """Return what is kept of the space of the configured ``encoder``."""
    return {
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "spec": configured_spec(settings.EMBEDDINGS[modality]),
    }


def _drop_foreign_indexes(columns: ColumnSet, space: EncoderSpace) -> None:
    """Drop what is left of a space that was removed by hand, for it would refuse the first vectors of this one."""
    with vector_indexes.alone_with_indexes() as is_alone:
        for store in columns.stores if is_alone else ():
            if not vector_indexes.has_index(store, store.column, space.dimension):
                vector_indexes.drop_vector_index(store, store.column)
