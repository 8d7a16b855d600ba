"""Which encoder's vectors are live, and which are kept in the columns beside."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone


class EncoderSpace(models.Model):
    """The one space in which the vectors of an embedding column live now, and the one that is kept beside it."""

    class Beside(models.TextChoices):
        """What the vectors in the columns beside are."""

        NEXT = "next"  #: being made, to become live when all are there
        FORMER = "former"  #: live until the last swap, kept to go back to
        RETURNED = "returned"  #: sent back; what changed while they were live is still to be marked
        HELD = "held"  #: sent back, and not to become live again by themselves

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    modality = models.CharField(max_length=8)
    fingerprint = models.CharField(max_length=128)
    dimension = models.PositiveIntegerField()
    #: {"BACKEND": …, "OPTIONS": …}: how to build the encoder that queries need while settings already name another.
    spec = models.JSONField(default=dict)
    since = models.DateTimeField(default=timezone.now)
    #: That of the columns beside: {"fingerprint": …, "dimension": …, "spec": …, "state": a ``Beside``, "since": when
    #: it became live}.
    beside = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["content_type", "modality"], name="xsearch_space_live"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type.model}.{self.modality}: {self.fingerprint}"

    @property
    def beside_fingerprint(self) -> str | None:
        """Whose vectors are in the columns beside."""
        return self.beside["fingerprint"] if self.beside else None

    @property
    def beside_state(self) -> str | None:
        """What they are, a ``Beside``."""
        return self.beside["state"] if self.beside else None

    def exchange(self, state: str) -> None:
        """Let the spaces change places; ``state`` is what the one that was live becomes."""
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
