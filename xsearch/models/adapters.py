"""Adapters that were trained on the shop's own catalogue."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Adapter(models.Model):
    """An adapter of one encoder with its weights: web servers and workers on any machine read it from here."""

    #: Alias in ``XSEARCH["ENCODERS"]``.
    encoder = models.CharField(_("encoder"), max_length=100)
    #: Fingerprint of the encoder that it was trained on.
    base_fingerprint = models.CharField(_("trained on"), max_length=128)
    #: SHA-256 of the content.
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    #: The safetensors file; a few hundred kilobytes to a few megabytes.
    content = models.BinaryField()
    #: What the file says about itself: recipe, seed, counts, figures.
    manifest = models.JSONField(default=dict)
    is_live = models.BooleanField(_("in use"), default=False)
    created_at = models.DateTimeField(_("installed"), default=timezone.now)

    class Meta:
        verbose_name = _("adapter")
        verbose_name_plural = _("adapters")
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["encoder"], condition=models.Q(is_live=True), name="xsearch_adapter_live"),
        ]

    def __str__(self) -> str:
        return f"{self.encoder} {self.digest[:12]}"
