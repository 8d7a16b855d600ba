"""Encoder spaces: the encoder of the live vectors of each column, and that of the staged ones."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone


class EncoderSpace(models.Model):
    """The space of the live vectors of an embedding column, and the space of the staged ones if there are any."""

    class Beside(models.TextChoices):
        """State of the staged vectors."""

        NEXT = "next"  #: being made; they become live when they are complete
        FORMER = "former"  #: live before the last swap; kept for a rollback
        RETURNED = "returned"  #: rolled back; objects that changed while they were live are not marked yet
        HELD = "held"  #: rolled back; they become live again only on request

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    modality = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=128)
    dimension = models.PositiveIntegerField()
    #: {"BACKEND": …, "OPTIONS": …}: how to build the encoder that queries need while settings already name another.
    spec = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)
    #: The space of the staged vectors: {"fingerprint": …, "dimension": …, "spec": …, "state": a ``Beside``, "since":
    #: when it became live}.
    beside = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "modality"], name="xsearch_space_live"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type.model}.{self.modality}: {self.fingerprint}"

    @property
    def beside_fingerprint(self) -> str | None:
        """The fingerprint of the staged vectors; None without any."""
        return self.beside["fingerprint"] if self.beside else None

    @property
    def beside_state(self) -> str | None:
        """The state of the staged vectors, a ``Beside``; None without any."""
        return self.beside["state"] if self.beside else None

    def exchange(self, state: str) -> None:
        """Swap the spaces; ``state`` becomes the state of the vectors that were live."""
        former = {
            "fingerprint": self.fingerprint,
            "dimension": self.dimension,
            "spec": self.spec,
            "state": state,
            "since": self.since.isoformat(),
        }
        beside = dict(self.beside or {})
        self.fingerprint, self.dimension, self.spec = beside["fingerprint"], beside["dimension"], beside["spec"]
        self.beside, self.since = former, timezone.now()
