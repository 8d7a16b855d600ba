"""Adapters in the database: the encoder that uses one, and installing, switching and retiring them."""

from __future__ import annotations

from typing import Any

from django.db import models

from xsearch.encoders import EncoderError
from xsearch.encoders.adapted import AdaptedEncoder, AdapterFile
from xsearch.encoders.registry import encoder_spec
from xsearch.index.registry import registered
from xsearch.indexing.database import atomic
from xsearch.indexing.dispatch import dispatch_on_commit
from xsearch.indexing.marking import mark_stale
from xsearch.indexing.spaces import adapter_fits
from xsearch.models import Adapter, EncoderSpace


class InstalledEncoder(AdaptedEncoder):
    """An ``AdaptedEncoder`` whose adapter is a row of the database, by its digest."""

    def __init__(self, encoder: dict[str, Any], digest: str) -> None:
        row = Adapter.objects.filter(digest=digest).first()
        if row is None:
            raise EncoderError(f"The adapter {digest[:12]} is not in the database any more. Install it again.")
        self._attach(encoder, AdapterFile.parse(bytes(row.content)))


def is_left_out(adapter: Adapter) -> bool:
    """Return True if an adapter in use has no effect, because the settings name another encoder now."""
    try:
        return adapter.is_live and not adapter_fits(encoder_spec(adapter.encoder), adapter)
    except EncoderError:  # no such encoder any more
        return True


@atomic()
def install(alias: str, content: bytes) -> Adapter:
    """Store an adapter file and use it for an encoder; new vectors are staged until they are complete."""
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


def use(adapter: Adapter) -> None:
    """Use ``adapter`` for its encoder from now on."""
    if not adapter.is_live:
        _switch(adapter, is_live=True)


def stop_using(adapter: Adapter) -> None:
    """Use the encoder alone from now on."""
    if adapter.is_live:
        _switch(adapter, is_live=False)


@atomic()
def _switch(adapter: Adapter, *, is_live: bool) -> None:
    """Make ``adapter`` the only one in use of its encoder, or none; mark the objects with other vectors."""
    # Locked, so that the later of two concurrent installations wins.
    rows = Adapter.objects.select_for_update().filter(encoder=adapter.encoder).order_by("pk")
    pks = list(rows.values_list("pk", flat=True))
    Adapter.objects.filter(pk__in=pks, is_live=True).update(is_live=False)
    adapter.is_live = is_live
    adapter.save(update_fields=["is_live"])
    for index in registered():
        if mark_stale(index):
            dispatch_on_commit(index.label)


def is_needed(adapter: Adapter) -> bool:
    """Return True if an adapter is in use, or made vectors that are live or staged."""
    end = f"+{adapter.digest[:12]}"
    made_by_it = models.Q(fingerprint__endswith=end) | models.Q(beside__fingerprint__endswith=end)
    return adapter.is_live or EncoderSpace.objects.filter(made_by_it).exists()
