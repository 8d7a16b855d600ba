"""Encoder spaces of the embedding columns, and adapters that were trained on the shop's own catalogue."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xsearch.models.routing import PrimaryManager


class EncoderSpace(models.Model):
    """The space of the live vectors of an embedding column, and the space of the staged ones if there are any."""

    class StagedState(models.TextChoices):
        """State of the staged vectors."""

        NEXT = "next"  #: being made; they become live when they are complete
        FORMER = "former"  #: live before the last swap; kept for a rollback
        RETURNED = "returned"  #: rolled back; objects that changed while they were live are not marked yet
        HELD = "held"  #: rolled back; they become live again only on request

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    modality = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=128)
    dimension = models.PositiveIntegerField()
    #: {"BACKEND": …, "OPTIONS": …}: how to build the encoder that queries need while settings already name another.
    spec = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)
    #: The staged vectors: {"fingerprint": …, "dimension": …, "spec": …, "state": …, "since": when they became live}.
    beside = models.JSONField(null=True)

    objects = PrimaryManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "modality"], name="xsearch_space_live"),
        ]

    def __str__(self) -> str:
        kind = ContentType.objects.get_for_id(self.content_type_id)
        return f"{kind.model}.{self.modality}: {self.fingerprint}"

    @property
    def staged_fingerprint(self) -> str | None:
        """The fingerprint of the staged vectors; None without any."""
        return self.beside["fingerprint"] if self.beside else None

    @property
    def staged_state(self) -> str | None:
        """The ``StagedState`` of the staged vectors; None without any."""
        return self.beside["state"] if self.beside else None

    def exchange(self, state: str) -> None:
        """Swap the spaces; ``state`` becomes the state of the vectors that were live."""
        former = {name: getattr(self, name) for name in ("fingerprint", "dimension", "spec")}
        beside = dict(self.beside or {})
        self.fingerprint, self.dimension, self.spec = beside["fingerprint"], beside["dimension"], beside["spec"]
        self.beside = {**former, "state": state, "since": self.since.isoformat()}
        self.since = timezone.now()


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

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("adapter")
        verbose_name_plural = _("adapters")
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["encoder"], condition=models.Q(is_live=True), name="xsearch_adapter_live"),
        ]

    def __str__(self) -> str:
        return f"{self.encoder} {self.digest[:12]}"
