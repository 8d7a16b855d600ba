"""Adapters kept in the database: which one is used, and the encoder that the settings and it make together."""

from __future__ import annotations

import logging
from typing import Any

from django.db import models, router, transaction

from xsearch.encoders import Encoder, EncoderError, encoder_from_spec
from xsearch.encoders.adapted import AdaptedEncoder, AdapterFile, model_of
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import registered
from xsearch.indexing import outbox
from xsearch.indexing.dispatch import dispatch_on_commit
from xsearch.models import Adapter, EncoderSpace, IndexRecord

logger = logging.getLogger("xsearch.indexing")

_BACKEND = f"{__name__}.InstalledEncoder"


class InstalledEncoder(AdaptedEncoder):
    """An ``AdaptedEncoder`` whose adapter is a row of the database, by its digest."""

    def __init__(self, encoder: dict[str, Any], digest: str) -> None:
        row = Adapter.objects.filter(digest=digest).first()
        if row is None:
            raise EncoderError(f"The adapter {digest[:12]} is not in the database any more. Install it again.")
        self._attach(encoder, AdapterFile.parse(bytes(row.content)))


def configured_encoder(alias: str) -> Encoder:
    """Return the encoder of the settings with the adapter in use behind it, if there is one."""
    return encoder_from_spec(configured_spec(alias))


def configured_spec(alias: str) -> dict[str, Any]:
    """Return the spec of ``configured_encoder``; an adapter of another encoder than the present one is left out."""
    spec = encoder_spec(alias)
    adapter = live_adapter(alias)
    if adapter is None or not _fits(spec, adapter):
        return spec
    return {"BACKEND": _BACKEND, "OPTIONS": {"encoder": spec, "digest": adapter.digest}}


def live_adapter(alias: str) -> Adapter | None:
    """Return the adapter in use for an encoder, without its content."""
    return Adapter.objects.filter(encoder=alias, is_live=True).defer("content").first()


def is_left_out(adapter: Adapter) -> bool:
    """Say whether an adapter in use has no effect, because the settings name another encoder by now."""
    try:
        return adapter.is_live and not _fits(encoder_spec(adapter.encoder), adapter)
    except EncoderError:  # no such encoder any more
        return True


def _fits(spec: dict[str, Any], adapter: Adapter) -> bool:
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


@transaction.atomic
def install(alias: str, content: bytes) -> Adapter:
    """Keep an adapter file and use it for an encoder; the index is rebuilt beside the live one."""
    file = AdapterFile.parse(content)
    adapter, _created = Adapter.objects.get_or_create(
        digest=file.digest,
        defaults={
            "encoder": alias,
            "base_fingerprint": file.manifest["base_fingerprint"],
            "content": content,
            "manifest": file.manifest,
        },
    )
    use(adapter)
    return adapter


@transaction.atomic
def use(adapter: Adapter) -> None:
    """Use ``adapter`` for its encoder from now on."""
    if not adapter.is_live:
        _retire(adapter.encoder)
        adapter.is_live = True
        adapter.save(update_fields=["is_live"])
        _rebuild()


@transaction.atomic
def stop_using(adapter: Adapter) -> None:
    """Use the encoder alone from now on."""
    if adapter.is_live:
        _retire(adapter.encoder)
        adapter.is_live = False
        _rebuild()


def is_needed(adapter: Adapter) -> bool:
    """Say whether an adapter is in use, or made vectors that customers are searching or may go back to."""
    end = f"+{adapter.digest[:12]}"
    searched = models.Q(fingerprint__endswith=end) | models.Q(beside__fingerprint__endswith=end)
    return adapter.is_live or EncoderSpace.objects.filter(searched).exists()


def _retire(alias: str) -> None:
    # Locked, so that of two installations at once the later one wins.
    rows = Adapter.objects.select_for_update().filter(encoder=alias).order_by("pk")
    live = [row.pk for row in rows.defer("content") if row.is_live]
    Adapter.objects.filter(pk__in=live).update(is_live=False)


def _rebuild() -> None:
    """Mark what has another encoder's vectors, and tell the workers on commit."""
    for index in registered():
        if outbox.mark_stale(index):
            dispatch_on_commit(index.label, router.db_for_write(IndexRecord))
