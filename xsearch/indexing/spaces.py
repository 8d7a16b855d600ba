"""Encoder spaces: the encoder whose vectors are live in each column, and the encoder that the settings name for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderError, encoder_from_spec
from xsearch.encoders.adapted import model_of
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import Index, registered
from xsearch.index.stores import MODALITIES
from xsearch.indexing.columns import column_set
from xsearch.indexing.leases import index_build_lease
from xsearch.indexing.maintenance import is_owner
from xsearch.indexing.vector_indexes import drop_vector_index, has_index
from xsearch.models import Adapter, EncoderSpace

logger = logging.getLogger("xsearch.indexing")

#: The spaces store this path of the class that builds an encoder with its adapter.
_INSTALLED_ENCODER = "xsearch.indexing.adapters.InstalledEncoder"

#: Adapters in use, by the alias of their encoder.
LiveAdapters = Mapping[str, Adapter]


def bound_modalities(index: Index) -> list[str]:
    """Return the modalities of ``index`` that an encoder is configured for."""
    present = {store.modality for store in index.stores()}
    return [name for name in MODALITIES if name in present and settings.EMBEDDINGS.get(name)]


def used_encoders() -> list[str]:
    """Return the aliases of the encoders that fill a column of some registered index."""
    aliases: list[str] = []
    for index in registered():
        with suppress(ImproperlyConfigured):  # the system checks report it
            aliases += [str(settings.EMBEDDINGS[modality]) for modality in bound_modalities(index)]
    return list(dict.fromkeys(aliases))


def live_adapters() -> dict[str, Adapter]:
    """Return the adapters in use by the alias of their encoder, without their content."""
    return {adapter.encoder: adapter for adapter in Adapter.objects.filter(is_live=True).defer("content")}


def configured_spec(alias: str, adapters: LiveAdapters | None = None) -> dict[str, Any]:
    """Return the spec of ``configured_encoder``; an adapter that was trained on another model is left out."""
    spec = encoder_spec(alias)
    adapter = (live_adapters() if adapters is None else adapters).get(alias)
    if adapter is None or not adapter_fits(spec, adapter):
        return spec
    return {"BACKEND": _INSTALLED_ENCODER, "OPTIONS": {"encoder": spec, "digest": adapter.digest}}


def configured_encoder(alias: str, adapters: LiveAdapters | None = None) -> Encoder:
    """Return the encoder that the settings name, with its adapter in use; ``adapters`` saves the look-up."""
    return encoder_from_spec(configured_spec(alias, adapters))


def adapter_fits(spec: dict[str, Any], adapter: Adapter) -> bool:
    """Return True if ``adapter`` was trained on the model of the encoder that ``spec`` describes."""
    try:
        fingerprint = encoder_from_spec(spec).fingerprint
    except EncoderError:  # unavailable for now: the use of the encoder raises it again
        return True
    if model_of(fingerprint) == model_of(adapter.base_fingerprint):
        return True
    logger.warning(
        "The adapter %s was trained on %s, and the encoder is now %s: it is left out. Fine-tune again.",
        adapter, adapter.base_fingerprint, fingerprint,
    )  # fmt: skip
    return False


def target_encoder(modality: str, adapters: LiveAdapters | None = None) -> Encoder:
    """Return the encoder that the settings name for a column, with its adapter; raises ``EncoderError``."""
    alias = settings.EMBEDDINGS[modality]
    encoder = configured_encoder(alias, adapters)
    if modality not in encoder.modalities:
        raise EncoderError(
            f"XSEARCH['EMBEDDINGS'][{modality!r}] is {alias!r}, which encodes only "
            f"{', '.join(sorted(encoder.modalities))}. Name an encoder that encodes {modality}."
        )
    return encoder


def target_encoders(index: Index) -> dict[str, Encoder]:
    """Return the configured encoder of each modality of ``index``, without those that are unavailable."""
    found, adapters = {}, live_adapters()
    for modality in bound_modalities(index):
        try:
            encoder = target_encoder(modality, adapters)
            if encoder.fingerprint:  # may ask a service for it
                found[modality] = encoder
        except EncoderError as error:
            logger.warning("%s vectors of %s: %s", modality, index.label, error)
    return found


def target_fingerprints(index: Index) -> dict[str, str]:
    """Return the fingerprint that each column of ``index`` should have by the settings."""
    return {modality: encoder.fingerprint for modality, encoder in target_encoders(index).items()}


def live_spaces(index: Index, using: str | None = None) -> dict[str, EncoderSpace]:
    """Return the live space of each modality of ``index``, in the order in which they were opened."""
    spaces = EncoderSpace.objects.using(using).filter(content_type=index.content_type).order_by("pk")
    return {space.modality: space for space in spaces}


def live_encoder(space: EncoderSpace) -> Encoder | None:
    """Return the encoder whose vectors are live; None if it is no longer available."""
    try:
        encoder = encoder_from_spec(space.spec)
        return encoder if encoder.fingerprint == space.fingerprint else None
    except EncoderError as error:
        logger.warning("The encoder of the live %s vectors cannot be had: %s", space.modality, error)
        return None


def open_space(index: Index, modality: str, encoder: Encoder) -> EncoderSpace:
    """Return the live space of a column; it is created for ``encoder`` if there is none."""
    content_type = index.content_type
    present = EncoderSpace.objects.filter(content_type=content_type, modality=modality).first()
    if present:
        return present
    columns = column_set(index, modality)
    # An index that shares its table with another one shares the space too.
    shared = columns.spaces.values("fingerprint", "dimension", "spec", "beside").first()
    facts = shared or space_facts(modality, encoder)
    space, is_new = EncoderSpace.objects.get_or_create(
        content_type_id=content_type.pk, modality=modality, defaults=facts
    )
    if is_new:
        # Indexes of a space that was deleted by hand would refuse the first vectors of this one.
        with index_build_lease(columns.tables) as is_ours:
            for store in columns.stores if is_ours else ():
                if is_owner(store.table) and not has_index(store, store.column, space.dimension):
                    drop_vector_index(store, store.column)
    return space


def space_facts(modality: str, encoder: Encoder) -> dict[str, Any]:
    """Return what is stored of the space of the configured ``encoder``."""
    return {
        "fingerprint": encoder.fingerprint,
        "dimension": encoder.dimension,
        "spec": configured_spec(settings.EMBEDDINGS[modality]),
    }
